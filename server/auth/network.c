/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/network.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The host of "host:port" or "[host]:port"; "" if there is none. */
static void host_of(const char *peer, char out[INET6_ADDRSTRLEN])
{
    const char *colon = strrchr(peer, ':');
    bool is_bracketed = peer[0] == '[';
    const char *start = peer + (is_bracketed ? 1 : 0);
    ptrdiff_t len = colon == NULL ? 0 : colon - start - (is_bracketed ? 1 : 0);
    snprintf(out, INET6_ADDRSTRLEN, "%.*s", len > 0 ? (int)len : 0, start);
}

struct network network_of(const char *peer)
{
    char host[INET6_ADDRSTRLEN];
    struct in6_addr six;
    struct in_addr four;
    char text[INET6_ADDRSTRLEN];
    struct network network = {.text = "unix"};
    host_of(peer, host);
    if (inet_pton(AF_INET, host, &four) == 1) {
        network.has_address = true;
        (void)inet_ntop(AF_INET, &four, network.text, sizeof network.text);
    } else if (inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_V4MAPPED(&six)) {
        network.has_address = true;
        (void)inet_ntop(AF_INET, six.s6_addr + 12, network.text, sizeof network.text);
    } else if (inet_pton(AF_INET6, host, &six) == 1) {
        network.has_address = true;
        memset(six.s6_addr + 8, 0, 8);
        (void)inet_ntop(AF_INET6, &six, text, sizeof text);
        snprintf(network.text, sizeof network.text, "%s/64", text);
    }
    return network;
}
