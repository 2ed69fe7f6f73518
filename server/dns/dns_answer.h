/* SPDX-License-Identifier: Apache-2.0 */
/* TXT records as c-ares gives them, over its two interfaces: parsed records where it has them (1.31 and later,
 * Debian 13), lists of strings before that (Debian 12). For dns_txt.c alone. Loop thread only. */
#pragma once

#include "base/buf.h"

struct dns_answer;

/* One question, embedded in its owner. */
struct dns_question {
    /* Comes once, possibly from inside dns_question_ask, with c-ares' status. The answer lives until this returns;
     * NULL without ARES_SUCCESS. */
    void (*done)(struct dns_question *question, int status, const struct dns_answer *answer);
};

/* Ask for the TXT records of a name on an ares_channel. */
void dns_question_ask(struct dns_question *question, void *channel, const char *name);

/* How many TXT records there are. */
size_t dns_answer_count(const struct dns_answer *answer);
/* Append the strings of a record, to be read as one (RFC 7208 §3.3), until the buffer has more than `max` bytes. */
void dns_answer_join(const struct dns_answer *answer, size_t record, size_t max, struct buf *out);
