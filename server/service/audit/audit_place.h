/* SPDX-License-Identifier: Apache-2.0 */
/* How far a stream of events has come, and in which state of the database: what a resume token has in it. */
#pragma once

#include "rpc/call.h"
#include "store/resource/audit_store.h"

struct audit_place {
    int64_t at; /* all before it was sent, and of this time … */
    struct event_id
        event;   /* … all up to this event; zero: none. Microseconds of the database's clock */
    int64_t end; /* where the stream ends; 0: not known, or nowhere */
    int64_t asked_at; /* what the clock said last; 0: it was not asked yet */
    /* Before it records are missing, when that was asked last, and where the place was then. */
    int64_t kept_since, checked_at;
    struct audit_history history;
};

/* The place in a token; NEXT without one, and `place` is as it was. R_PAGE_TOKEN_INVALID. */
step audit_place_read(struct call *c, const char *token, struct audit_place *place);
/* NULL over budget. */
char *audit_place_token(struct call *c, const struct audit_place *place);

/* Whether the database is still, or again, in a state from which one can go on at the place: the same cluster on the same
 * timeline, not marked fewer times, and its clock not set back (R_LOG_WENT_BACK); and all that lay behind the place when that
 * was asked last is still there (R_LOG_DROPPED). `passed_us`: how long ago at least the
 * clock said place->asked_at; 0: not known. Pure. */
rc audit_place_check(const struct audit_place *place, const struct audit_settled *now,
                     int64_t passed_us, struct err *err);
