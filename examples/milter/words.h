/* SPDX-License-Identifier: Apache-2.0 */
/* What senders and logs are told, in words that a reply of SMTP may have. */
#pragma once

#include <stddef.h>

/* Make a text one line of ASCII in its place: letters with marks lose them, and what else isn't printable
 * becomes "?". A percent sign means something to libmilter and becomes one too. */
void words_make_plain(char *text);
/* Where the next line of at most `most` bytes ends, if it may be: at a space. 0 at the end. */
size_t words_line(const char *text, size_t most);
