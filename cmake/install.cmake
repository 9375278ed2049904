# The installed package: headers, a CMake config that finds Eigen, and a pkg-config file.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/backfold)

install(DIRECTORY include/backfold DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS backfold backfold_native EXPORT backfold)
install(EXPORT backfold NAMESPACE backfold:: FILE backfoldTargets.cmake DESTINATION ${package_dir})

configure_package_config_file(cmake/backfoldConfig.cmake.in backfoldConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(backfoldConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/backfoldConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/backfoldConfigVersion.cmake cmake/backfoldVersions.cmake
        DESTINATION ${package_dir})

configure_file(cmake/backfold.pc.in backfold.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/backfold.pc
        DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
