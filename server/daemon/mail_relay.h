/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's mailer of one-time passcodes, as the configuration has it. */
#pragma once

#include "conf/conf.h"
#include "context/services.h"
#include "mail/passcode_mail.h"

struct mail_relay;

/* Made of the services that are there, and joined to them; NULL in `out` when no relay is configured. Borrows what the
 * arguments name. R_CONFIG_INVALID, R_ROOT_KEY_* for the file of its password. */
rc mail_relay_new(const Conf *conf, struct services *services, struct mail_relay **out,
                  struct err *err);
void mail_relay_free(struct mail_relay *relay);
