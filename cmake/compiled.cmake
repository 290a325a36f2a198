# The target sigfd::compiled: the same library, compiled once and not by each
# file that includes a header. Static or shared, as BUILD_SHARED_LIBS says.

add_library(sigfd_compiled ${CMAKE_CURRENT_LIST_DIR}/compiled.cpp)
add_library(sigfd::compiled ALIAS sigfd_compiled)
target_link_libraries(sigfd_compiled PUBLIC sigfd)
target_compile_definitions(sigfd_compiled PUBLIC SIGFD_SEPARATE_COMPILATION)
set_target_properties(sigfd_compiled PROPERTIES
  EXPORT_NAME compiled
  OUTPUT_NAME sigfd
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  VERSION ${PROJECT_VERSION}
  POSITION_INDEPENDENT_CODE ON)
if(BUILD_SHARED_LIBS)
  # Everything is exported, whatever a project above has as its default.
  set_target_properties(sigfd_compiled PROPERTIES
    CXX_VISIBILITY_PRESET default
    VISIBILITY_INLINES_HIDDEN OFF)
endif()
