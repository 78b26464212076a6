# What `cmake --install build/release` puts where: the program, its man pages and completions (made by the program itself
# from the tables of its help), the systemd unit, documents.
include(GNUInstallDirs)
set(WEFT_UNIT_DIR "lib/systemd/system" CACHE STRING "where systemd units go, below the prefix")

install(TARGETS weft RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
configure_file(${CMAKE_SOURCE_DIR}/packaging/systemd/weft@.service.in ${CMAKE_BINARY_DIR}/generated/weft@.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/weft@.service DESTINATION ${WEFT_UNIT_DIR})
install(FILES ${CMAKE_SOURCE_DIR}/packaging/systemd/weft.conf DESTINATION lib/sysusers.d)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/docs/operation.md
              ${CMAKE_SOURCE_DIR}/docs/pipeline.schema.json DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(CODE "
  set(weft \"$<TARGET_FILE:weft>\")
  set(pages \"${CMAKE_BINARY_DIR}/generated/manual\")
")
install(CODE [[
  file(MAKE_DIRECTORY ${pages})
  function(weft_made name)
    execute_process(COMMAND ${weft} ${ARGN} OUTPUT_FILE ${pages}/${name} COMMAND_ERROR_IS_FATAL ANY)
  endfunction()
  weft_made(weft.1 help --man)
  file(STRINGS ${pages}/weft.1 rows REGEX "^\\.BR weft")
  foreach(row IN LISTS rows)
    string(REGEX REPLACE "^\\.BR weft\\\\-([a-z\\\\-]+) .*" "\\1" command "${row}")
    string(REPLACE "\\" "" command "${command}")
    weft_made(weft-${command}.1 help ${command} --man)
  endforeach()
  weft_made(weft.bash completion bash)
  weft_made(_weft completion zsh)
  weft_made(weft.fish completion fish)
]])
install(DIRECTORY ${CMAKE_BINARY_DIR}/generated/manual/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
        FILES_MATCHING PATTERN "*.1")
install(FILES ${CMAKE_BINARY_DIR}/generated/manual/weft.bash
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME weft)
install(FILES ${CMAKE_BINARY_DIR}/generated/manual/_weft DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${CMAKE_BINARY_DIR}/generated/manual/weft.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
