/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a message, to be quoted in an answer. Any thread. */
#pragma once

#include <glib.h>

/* Of a body as clean_html() writes it: lines as they are shown, at most QUOTE_BYTES_MAX, then an ellipsis. The
 * caller's. */
enum { QUOTE_BYTES_MAX = 256 * 1024 };
GString *plain_text_of(GBytes *body);
