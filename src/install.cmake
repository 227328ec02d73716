# libkubeglean: all modules but the command line, in one library that others can
# link. Static, or shared with BUILD_SHARED_LIBS.
include(CMakePackageConfigHelpers)

add_library(kubeglean_lib)
foreach(module ${modules})
  if(NOT module STREQUAL kg_cli)
    target_sources(kubeglean_lib PRIVATE $<TARGET_OBJECTS:${module}>)
  endif()
endforeach()
if(LLHTTP_FOUND)
  set(llhttp PkgConfig::LLHTTP)
else()
  target_sources(kubeglean_lib PRIVATE $<TARGET_OBJECTS:kg_llhttp>)
endif()
set_target_properties(kubeglean_lib PROPERTIES
  OUTPUT_NAME kubeglean EXPORT_NAME kubeglean LINKER_LANGUAGE C
  VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/kubeglean.map)
target_include_directories(kubeglean_lib
  INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(kubeglean_lib PUBLIC PkgConfig::UV
  PRIVATE PkgConfig::CURL PkgConfig::PQ PkgConfig::YAJL PkgConfig::YAML
  PkgConfig::ZLIB BZip2::BZip2
  ${llhttp} m)
if(BUILD_SHARED_LIBS)
  target_link_options(kubeglean_lib PRIVATE -Wl,-z,defs
    -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/kubeglean.map)
endif()

install(TARGETS kubeglean_lib EXPORT kubeglean ARCHIVE LIBRARY)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/kubeglean TYPE INCLUDE)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/kubeglean)
install(EXPORT kubeglean NAMESPACE kubeglean:: DESTINATION ${package_dir}
  FILE kubeglean-targets.cmake)
configure_package_config_file(kubeglean-config.cmake.in kubeglean-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(kubeglean-config-version.cmake
  COMPATIBILITY SameMinorVersion) # before 1.0 a minor version may change all
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kubeglean-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/kubeglean-config-version.cmake
  DESTINATION ${package_dir})

# Whoever links a static library links what it needs, too.
set(pc_private "libcurl, libpq, yajl, yaml-0.1, zlib")
if(LLHTTP_FOUND)
  string(APPEND pc_private ", libllhttp")
endif()
set(pc_public "libuv >= 1.44")
if(NOT BUILD_SHARED_LIBS)
  string(APPEND pc_public ", ${pc_private}")
  set(pc_libs " -lbz2 -lm")
endif()
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(kubeglean.pc.in kubeglean.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kubeglean.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
