/* SPDX-License-Identifier: Apache-2.0 */
/* Where a GET may go. Whoever registers an issuer chooses an address that we ask from inside our network; what is
 * asked here is what its name resolved to, so that no name leads where an address could not. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "identity/https.h"

enum place { PLACE_PUBLIC, PLACE_PRIVATE, PLACE_LOOPBACK, PLACE_NOWHERE };

struct network {
    uint32_t address;
    unsigned bits;
    enum place place;
};

/* IANA's registry of special-purpose addresses (RFC 6890), as far as anybody could answer there. */
static const struct network networks[] = {
    {0x00000000, 8, PLACE_NOWHERE},  /* this network */
    {0x0a000000, 8, PLACE_PRIVATE},  /* RFC 1918 */
    {0x64400000, 10, PLACE_PRIVATE}, /* RFC 6598: carriers' own */
    {0x7f000000, 8, PLACE_LOOPBACK},
    {0xa9fe0000, 16, PLACE_NOWHERE}, /* link-local: metadata services of clouds */
    {0xac100000, 12, PLACE_PRIVATE},
    {0xc0a80000, 16, PLACE_PRIVATE},
    {0xe0000000, 3, PLACE_NOWHERE}, /* multicast, reserved, broadcast */
};

static enum place place_of_v4(uint32_t host)
{
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        if ((host ^ networks[i].address) >> (32 - networks[i].bits) == 0) {
            return networks[i].place;
        }
    }
    return PLACE_PUBLIC;
}

static enum place place_of_v6(const struct in6_addr *v6)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}; /* 64:ff9b::/96, RFC 6052 */
    uint32_t last;
    memcpy(&last, v6->s6_addr + 12, sizeof last);
    if (memcmp(v6->s6_addr, nat64, sizeof nat64) == 0) {
        return place_of_v4(ntohl(last));
    }
    if (IN6_IS_ADDR_LOOPBACK(v6)) {
        return PLACE_LOOPBACK;
    }
    if ((v6->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_SITELOCAL(v6)) {
        return PLACE_PRIVATE; /* RFC 4193 */
    }
    bool is_nowhere = IN6_IS_ADDR_LINKLOCAL(v6) || IN6_IS_ADDR_MULTICAST(v6) ||
                      IN6_IS_ADDR_V4MAPPED(v6) || IN6_IS_ADDR_V4COMPAT(v6) ||
                      IN6_IS_ADDR_UNSPECIFIED(v6);
    return is_nowhere ? PLACE_NOWHERE : PLACE_PUBLIC;
}

bool https_may_connect(const struct sockaddr *address, const struct https_config *config)
{
    enum place place = PLACE_NOWHERE;
    if (address->sa_family == AF_INET) {
        place = place_of_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    } else if (address->sa_family == AF_INET6) {
        place = place_of_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    }
    return place == PLACE_PUBLIC || (place == PLACE_PRIVATE && config->allow_private) ||
           (place == PLACE_LOOPBACK && config->allow_loopback);
}
