/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/domain only: what of addresses and domains is not ASCII, by libidn2 and libunistring. Pure; any thread. */
#pragma once

#include "base/arena.h"

#define A_LABEL_PREFIX "xn--" /* RFC 5890 §2.3.1 */

/* Map a domain to A-labels (UTS #46, non-transitional) under the rules of IDNA 2008 (RFC 5890 to 5893): bidi, joiners,
 * contextual characters, unassigned and disallowed ones. Every A-label of the outcome is one that its U-label gives
 * again. A trailing dot may remain. R_FIELD_INVALID. */
MUST rc international_domain(struct arena *arena, struct slice text, char **out, struct err *err);
/* Bring a local part into its compared form: lower case of all scripts, then NFC (RFC 8265 §3.3, without the width
 * mapping). R_FIELD_INVALID for invisible, private and unassigned characters and for spaces. */
MUST rc international_local(struct arena *arena, struct slice text, char **out, struct err *err);
