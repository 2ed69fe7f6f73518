/* SPDX-License-Identifier: Apache-2.0 */
/* Security Event Tokens (RFC 8417) as OpenID's Shared Signals Framework 1.0 has them: what is in one whose
 * signature holds. Its events are values of domain/values/signal.h. */
#pragma once

#include "domain/values/signal.h"
#include "identity/identity.h"

enum { SECEVENT_JTI_MAX = 256 /* bytes */ };

/* Check iat, which must be there, and exp, which may not; and note the former. Between SIGNAL_AGE_MAX_S ago and now, give or
 * take the issuer's skew. R_TOKEN_CLAIM_INVALID, R_TOKEN_EXPIRED, R_TOKEN_NOT_YET_VALID. */
rc secevent_check_time(const struct token *token, const struct issuer *issuer, struct unix_time now,
                       struct token_claims *claims, struct err *err);

struct secevent {
    struct slice jti;
    struct signal_event events[SIGNAL_EVENTS_MAX];
    size_t event_count;
};

/* Read what is in a token that was verified. Texts are lent by the arena. `latest`: when an event may have happened at
 * the latest, by our clock. R_SIGNAL_INVALID. */
rc secevent_read(struct arena *arena, const struct token *token, struct unix_time latest,
                 struct secevent *out, struct err *err);

/* The subject of an event, a json_t: RFC 9493, SSF 1.0 §3.2 (complex), and the older forms of RISC. One that names no
 * person leaves name_count 0. R_SIGNAL_INVALID. (secevent_subject.c) */
rc secevent_read_subject(struct arena *arena, const void *subject, struct signal_event *out,
                         struct err *err);
