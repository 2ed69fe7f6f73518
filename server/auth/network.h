/* SPDX-License-Identifier: Apache-2.0 */
/* Who answers for a peer's address: of IPv4 the address, of IPv6 its /64, because whoever has one address
 * there has all of them (RFC 6177 §2). */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

enum { NETWORK_TEXT_BYTES = INET6_ADDRSTRLEN + sizeof "/64" };

struct network {
    char text[NETWORK_TEXT_BYTES]; /* "192.0.2.7", "2001:db8:1:2::/64"; "unix" for a Unix socket */
    bool has_address;              /* no Unix socket, where all who come look the same */
};

/* Of a peer as net tells it: "192.0.2.7:4711", "[2001:db8::1]:4711", "unix". */
struct network network_of(const char *peer);
