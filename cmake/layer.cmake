# An include against the order of the layers does not build: this runs before anything is compiled, and says file and line.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
add_custom_target(tocsin_layers COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/tests/layers.py ${PROJECT_SOURCE_DIR}
                  VERBATIM)

# tocsin_layer(NAME [layers it may include…]): one static library of all sources below this folder. A macro, so that a
# folder without sources ends its CMakeLists.txt here and is left out.
macro(tocsin_layer name)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
    if(NOT "${sources}" MATCHES "[.]cpp")
        message(STATUS "${name}/ has no sources yet")
        return()
    endif()
    add_library(tocsin_${name} STATIC ${sources})
    add_dependencies(tocsin_${name} tocsin_layers)
    tocsin_files_at_once(tocsin_${name})
    target_include_directories(tocsin_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(tocsin_${name} PRIVATE tocsin_compiler)
    foreach(layer ${ARGN})
        if(TARGET tocsin_${layer})
            target_link_libraries(tocsin_${name} PUBLIC tocsin_${layer})
        endif()
    endforeach()
endmacro()
