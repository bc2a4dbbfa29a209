# What every target of ours is compiled with; third-party headers are SYSTEM and stay quiet.

add_library(tocsin_compiler INTERFACE)
target_compile_options(tocsin_compiler INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(TOCSIN_WERROR)
    target_compile_options(tocsin_compiler INTERFACE -Werror)
endif()
if(TOCSIN_SANITIZE)
    # Without -fno-sanitize-recover undefined behaviour would be a line in the log of a test that passes.
    target_compile_options(tocsin_compiler INTERFACE -fsanitize=${TOCSIN_SANITIZE} -fno-omit-frame-pointer
                                                     -fno-sanitize-recover=all)
    target_link_options(tocsin_compiler INTERFACE -fsanitize=${TOCSIN_SANITIZE})
else()
    target_compile_options(tocsin_compiler INTERFACE -fstack-protector-strong)
endif()

# ccache makes a second build of the same sources cheap, in any build folder.
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
