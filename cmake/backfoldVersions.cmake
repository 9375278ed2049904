# backfold_add_versions(<target> SOURCES <file>... ENTRIES <function>...)
#
# Adds files to a target so that a distributed program runs as fast as one that is built for the
# machine it runs on: on x86-64 Linux they are compiled for SSE2 (every processor), for AVX2 with FMA
# and for AVX-512, and the loader takes the best version when the program starts. ENTRIES are the
# functions by which the rest of the program calls the files. They have C linkage, and are the only
# names that leave a version: all else, Eigen's and the standard library's templates too, is local
# to it, because the linker would otherwise keep one copy of each for all processors.
#
# Elsewhere the files are ordinary sources of the target.
function(backfold_add_versions target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;ENTRIES")
  if(NOT ARG_SOURCES OR NOT ARG_ENTRIES OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "backfold_add_versions(<target> SOURCES <file>... ENTRIES <function>...)")
  endif()
  # GNU binutils, whatever links the program.
  find_program(BACKFOLD_GNU_LD NAMES ld.bfd)
  find_program(BACKFOLD_GNU_OBJCOPY NAMES ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu-objcopy objcopy)
  mark_as_advanced(BACKFOLD_GNU_LD BACKFOLD_GNU_OBJCOPY)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64"
     OR NOT CMAKE_SIZEOF_VOID_P EQUAL 8 OR NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang"
     OR NOT BACKFOLD_GNU_LD OR NOT BACKFOLD_GNU_OBJCOPY)
    target_sources(${target} PRIVATE ${ARG_SOURCES})
    target_link_libraries(${target} PRIVATE backfold::backfold)
    return()
  endif()

  set(flags_sse2 -march=x86-64)
  set(flags_avx2 -march=x86-64 -mavx2 -mfma)
  set(flags_avx512 -march=x86-64 -mavx2 -mfma -mavx512f -mavx512vl -mavx512dq -mavx512bw)
  foreach(version sse2 avx2 avx512)
    set(objects ${target}_${version})
    add_library(${objects} OBJECT ${ARG_SOURCES})
    set_target_properties(${objects} PROPERTIES POSITION_INDEPENDENT_CODE ON
                                                INTERPROCEDURAL_OPTIMIZATION OFF)
    target_compile_options(${objects} PRIVATE ${flags_${version}})
    target_include_directories(${objects} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_compile_definitions(${objects} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
    target_link_libraries(${objects} PRIVATE backfold::backfold)

    set(names)
    foreach(entry ${ARG_ENTRIES})
      list(APPEND names --redefine-sym ${entry}=${entry}_${version} --keep-global-symbol
           ${entry}_${version})
    endforeach()
    set(part ${CMAKE_CURRENT_BINARY_DIR}/${objects}.o)
    # Groups of sections are dissolved, since the linker keeps one of each name for all versions.
    add_custom_command(
      OUTPUT ${part}
      COMMAND ${BACKFOLD_GNU_LD} -r --force-group-allocation -o ${part} $<TARGET_OBJECTS:${objects}>
      COMMAND ${BACKFOLD_GNU_OBJCOPY} ${names} ${part}
      DEPENDS ${objects} $<TARGET_OBJECTS:${objects}>
      COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties(${part} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    target_sources(${target} PRIVATE ${part})
  endforeach()

  set(dispatch ${CMAKE_CURRENT_BINARY_DIR}/${target}_versions.cpp)
  set(code "// Made by backfold_add_versions: the loader calls each resolver once, at start-up.\n")
  string(APPEND code "extern \"C\" {\n")
  foreach(entry ${ARG_ENTRIES})
    string(APPEND code "void ${entry}_sse2(void);\nvoid ${entry}_avx2(void);\n"
           "void ${entry}_avx512(void);\n" "__attribute__((visibility(\"hidden\")))\n"
           "void (*resolve_${entry}(void))(void) {\n"
           "  __builtin_cpu_init();\n"
           "  if (!__builtin_cpu_supports(\"avx2\") || !__builtin_cpu_supports(\"fma\")) {\n"
           "    return ${entry}_sse2;\n  }\n"
           "  return __builtin_cpu_supports(\"avx512f\") && __builtin_cpu_supports(\"avx512vl\") &&\n"
           "                 __builtin_cpu_supports(\"avx512dq\") && __builtin_cpu_supports(\"avx512bw\")\n"
           "             ? ${entry}_avx512\n             : ${entry}_avx2;\n}\n"
           "void ${entry}(void) __attribute__((ifunc(\"resolve_${entry}\")));\n")
  endforeach()
  string(APPEND code "}\n")
  file(GENERATE OUTPUT ${dispatch} CONTENT "${code}")
  target_sources(${target} PRIVATE ${dispatch})
endfunction()
