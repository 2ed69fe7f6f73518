/* SPDX-License-Identifier: Apache-2.0 */
/* Who did it and from where: the part that every audit row has. */
#pragma once

#include "base/ids.h"

enum { AUDIT_TEXT_MAX = 256 /* bytes of client address, user agent and correlation id */ };

/* Stands among the people of whom a content is revoked for all readers outside of its tenant, and behind
 * the addresses of each of them: so the gate compares both alike. It is no address. */
#define AUDIT_WHO_OUTSIDE "outside"

struct audit_who {
    const char
        *addresses; /* the user's, spaces between, the primary one first; "" without a user */
    const char *addresses_outside; /* the same with AUDIT_WHO_OUTSIDE behind them */
    const char *user;              /* the primary one; "" without a user */
    struct component_id component; /* zero: none */
    const char *component_name;    /* "" without */
    const char *client_address;
    const char *user_agent;
    const char *correlation_id;
};
