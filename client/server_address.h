/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client connects to, and whether what it sends there stays between the two. */
#pragma once

#include "base/arena.h"

struct server_address {
    const char *base;   /* "https://host:port", without a slash at its end; lent by the arena */
    const char *socket; /* path of a Unix socket, borrowed; NULL: none */
    bool is_https;
};

/* What is sent there without TLS. */
struct server_trust {
    bool has_token;            /* a user's token would be sent */
    bool loopback_without_tls; /* the user has said that it may, on this machine */
};

/* Read "https://host:port", "unix:/path", or "http://" and an address of this machine (127.0.0.0/8,
 * [::1], localhost). R_PROFILE_INVALID; R_CONNECTION_UNPROTECTED for http:// to another machine, and
 * for a token to this one unless the user has said that it may. */
rc server_address_read(struct arena *arena, const char *server, const struct server_trust *trust,
                       struct server_address *out, struct err *err);
