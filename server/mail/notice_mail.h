/* SPDX-License-Identifier: Apache-2.0 */
/* Who mails owners what became of their content (docs/policy.md §3.13). Loop thread only. */
#pragma once

#include "mail/mail_queue.h"

struct notice_mail;

/* It looks for mails from now on. Borrows all that the configuration names. */
struct notice_mail *notice_mail_new(struct loop *loop, const struct mail_config *config);
/* Take no more; what is on its way goes on. NULL is fine. */
void notice_mail_stop(struct notice_mail *mail);
/* Give up what is on its way: another worker will send it. NULL is fine. */
void notice_mail_free(struct notice_mail *mail);
