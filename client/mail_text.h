/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client only: what a person reads in a part of a mail, as UTF-8 for words to be looked for. */
#pragma once

#include "base/buf.h"

/* Add text that should be UTF-8: what is none is taken for Latin-1, and NUL for a space. */
void mail_text_add(struct buf *out, struct slice text);
/* Add what HTML shows: without tags, scripts and styles, with its characters. A tag that begins a block
 * ends the word before it; one within a line doesn't, so nothing hides a word by it. */
void mail_text_add_html(struct buf *out, struct slice html);
/* Add UTF-8 with lines joined as people see it, so that their ends hide no word: of flowed text that says
 * DelSp (RFC 3676 §4.1), and of calendars and address cards (RFC 5545 §3.1, RFC 6350 §3.2), where a colon
 * would tie the name of a property to its value (UAX #29). */
void mail_text_add_flowed(struct buf *out, struct slice text);
void mail_text_add_folded(struct buf *out, struct slice text);
