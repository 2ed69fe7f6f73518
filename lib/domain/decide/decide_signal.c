/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_signal.h"

#include <string.h>

#include "domain/values/address.h"

static bool is_among(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0) {
            return true;
        }
    }
    return false;
}

const char *signal_subject_name(struct arena *arena, const char *iss, const char *sub)
{
    return arena_printf(arena, "%s %s", iss, sub);
}

/* NULL in *out: it may not speak of that. */
static rc name_address(struct arena *arena, const struct signal_right *right, const char *text,
                       const char **out, struct err *err)
{
    struct err ignored = {0};
    *out = NULL;
    if (!address_normalize(arena, slice_str(text), out, &ignored).ok) {
        ENSURE(ignored.reason != R_ARENA_EXHAUSTED, err, R_ARENA_EXHAUSTED);
        *out = NULL;
    } else if (!is_among(right->domains, right->domain_count, address_domain(*out))) {
        *out = NULL;
    }
    return OK;
}

static rc name_subject(struct arena *arena, const struct signal_right *right, const char *iss,
                       const char *sub, const char **out, struct err *err)
{
    *out = NULL;
    if (!is_among(right->subject_issuers, right->subject_issuer_count, iss)) {
        return OK;
    }
    *out = signal_subject_name(arena, iss, sub);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc name_of(struct arena *arena, const struct signal_right *right,
                  const struct signal_name *from, const char **out, struct err *err)
{
    switch (from->kind) {
    case SIGNAL_BY_ADDRESS:
        return name_address(arena, right, from->text, out, err);
    case SIGNAL_BY_SUBJECT:
        return name_subject(arena, right, from->iss, from->text, out, err);
    case SIGNAL_BY_OPAQUE:
        return name_subject(arena, right, right->subject_issuers[0], from->text, out, err);
    }
    FAIL(err, R_INTERNAL, "kind %d", (int)from->kind);
}

static struct signal_change change_of(const struct signal_event *event, enum signal_name_kind kind,
                                      const char *name)
{
    return (struct signal_change){
        .kind = kind == SIGNAL_BY_OPAQUE ? SIGNAL_BY_SUBJECT : kind,
        .name = name,
        .turn = event->effect == SIGNAL_DISABLES  ? SIGNAL_TURN_OFF
                : event->effect == SIGNAL_ENABLES ? SIGNAL_TURN_ON
                                                  : SIGNAL_TURN_NONE,
        .at = event->at,
        .not_before = event->effect == SIGNAL_ENDS_TOKENS ? event->at : 0,
    };
}

rc decide_signal_changes(struct arena *arena, const struct signal_right *right,
                         const struct signal_event *event, struct signal_change *out, size_t *count,
                         struct err *err)
{
    size_t before = *count;
    if (!signal_is_about_person(event->effect)) {
        return OK;
    }
    for (size_t i = 0; i < event->name_count; i++) {
        const char *name;
        TRY(name_of(arena, right, &event->names[i], &name, err));
        if (name != NULL) {
            out[(*count)++] = change_of(event, event->names[i].kind, name);
        }
    }
    ENSURE(*count > before, err, R_SIGNAL_SUBJECT);
    return OK;
}

/* Both times are of the provider's clock. A token of the very second in which the session ended may be from
 * before. */
enum reason decide_signaled(const struct signal_state *state, struct unix_time issued_at)
{
    if (state->is_disabled) {
        return R_ACCOUNT_DISABLED;
    }
    return state->not_before > 0 && issued_at.s <= state->not_before ? R_SESSION_REVOKED : R_NONE;
}
