/* SPDX-License-Identifier: Apache-2.0 */
/* Mail addresses and domains in the one form in which they are compared and stored: ASCII letters in
 * lower case, no trailing dot. Everything behind this header compares bytes. Pure; any thread.
 *
 * Domains are LDH labels (RFC 5890 §2.3.1); internationalized ones are given as A-labels. Local parts
 * may hold UTF-8 (RFC 6531), of which only ASCII letters are folded. */
#pragma once

#include "base/arena.h"

enum { ADDRESS_MAX = 320 /* 64 + "@" + 255, RFC 5321 §4.5.3.1 */, DOMAIN_MAX = 255 };

/* Bring an address into its stored form; R_FIELD_INVALID when it is none. */
MUST rc address_normalize(struct arena *arena, struct slice text, const char **out,
                          struct err *err);
/* Bring a domain into its stored form; R_FIELD_INVALID when it is none. */
MUST rc domain_normalize(struct arena *arena, struct slice text, const char **out, struct err *err);
/* The domain of a normalized address. Lends; "" when there is no "@". */
const char *address_domain(const char *address);
