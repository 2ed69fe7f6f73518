/* SPDX-License-Identifier: Apache-2.0 */
/* An answer as a mail (RFC 5322), before it is protected. Any thread. */
#pragma once

#include "answer.h"

/* "Re: …" or "Fwd: …" of what of the subject is no secret, because it stands on the wrapper too. The caller's. */
char *answer_subject(chancery_answer_kind kind, const struct reading *reading);
/* A plain text to `sent`, of the portal's address and with the reader's to reply to. */
GBytes *answer_mail(const struct answer_job *job, const char *subject);
