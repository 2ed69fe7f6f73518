# SPDX-License-Identifier: Apache-2.0
# Third-party libraries, one imported target each. All come from packages of Debian 12 and 13;
# scripts/install-deps installs them. A missing one stops the configuration with its name.
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBEVENT REQUIRED IMPORTED_TARGET libevent_core)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2>=1.52)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(LIBPQ REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(PROTOBUFC REQUIRED IMPORTED_TARGET libprotobuf-c>=1.4)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.14)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(GMIME REQUIRED IMPORTED_TARGET gmime-3.0)
pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka>=1.1.5)
# What libidn2 itself stands on; Debian 12 ships it without a pkg-config file.
find_library(UNISTRING_LIBRARY unistring REQUIRED)
find_path(UNISTRING_INCLUDE_DIR unicase.h REQUIRED)
add_library(Unistring INTERFACE IMPORTED)
target_link_libraries(Unistring INTERFACE ${UNISTRING_LIBRARY})
target_include_directories(Unistring INTERFACE ${UNISTRING_INCLUDE_DIR})
set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "Python with Debian's python3-protobuf")

# nghttp2 1.52 has the flood limits only as Debian's security backports.
include(CheckSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::NGHTTP2)
check_symbol_exists(nghttp2_option_set_stream_reset_rate_limit nghttp2/nghttp2.h HAVE_RESET_RATE_LIMIT)
unset(CMAKE_REQUIRED_LIBRARIES)
if(NOT HAVE_RESET_RATE_LIMIT)
    message(FATAL_ERROR "libnghttp2 lacks nghttp2_option_set_stream_reset_rate_limit: "
                        "install Debian's current libnghttp2-dev (1.52.0-1+deb12u2 or later).")
endif()

# c-ares 1.31 and later have parsed records, and deprecate the rest; Debian 12 has 1.18.
set(CMAKE_REQUIRED_LIBRARIES PkgConfig::CARES)
check_symbol_exists(ares_dns_rr_get_abin_cnt ares.h HAVE_ARES_DNS_RECORD)
unset(CMAKE_REQUIRED_LIBRARIES)
