/* SPDX-License-Identifier: Apache-2.0 */
/* What mail-flow rules look at in a mail (docs/policy.md §10.2), as the mail says it itself: all but the
 * envelope. Any thread. */
#pragma once

#include "base/arena.h"
#include "chancery/v1/mail_flow.pb-c.h"

enum { MAIL_FACTS_TEXT_MAX = 1024 * 1024 /* bytes of text that the authority looks through */ };

/* Fill in subject, headers, attachments, size, labels, kinds and Message-ID, and lend the text that people
 * read, in UTF-8: of all text parts, alternatives too, also of mails that are attached. R_INPUT_INVALID if
 * there is more than rules can look at: nothing is cut off, because a word behind the cut would be missed. */
rc mail_facts_read(struct arena *arena, struct slice mail, Chancery__V1__MessageFacts *facts,
                   struct slice *text, struct err *err);
