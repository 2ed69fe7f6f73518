/* SPDX-License-Identifier: Apache-2.0 */
/* Who mails one-time passcodes (docs/policy.md §9.2): a queue of mails whose codes are derived when they are sent. Loop
 * thread only. */
#pragma once

#include "keys/keys.h"
#include "mail/mail_queue.h"

struct passcode_mail;

/* It looks for mails from now on. Borrows all that the configuration names. */
struct passcode_mail *passcode_mail_new(struct loop *loop, const struct mail_config *config);
/* There may be one: look soon. */
void passcode_mail_wake(struct passcode_mail *mail);
/* Whether it takes any for now: without the root keys no code can be derived. */
void passcode_mail_pause(struct passcode_mail *mail, bool pauses);
/* Take no more; what is on its way goes on. NULL is fine. */
void passcode_mail_stop(struct passcode_mail *mail);
/* Give up what is on its way: another worker will send it. NULL is fine. */
void passcode_mail_free(struct passcode_mail *mail);
