# Flags of the project's own programs. Nothing of this reaches a user of the library.
add_library(backfold_development INTERFACE)
target_link_libraries(backfold_development INTERFACE backfold::backfold)
if(BACKFOLD_NATIVE)
  target_link_libraries(backfold_development INTERFACE backfold::native)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  target_compile_options(backfold_development INTERFACE -Wall -Wextra -Wpedantic -Wconversion
                                                        -Wshadow)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # What g++'s -Wconversion leaves out in C++.
    target_compile_options(backfold_development INTERFACE -Wno-sign-conversion)
  endif()
  if(BACKFOLD_WERROR)
    target_compile_options(backfold_development INTERFACE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC bug 105593: its own AVX-512 headers warn.
    target_compile_options(backfold_development INTERFACE -Wno-uninitialized
                                                          -Wno-maybe-uninitialized)
    # GCC bugs 105329 and 105651: sums of strings warn where they are inlined, which the processor
    # and the length of the folder's name decide. The test `warnings` has them for the headers.
    target_compile_options(backfold_development INTERFACE -Wno-restrict -Wno-array-bounds
                                                          -Wno-stringop-overflow)
  endif()
  if(BACKFOLD_SANITIZE)
    target_compile_options(backfold_development INTERFACE -fsanitize=address,undefined
                                                          -fno-sanitize-recover=all -g1)
    target_link_options(backfold_development INTERFACE -fsanitize=address,undefined)
  endif()
elseif(MSVC)
  target_compile_options(backfold_development INTERFACE /W4)
endif()
