/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's mailers of one-time passcodes and of notices to owners, as the configuration has it. */
#pragma once

#include "conf/conf.h"
#include "context/services.h"
#include "mail/notice_mail.h"
#include "mail/passcode_mail.h"

struct mail_relay;

/* Made of the services that are there, and joined to them; NULL in `out` when no relay is configured. Borrows what the
 * arguments name. R_CONFIG_INVALID, R_ROOT_KEY_* for the file of its password. */
rc mail_relay_new(const Conf *conf, struct services *services, struct mail_relay **out,
                  struct err *err);
/* Whether mails that need keys rest for now. NULL is fine. */
void mail_relay_pause(struct mail_relay *relay, bool pauses);
/* Take no more mails; what is on its way goes on. NULL is fine. */
void mail_relay_stop(struct mail_relay *relay);
void mail_relay_free(struct mail_relay *relay);
