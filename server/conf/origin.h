/* SPDX-License-Identifier: Apache-2.0 */
/* Origins of pages (RFC 6454 §6.2), as browsers write them. Pure. */
#pragma once

#include <stdbool.h>

/* Whether a browser could send exactly this for a page that may be trusted: https://app.example.org, perhaps
 * with a port; http:// of this machine only, because anybody on the way could have written such a page. */
bool origin_is_valid(const char *text);
