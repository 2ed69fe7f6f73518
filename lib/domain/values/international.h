/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/domain/values only: what of addresses, domain names and clients' names is not ASCII, by
 * libidn2 and libunistring. Pure; any thread. */
#pragma once

#include "base/err.h"
#include "base/slice.h"

#define A_LABEL_PREFIX "xn--" /* RFC 5890 §2.3.1 */

/* Bring a label that is not ASCII into A-labels under the rules of IDNA 2008 (RFC 5890 to 5893):
 * bidi, joiners, contextual characters, unassigned and disallowed ones. What UTS #46 maps is
 * mapped, non-transitional. Every A-label of the outcome is the one that its U-label gives
 * again. The outcome may hold dots (U+3002 is one) and characters that no domain name may have.
 * `label` is in lower case as far as it is ASCII; `out` gets at most `size` bytes with a NUL.
 * R_FIELD_INVALID. */
rc international_label(const char *label, char *out, size_t size, struct err *err);
/* Check an A-label as for registration (RFC 5891 §4), in lower case. R_FIELD_INVALID. */
rc international_check_a_label(const char *label, struct err *err);
/* Bring a local part into its compared form: lower case of all scripts, then NFC (RFC 8265 §3.3,
 * without the width mapping). R_FIELD_INVALID for invisible, private and unassigned characters,
 * for spaces, for what NFKC makes another character of (RFC 8264 §9.17), and for what has no room
 * in `size` bytes with a NUL. */
rc international_local(struct slice text, char *out, size_t size, struct err *err);
/* The text without the white space (Unicode's White_Space) around it; lends. */
struct slice international_trim(struct slice text);
/* Whether two texts are a canonical caseless match: by full case folding, ß is ss. Without memory to
 * tell, they are the same. */
bool international_is_same(struct slice a, struct slice b);
