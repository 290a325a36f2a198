# The pretty printers for gdb.

install(FILES ${CMAKE_CURRENT_LIST_DIR}/sigfd_printers.py
  DESTINATION ${CMAKE_INSTALL_DATADIR}/sigfd/gdb
  COMPONENT dev)
