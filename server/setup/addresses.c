/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server is to listen, as far as the texts say. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "setup/address.h"
#include "setup/setup.h"

enum { PORT_MAX = 65535, PORT_DIGITS = 5 };

static bool read_port(const char *text, in_port_t *out)
{
    unsigned value = 0;
    size_t len = strlen(text);
    for (size_t i = 0; i < len && len <= PORT_DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    *out = htons((in_port_t)value);
    return len > 0 && len <= PORT_DIGITS && value <= PORT_MAX;
}

bool setup_address_read(const char *text, struct setup_address *out)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);
    in_port_t port;
    *out = (struct setup_address){0};
    if (len == 0 || len >= sizeof host || !read_port(colon + 1, &port)) {
        return false;
    }
    bool is_v6 = text[0] == '[' && text[len - 1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(is_v6 ? len - 2 : len), is_v6 ? text + 1 : text);
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = port;
        out->len = sizeof out->v4;
        out->is_loopback = ntohl(out->v4.sin_addr.s_addr) >> 24 == 127;
        return true;
    }
    bool ok = inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1;
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = port;
    out->len = sizeof out->v6;
    out->is_loopback = ok && IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr);
    return ok;
}

static bool was_named_before(const Conf *conf, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(conf->listeners[i]->address, conf->listeners[at]->address) == 0) {
            return true;
        }
    }
    return false;
}

void setup_addresses(const Conf *conf, const struct setup_listener *to)
{
    for (size_t i = 0; i < conf->n_listeners; i++) {
        const char *text = conf->listeners[i]->address;
        struct setup_address address;
        if (was_named_before(conf, i)) {
            setup_tell(to, FAULT_ADDRESS_TWICE, "%s", text);
        }
        if (strncmp(text, "unix:", 5) == 0) {
            if (strlen(text + 5) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
                setup_tell(to, FAULT_SOCKET_PATH, "%s is too long", text);
            }
        } else if (!setup_address_read(text, &address)) {
            setup_tell(to, FAULT_ADDRESS_INVALID, "%s", text);
        } else if (conf->listeners[i]->tls == NULL && !address.is_loopback) {
            setup_tell(to, FAULT_ADDRESS_CLEARTEXT, "%s", text);
        }
    }
}
