/* SPDX-License-Identifier: Apache-2.0 */
/* Protecting while the authority is away: what was last heard of the rules, and a publisher certificate for each
 * domain (docs/milter.md). All of it is in memory, and begins anew with the process. Any thread. */
#pragma once

#include <chancery/chancery.h>
#include <stdint.h>

#include "orders.h"
#include "settings.h"

struct away;

/* Gets certificates from now on, by a thread of its own. Borrows all; NULL: no memory, or no thread. */
struct away *away_new(const struct settings *settings, chancery_session *session,
                      chancery_context *context);
/* End the thread, once the context is canceled. The rest stays, for mails that are being decided on. */
void away_stop(struct away *away);

/* Seconds of a clock that never goes back. */
int64_t away_now(void);
/* What the authority has answered about a mail of a sender of this domain, by its number in the settings, of
 * which it was asked at a moment of away_now(). */
void away_learn(struct away *away, size_t domain, int64_t asked,
                const chancery_evaluation *evaluation);
/* It has answered with an error: what was heard before counts no more, unless the error is about the mail. */
void away_hear_error(struct away *away, size_t domain, const chancery_error *error);

/* What may be done with any mail, and how many minutes ago that was heard; false: none may be sent. */
bool away_orders(struct away *away, size_t domain, struct orders *out, int *minutes);
/* Protect by the certificate; false: *error says why, or is NULL because there is no certificate. */
bool away_protect(struct away *away, size_t domain, const chancery_protection *protection,
                  chancery_content **out, chancery_error **error);
/* A content that away_protect() has made is used: make it known when the authority is there again. */
void away_register(struct away *away, const chancery_content *content);
