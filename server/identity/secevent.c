/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/secevent.h"

#include <jansson.h>
#include <math.h>

#include "crypto/json.h"
#include "identity/claims.h"

/* --- time --------------------------------------------------------------------------------------- */

/* A NumericDate (RFC 7519 §2) at the end of the second that has begun. False: it is none. */
static bool read_date(const json_t *value, int64_t *out)
{
    double seconds = json_number_value(value);
    if (!json_is_number(value) || !(seconds >= 0) || seconds > (double)TOKEN_TIME_MAX_S) {
        return false;
    }
    *out = (int64_t)ceil(seconds);
    return true;
}

rc secevent_check_time(const struct token *token, const struct issuer *issuer, struct unix_time now,
                       struct token_claims *claims, struct err *err)
{
    const json_t *payload = token->payload;
    const json_t *exp = json_object_get(payload, "exp");
    int64_t issued, ends = TOKEN_TIME_MAX_S;
    if (!read_date(json_object_get(payload, "iat"), &issued) ||
        (exp != NULL && !read_date(exp, &ends))) {
        FAIL(err, R_TOKEN_CLAIM_INVALID, "iat or exp is no time");
    }
    ENSURE(issued <= now.s + issuer->clock_skew_s, err, R_TOKEN_NOT_YET_VALID);
    ENSURE(issued >= now.s - SIGNAL_AGE_MAX_S, err, R_TOKEN_EXPIRED);
    ENSURE(now.s < ends + issuer->clock_skew_s, err, R_TOKEN_EXPIRED);
    claims->issued_at.s = claims->valid_from.s = issued;
    return OK;
}

/* When it happened: as the event says, else the token (RFC 8417 §2.2, toe), else when it was made. */
static rc read_time(const json_t *payload, const json_t *event, struct unix_time latest,
                    int64_t *out, struct err *err)
{
    const json_t *said = json_object_get(event, "event_timestamp");
    said = said != NULL ? said : json_object_get(payload, "toe");
    said = said != NULL ? said : json_object_get(payload, "iat");
    ENSURE(read_date(said, out) && *out <= latest.s, err, R_SIGNAL_INVALID);
    return OK;
}

/* --- one event ---------------------------------------------------------------------------------- */

/* In the event, as RISC had it first, or for all events of the token. */
static rc read_person(struct arena *arena, const json_t *payload, const json_t *event,
                      struct signal_event *out, struct err *err)
{
    const json_t *own = json_object_get(event, "subject");
    const json_t *subject = own != NULL ? own : json_object_get(payload, "sub_id");
    ENSURE(json_is_object(subject), err, R_SIGNAL_INVALID);
    TRY(secevent_read_subject(arena, subject, out, err));
    ENSURE(out->name_count > 0, err, R_SIGNAL_SUBJECT);
    return OK;
}

static rc read_stream(const json_t *event, struct signal_event *out, struct err *err)
{
    struct slice status;
    TRY(json_need_text(event, "status", R_SIGNAL_INVALID, &status, err));
    ENSURE(signal_stream_parse(status, &out->stream), err, R_SIGNAL_INVALID);
    return OK;
}

static rc read_event(struct arena *arena, const json_t *payload, struct slice type,
                     const json_t *event, struct unix_time latest, struct signal_event *out,
                     struct err *err)
{
    struct slice change;
    *out = (struct signal_event){0};
    ENSURE(json_is_object(event), err, R_SIGNAL_INVALID);
    TRY(json_get_text(event, "change_type", R_SIGNAL_INVALID, &change, err));
    out->effect = signal_effect_of(type, change);
    out->type = signal_type_name(type);
    if (out->effect == SIGNAL_STREAM) {
        return read_stream(event, out, err);
    }
    if (!signal_is_about_person(out->effect)) {
        return OK;
    }
    TRY(read_time(payload, event, latest, &out->at, err));
    return read_person(arena, payload, event, out, err);
}

/* --- all of them -------------------------------------------------------------------------------- */

rc secevent_read(struct arena *arena, const struct token *token, struct unix_time latest,
                 struct secevent *out, struct err *err)
{
    json_t *payload = token->payload;
    json_t *events = json_object_get(payload, "events");
    const char *type;
    json_t *event;
    *out = (struct secevent){0};
    TRY(json_need_text(payload, "jti", R_SIGNAL_INVALID, &out->jti, err));
    ENSURE(out->jti.len > 0 && out->jti.len <= SECEVENT_JTI_MAX, err, R_SIGNAL_INVALID);
    ENSURE(json_is_object(events) && json_object_size(events) > 0 &&
               json_object_size(events) <= SIGNAL_EVENTS_MAX,
           err, R_SIGNAL_INVALID);
    json_object_foreach(events, type, event)
    {
        TRY(read_event(arena, payload, slice_str(type), event, latest,
                       &out->events[out->event_count], err));
        out->event_count++;
    }
    return OK;
}
