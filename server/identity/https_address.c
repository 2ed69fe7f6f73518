/* SPDX-License-Identifier: Apache-2.0 */
/* Where a GET may go. Whoever registers an issuer chooses an address that we ask from inside our network; what is
 * asked here is what its name resolved to, so that no name leads where an address could not.
 *
 * Source: IANA's registries of special-purpose addresses (RFC 6890 and its successors). What they set apart is
 * refused although some of it is reachable: no identity provider is there. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "identity/https.h"

enum place { PLACE_PUBLIC, PLACE_PRIVATE, PLACE_LOOPBACK, PLACE_NOWHERE };

/* The first row that fits decides. */
struct network {
    uint64_t address; /* of IPv4 whole, of IPv6 the first half */
    unsigned bits;
    enum place place;
};

static const struct network networks_v4[] = {
    {0x00000000, 8, PLACE_NOWHERE},  /* this network, RFC 791 */
    {0x0a000000, 8, PLACE_PRIVATE},  /* RFC 1918 */
    {0x64400000, 10, PLACE_PRIVATE}, /* carriers' own, RFC 6598 */
    {0x7f000000, 8, PLACE_LOOPBACK}, /* RFC 1122 */
    {0xa83f8110, 32, PLACE_NOWHERE}, /* 168.63.129.16: the host of every machine at Azure */
    {0xa9fe0000, 16, PLACE_NOWHERE}, /* link-local, RFC 3927: metadata services of clouds */
    {0xac100000, 12, PLACE_PRIVATE}, /* RFC 1918 */
    {0xc0000000, 24, PLACE_NOWHERE}, /* IETF protocol assignments, RFC 6890; a metadata service */
    {0xc0000200, 24, PLACE_NOWHERE}, /* documentation, RFC 5737 */
    {0xc01fc400, 24, PLACE_NOWHERE}, /* AS112, RFC 7535 */
    {0xc034c100, 24, PLACE_NOWHERE}, /* AMT, RFC 7450 */
    {0xc0586300, 24, PLACE_NOWHERE}, /* relays of 6to4, RFC 7526 */
    {0xc0a80000, 16, PLACE_PRIVATE}, /* RFC 1918 */
    {0xc0af3000, 24, PLACE_NOWHERE}, /* AS112, RFC 7534 */
    {0xc6120000, 15, PLACE_NOWHERE}, /* benchmarks, RFC 2544 */
    {0xc6336400, 24, PLACE_NOWHERE}, /* documentation, RFC 5737 */
    {0xcb007100, 24, PLACE_NOWHERE}, /* documentation, RFC 5737 */
    {0xe0000000, 3, PLACE_NOWHERE},  /* multicast, reserved, broadcast: RFC 1112, RFC 8190 */
    {0x00000000, 0, PLACE_PUBLIC},
};

/* Of IPv6 only 2000::/3 is given out (RFC 4291 §2.4). What no row names is nowhere: mapped and compatible IPv4
 * addresses, 64:ff9b:1::/48 (RFC 8215), 100::/64 (RFC 6666), 5f00::/16 (RFC 9602), link-local, multicast. */
static const struct network networks_v6[] = {
    {0xfc00000000000000, 7, PLACE_PRIVATE},  /* RFC 4193 */
    {0xfec0000000000000, 10, PLACE_PRIVATE}, /* site-local, RFC 3879 */
    {0x2001000000000000, 23, PLACE_NOWHERE}, /* RFC 2928: Teredo, ORCHID, benchmarks, anycast */
    {0x20010db800000000, 32, PLACE_NOWHERE}, /* documentation, RFC 3849 */
    {0x2002000000000000, 16, PLACE_NOWHERE}, /* 6to4, RFC 3056: any IPv4 address inside */
    {0x2620004f80000000, 48, PLACE_NOWHERE}, /* AS112, RFC 7534 */
    {0x3ffe000000000000, 16, PLACE_NOWHERE}, /* 6bone, RFC 3701 */
    {0x3fff000000000000, 20, PLACE_NOWHERE}, /* documentation, RFC 9637 */
    {0x2000000000000000, 3, PLACE_PUBLIC},   {0x0000000000000000, 0, PLACE_NOWHERE},
};

static enum place place_of(const struct network *rows, unsigned width, uint64_t address)
{
    while (rows->bits > 0 && (address ^ rows->address) >> (width - rows->bits) != 0) {
        rows++;
    }
    return rows->place;
}

static uint32_t word_of(const struct in6_addr *v6, size_t index)
{
    uint32_t word;
    memcpy(&word, v6->s6_addr + 4 * index, sizeof word);
    return ntohl(word);
}

static enum place place_of_v4(uint32_t host)
{
    return place_of(networks_v4, 32, host);
}

static enum place place_of_v6(const struct in6_addr *v6)
{
    uint32_t words[4];
    for (size_t i = 0; i < 4; i++) {
        words[i] = word_of(v6, i);
    }
    if (IN6_IS_ADDR_LOOPBACK(v6)) {
        return PLACE_LOOPBACK;
    }
    if (words[0] == 0x0064ff9b && words[1] == 0 && words[2] == 0) {
        return place_of_v4(words[3]); /* NAT64 by its well-known prefix, RFC 6052 §2.1 */
    }
    if ((words[2] & 0xfdffffff) == 0x00005efe) {
        return PLACE_NOWHERE; /* ISATAP, RFC 5214 §6.1: under any prefix any IPv4 address inside */
    }
    return place_of(networks_v6, 64, (uint64_t)words[0] << 32 | words[1]);
}

const char *https_forbids(const struct sockaddr *address, const struct https_config *config)
{
    enum place place = PLACE_NOWHERE;
    if (address->sa_family == AF_INET) {
        place = place_of_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    } else if (address->sa_family == AF_INET6) {
        place = place_of_v6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
    }
    switch (place) {
    case PLACE_PUBLIC:
        return NULL;
    case PLACE_PRIVATE:
        return config->allow_private ? NULL
                                     : "the host is in a private network, where keys are fetched "
                                       "only with identity.allow_private";
    case PLACE_LOOPBACK:
        return config->allow_loopback ? NULL
                                      : "the host is this machine, where keys are fetched only "
                                        "with identity.allow_loopback";
    case PLACE_NOWHERE:
        break;
    }
    return "the host has no address from which keys may be fetched";
}

bool https_may_connect(const struct sockaddr *address, const struct https_config *config)
{
    return https_forbids(address, config) == NULL;
}
