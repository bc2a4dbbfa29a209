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
    # With them on, g++ takes an empty std::optional for one that was forgotten.
    target_compile_options(tocsin_compiler INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
else()
    target_compile_options(tocsin_compiler INTERFACE -fstack-protector-strong)
endif()

# ccache makes a second build of the same sources cheap, in any build folder.
find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Headers are more than half of the work, so a whole build compiles a few files in one go. Files that lie beside each other then share
# their anonymous namespaces: a name that is taken is an error at once. The preset `clang` compiles each file for itself, which shows
# a missing include.
function(tocsin_files_at_once target)
    if(TOCSIN_FILES_AT_ONCE GREATER 1)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${TOCSIN_FILES_AT_ONCE})
        # It would be about headers, and takes the files that are compiled together for some.
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    endif()
endfunction()
