# The tools: the examples inspect and init under the names that they are
# installed by, each with its completion for bash. They need the headers of the
# library and of Boost, and nothing else.

include(GNUInstallDirs)

# sigfd_tool(NAME): sigfd-NAME, from the folder example/complete/NAME.
function(sigfd_tool name)
  set(folder ${PROJECT_SOURCE_DIR}/example/complete/${name})
  set(target sigfd-${name})
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/example)
  target_link_libraries(${target} PRIVATE sigfd::sigfd)
  if(SIGFD_INSTALL)
    install(TARGETS ${target}
      RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
    if(EXISTS ${folder}/completion.bash)
      install(FILES ${folder}/completion.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME ${target}
        COMPONENT tools)
    endif()
  endif()
endfunction()

sigfd_tool(init)
sigfd_tool(inspect)
