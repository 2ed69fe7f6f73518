/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/conf and for those who use the relay: what the configuration says of it. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "chancery/config/v1/config.pb-c.h"

enum {
    CONF_RELAY_TIMEOUT_MS = 30000,
    CONF_RELAY_TIMEOUT_MS_MAX = 120000,
    CONF_RELAY_TEXT_MAX = 254,
    CONF_RELAY_NAME_MAX = 45, /* bytes of from_name: one encoded word (RFC 2047 §2) */
};

/* Fill in what is not given; `authority_url` has the name by which we greet. */
rc conf_mail_relay_fill_in(struct arena *arena, Chancery__Config__V1__MailRelay *relay,
                           const char *authority_url, struct err *err);
/* R_CONFIG_INVALID. */
rc conf_mail_relay_check(const Chancery__Config__V1__MailRelay *relay, struct err *err);

/* Host, without brackets, and port of a relay's address. False: it is none. */
bool conf_mail_relay_address(const char *address, char *host, size_t size, unsigned *port);
