# The target `docs`: the reference as HTML, from the comments of the headers.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  configure_file(docs/Doxyfile.in Doxyfile @ONLY)
  add_custom_target(
    docs
    COMMAND ${DOXYGEN_EXECUTABLE} ${CMAKE_CURRENT_BINARY_DIR}/Doxyfile
    COMMENT "Reference in ${CMAKE_CURRENT_BINARY_DIR}/docs/html"
    VERBATIM)
endif()
