/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/issuer_host.h"

#include <string.h>

#include "domain/values/domain_name.h"

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
/* RFC 3986 §2.3, §2.2 and §3.3: what stands in a path as it is. */
#define PATH_CHARS                                     \
    LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-._~" \
            "!$&'()*+,;="                              \
            ":@/"

static const char SCHEME[] = "https://";

enum { PORT_MAX = 65535, PORT_DIGITS_MAX = 5 };

/* Some clients take a host for an IPv4 address whose last label is a number, hexadecimal ones
 * included (WHATWG URL, "ends in a number"). */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *label = dot == NULL ? host : dot + 1;
    bool is_hex = label[0] == '0' && label[1] == 'x';
    label += is_hex ? 2 : 0;
    return label[strspn(label, is_hex ? HEX : DIGITS)] == '\0';
}

/* Behind the port, from the colon on, or where it begins when there is none; NULL for a bad one. */
static const char *skip_port(const char *at)
{
    unsigned port = 0;
    if (*at != ':') {
        return at;
    }
    size_t digits = strspn(++at, DIGITS);
    for (size_t i = 0; i < digits && digits <= PORT_DIGITS_MAX; i++) {
        port = port * 10 + (unsigned)(at[i] - '0');
    }
    bool is_sound = digits <= PORT_DIGITS_MAX && port > 0 && port <= PORT_MAX && at[0] != '0';
    return is_sound ? at + digits : NULL;
}

static bool is_path(const char *path)
{
    if (*path != '/' && *path != '\0') {
        return false;
    }
    for (path += strspn(path, PATH_CHARS); *path == '%'; path += strspn(path, PATH_CHARS)) {
        if (strspn(path + 1, HEX) < 2) {
            return false;
        }
        path += 3;
    }
    return *path == '\0';
}

const char *issuer_host(struct arena *arena, const char *iss)
{
    char domain[DOMAIN_MAX + 1];
    if (strncmp(iss, SCHEME, strlen(SCHEME)) != 0) {
        return NULL;
    }
    struct slice host = slice_str(iss + strlen(SCHEME));
    host.len = strspn(iss + strlen(SCHEME), LETTERS DIGITS "-.");
    const char *path = skip_port(iss + strlen(SCHEME) + host.len);
    bool is_sound = path != NULL && is_path(path) && domain_name_write(host, domain, NULL).ok &&
                    slice_eq_str(host, domain) && !ends_in_number(domain);
    return is_sound ? arena_strdup(arena, domain) : NULL;
}
