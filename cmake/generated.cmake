# What the build writes into sources: the schema of pipeline files, and what this binary is.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/pipeline.schema.json)
file(READ ${CMAKE_SOURCE_DIR}/docs/pipeline.schema.json WEFT_SCHEMA)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/control/schema_text.inc @ONLY
     CONTENT "R\"weft_schema(@WEFT_SCHEMA@)weft_schema\"\n")
set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/control/schema.cc APPEND PROPERTY INCLUDE_DIRECTORIES ${CMAKE_BINARY_DIR}/generated)

set(WEFT_VERSION "0.1.0" CACHE STRING "version of this build")
set(WEFT_COMMIT "" CACHE STRING "commit of this build; empty: asked of git")
set(commit "${WEFT_COMMIT}")
if(NOT commit)
  find_package(Git QUIET)
  if(GIT_FOUND)
    execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  if(NOT commit)
    set(commit "unknown")
  endif()
endif()
set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/cmd/version.cc APPEND PROPERTY COMPILE_DEFINITIONS
             WEFT_VERSION="${WEFT_VERSION}" WEFT_COMMIT="${commit}")

option(WEFT_CRASH_POINTS "let WEFT_CRASH_AT=point:n kill the process, for tests" ON)
if(WEFT_CRASH_POINTS)
  set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/cmd/crash.cc APPEND PROPERTY COMPILE_DEFINITIONS WEFT_CRASH_POINTS=1)
endif()
