/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/* A listener's address: "127.0.0.1:8443", "[::1]:8443". */
struct setup_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
    bool is_loopback;
};

/* Numeric only. False for all else. */
bool setup_address_read(const char *text, struct setup_address *out);
