# SPDX-License-Identifier: Apache-2.0
# The house rules of the build: one set of flags, one way to declare a module, a test, a fuzzer.

add_library(chancery_flags INTERFACE)
target_compile_definitions(chancery_flags INTERFACE _GNU_SOURCE
    $<$<BOOL:${CHANCERY_FAULTS}>:CHANCERY_FAULTS=1>)
target_compile_options(chancery_flags INTERFACE
    -Wall -Wextra $<$<COMPILE_LANGUAGE:C>:-Wshadow;-Wstrict-prototypes;-Wmissing-prototypes> -Wmissing-declarations
    $<$<COMPILE_LANGUAGE:C>:-Wold-style-definition> -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
    -Wimplicit-fallthrough -Wdouble-promotion -Wswitch-enum $<$<COMPILE_LANGUAGE:C>:-Wnull-dereference>
    -fno-common -fno-strict-aliasing -fstack-protector-strong
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<C_COMPILER_ID:GNU>>:-Wlogical-op;-Wduplicated-cond;-Wduplicated-branches;-Walloc-zero>
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<C_COMPILER_ID:Clang>>:-Wconditional-uninitialized;-Wcomma;-Wassign-enum>
    $<$<BOOL:${CHANCERY_WERROR}>:-Werror>)
target_compile_options(chancery_flags INTERFACE
    $<$<CONFIG:Release>:-O2;-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
# A release is the same wherever it was built: neither its folder nor its time is in it. Errors name their
# source by its path in the tree; debuggers of the other builds find it by the whole one.
target_compile_options(chancery_flags INTERFACE -Wdate-time
    -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=
    $<$<CONFIG:Release>:-ffile-prefix-map=${CMAKE_BINARY_DIR}=build;-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.>)
target_link_options(chancery_flags INTERFACE
    $<$<CONFIG:Release>:-Wl,-z,relro,-z,now,-z,noexecstack>)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CHANCERY_SANITIZE)
    add_compile_options(-fsanitize=${CHANCERY_SANITIZE} -fno-sanitize-recover=all
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${CHANCERY_SANITIZE})
endif()

if(CHANCERY_COVERAGE)
    # Conditions of the source are counted, so a sanitizer's own branches are not among them. The counters are in a
    # mapped file that all processes of one program share (%c, %m): what a killed one has counted stays.
    set(CHANCERY_COVERAGE_FOLDER ${CMAKE_BINARY_DIR}/coverage)
    file(MAKE_DIRECTORY ${CHANCERY_COVERAGE_FOLDER})
    add_compile_options(-fprofile-instr-generate=${CHANCERY_COVERAGE_FOLDER}/%c%m.profraw -fcoverage-mapping
                        -mllvm -runtime-counter-relocation)
    add_link_options(-fprofile-instr-generate)
endif()

# Of a program that gives up what sanitizers and counting ask for: memory without a limit, threads, files.
set(CHANCERY_PLAIN -fno-sanitize=all)
if(CHANCERY_COVERAGE)
    list(APPEND CHANCERY_PLAIN -fno-profile-instr-generate -fno-coverage-mapping)
endif()

# chancery_module(<name> SOURCES a.c … DEPS <modules> LIBS <third-party targets>)
# A static library chancery_<name>. DEPS are the modules whose headers it may include, LIBS the
# third-party libraries, which stay private: nobody above sees their headers through us.
function(chancery_module name)
    cmake_parse_arguments(M "" "" "SOURCES;DEPS;LIBS" ${ARGN})
    add_library(chancery_${name} STATIC ${M_SOURCES})
    set_target_properties(chancery_${name} PROPERTIES OUTPUT_NAME chancery_${name})
    target_link_libraries(chancery_${name} PRIVATE chancery_flags)
    # Headers are named from lib/, server/ or the project's own folder: "service/common/reply.h".
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    string(REGEX MATCH "^(lib|server)/" root "${folder}")
    target_include_directories(chancery_${name} PUBLIC ${CMAKE_SOURCE_DIR}/${root})
    foreach(dep IN LISTS M_DEPS)
        target_link_libraries(chancery_${name} PUBLIC chancery_${dep})
    endforeach()
    target_link_libraries(chancery_${name} PRIVATE ${M_LIBS})
endfunction()

# chancery_unit_test(<module> <test_file> DEPS <modules> LIBS <targets> [LABELS …] [WRAPPER command …])
# One program per tests/unit/<module>/<test_file>.c, run by ctest under the label `unit`.
function(chancery_unit_test module test)
    cmake_parse_arguments(T "" "" "DEPS;LIBS;LABELS;SOURCES;WRAPPER" ${ARGN})
    set(target unit_${module}_${test})
    add_executable(${target} ${CMAKE_SOURCE_DIR}/tests/unit/${module}/${test}.c ${T_SOURCES})
    target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support)
    target_compile_definitions(${target} PRIVATE
        CHANCERY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${target} PRIVATE chancery_flags chancery_${module} PkgConfig::CMOCKA ${T_LIBS})
    foreach(dep IN LISTS T_DEPS)
        target_link_libraries(${target} PRIVATE chancery_${dep})
    endforeach()
    add_test(NAME unit.${module}.${test} COMMAND ${T_WRAPPER} $<TARGET_FILE:${target}>)
    set_tests_properties(unit.${module}.${test} PROPERTIES
        LABELS "unit;${T_LABELS}" TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()
