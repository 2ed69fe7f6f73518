/* SPDX-License-Identifier: Apache-2.0 */
/* Mail addresses and domains in the one form in which they are compared and stored. Everything behind this
 * header compares bytes. Pure; any thread.
 *
 * Domains are stored as A-labels in lower case, without a trailing dot. They may be given as U-labels
 * (bücher.example), which UTS #46 maps, non-transitional; IDNA 2008 (RFC 5890 to 5893) says which are none.
 * A label that begins with xn-- must be the one that its U-label gives: there is one spelling.
 *
 * Local parts may hold UTF-8 (RFC 6531). They are compared in lower case, of all scripts, and in NFC, as RFC 8265
 * §3.3 does it; nothing is folded beyond that (ß is not ss, fullwidth letters are not ASCII), because two mailboxes
 * could become one. Invisible and unassigned characters are refused. */
#pragma once

#include "base/arena.h"

enum {
    DOMAIN_MAX = 253,  /* stored; 255 on the wire of DNS, RFC 1035 §2.3.4 */
    ADDRESS_MAX = 318, /* stored: 64 (RFC 5321 §4.5.3.1) + "@" + DOMAIN_MAX */
    /* As given: 253 code points of up to 4 bytes, the most of which a stored domain can be made. */
    DOMAIN_TEXT_MAX = 1024,
};

/* Bring an address into its stored form; R_FIELD_INVALID when it is none. */
MUST rc address_normalize(struct arena *arena, struct slice text, const char **out,
                          struct err *err);
/* Bring a domain into its stored form; R_FIELD_INVALID when it is none. */
MUST rc domain_normalize(struct arena *arena, struct slice text, const char **out, struct err *err);
/* The domain of a normalized address. Lends; "" when there is no "@". */
const char *address_domain(const char *address);
