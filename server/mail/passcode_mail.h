/* SPDX-License-Identifier: Apache-2.0 */
/* Who mails one-time passcodes: a queue that lies in PostgreSQL, so that no crash loses a mail, and the relay. Each worker
 * takes some that are due; until its lease on them ends nobody else does. What has been sent and could not be marked so
 * is sent again with the same Message-ID, which is all that SMTP allows (RFC 5321 §6.1). Loop thread only. */
#pragma once

#include "keys/keys.h"
#include "mail/smtp.h"

struct passcode_mail;
struct store;

struct passcode_mail_config {
    struct store *store;
    struct keys *keys;
    const char *const *served; /* boundaries whose mails are ours, NULL-terminated; empty: all */
    struct smtp_config relay;
    const char *from, *from_name; /* of the mails */
};

/* It looks for mails from now on. Borrows all that the configuration names. */
struct passcode_mail *passcode_mail_new(struct loop *loop,
                                        const struct passcode_mail_config *config);
/* There may be one: look soon. */
void passcode_mail_wake(struct passcode_mail *mail);
/* Take no more; what is on its way goes on. NULL is fine. */
void passcode_mail_stop(struct passcode_mail *mail);
/* Give up what is on its way: another worker will send it. NULL is fine. */
void passcode_mail_free(struct passcode_mail *mail);
