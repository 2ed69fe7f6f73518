/* SPDX-License-Identifier: Apache-2.0 */
/* Domain names in the one form in which they are compared and stored: A-labels in lower case,
 * without a trailing dot. Everything behind this header compares bytes. Pure; any thread.
 *
 * They may be given as U-labels (bücher.example), which UTS #46 maps, non-transitional; IDNA
 * 2008 (RFC 5890 to 5893) says which are none. A label that begins with xn-- must be the one
 * that its U-label gives: there is one spelling. */
#pragma once

#include "base/arena.h"

enum {
    DOMAIN_MAX = 253, /* stored; 255 on the wire of DNS, RFC 1035 §2.3.4 */
    /* As given: 253 code points of up to 4 bytes, the most of which a stored domain can be made. */
    DOMAIN_TEXT_MAX = 1024,
};

/* Bring a domain name into its stored form; R_FIELD_INVALID when it is not one. */
rc domain_name_normalize(struct arena *arena, struct slice text, const char **out, struct err *err);
/* The same, but written to `out`, with a NUL. */
rc domain_name_write(struct slice text, char out[DOMAIN_MAX + 1], struct err *err);
