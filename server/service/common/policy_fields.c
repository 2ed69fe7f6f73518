/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/policy_fields.h"

#include "service/common/request.h"

#define TOO_MANY_CUSTOM "There may be at most 16 custom rights in one policy."

static step bad(struct call *c, const char *field, const char *why)
{
    return call_bad_field(c, field, why);
}

/* A field of one grant: "template.grants[3].rights[0]". */
static const char *grant_path(struct call *c, const char *field, size_t grant, const char *part,
                              size_t index)
{
    return arena_printf(call_arena(c), "%s[%zu].%s[%zu]", field, grant, part, index);
}

static step read_rights(struct call *c, const char *field, size_t at,
                        const Chancery__V1__Grant *grant, struct rights *out)
{
    for (size_t i = 0; i < grant->n_rights; i++) {
        int number = (int)grant->rights[i];
        if (number < 1 || number > RIGHTS_STANDARD) {
            return bad(c, grant_path(c, field, at, "rights", i),
                       "The right is unknown; see chancery.v1.Right.");
        }
        out->bits |= 1U << (number - 1);
    }
    for (size_t i = 0; i < grant->n_custom_rights; i++) {
        struct slice name = slice_str(grant->custom_rights[i]);
        if (!rights_is_custom_name(name)) {
            return bad(c, grant_path(c, field, at, "custom_rights", i),
                       "A custom right must match [A-Z0-9_]{1,32} and be no standard one.");
        }
        if (!rights_add_name(call_arena(c), out, name, NULL).ok) {
            return bad(c, grant_path(c, field, at, "custom_rights", i), TOO_MANY_CUSTOM);
        }
    }
    return rights_are_none(out) ? bad(c, arena_printf(call_arena(c), "%s[%zu].rights", field, at),
                                      "A grant needs at least one right.")
                                : STEP_NEXT;
}

step policy_fields_begin_grants(struct call *c, const char *field,
                                Chancery__V1__Grant *const *grants, size_t count,
                                struct policy_fields_grants *reading)
{
    *reading = (struct policy_fields_grants){.field = field, .from = grants};
    for (size_t i = 0; i < count; i++) {
        if (grants[i]->n_principals == 0) {
            return bad(c, arena_printf(call_arena(c), "%s[%zu].principals", field, i),
                       "A grant needs at least one principal.");
        }
        reading->count += grants[i]->n_principals;
    }
    if (reading->count == 0 || reading->count > POLICY_GRANTS_MAX) {
        return bad(c, field,
                   arena_printf(call_arena(c),
                                "There must be 1 to %d principals in all grants; these are %zu.",
                                POLICY_GRANTS_MAX, reading->count));
    }
    reading->grants = ARENA_ARRAY(call_arena(c), struct grant, reading->count);
    return reading->grants == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "grants") : STEP_NEXT;
}

/* The rights come once for all principals of a grant. */
static step begin_grant(struct call *c, struct policy_fields_grants *reading, size_t at)
{
    reading->rights = ARENA_NEW(call_arena(c), struct rights);
    if (reading->rights == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "rights");
    }
    if (step_failed(read_rights(c, reading->field, at, reading->from[at], reading->rights))) {
        return STEP_FAILED;
    }
    if (reading->all.custom_count > RIGHTS_CUSTOM_MAX) {
        return STEP_NEXT; /* said already, and no room for more */
    }
    rights_add(&reading->all, reading->rights);
    return reading->all.custom_count <= RIGHTS_CUSTOM_MAX
               ? STEP_NEXT
               : bad(c, arena_printf(call_arena(c), "%s[%zu].custom_rights", reading->field, at),
                     TOO_MANY_CUSTOM);
}

step policy_fields_read_grant(struct call *c, struct policy_fields_grants *reading, size_t index)
{
    const Chancery__V1__Grant *from = reading->from[reading->at_grant];
    struct grant *out = &reading->grants[index];
    size_t grant = reading->at_grant, at = reading->at_principal;
    reading->at_principal = (at + 1) % from->n_principals;
    reading->at_grant += reading->at_principal == 0 ? 1 : 0;
    if (at == 0 && step_failed(begin_grant(c, reading, grant))) {
        return STEP_FAILED;
    }
    out->rights = reading->rights;
    if (!principal_parse(call_arena(c), slice_str(from->principals[at]), &out->principal, NULL)
             .ok) {
        return bad(c, grant_path(c, reading->field, grant, "principals", at),
                   "A principal is user:, group:, domain: or tenant: and a name, or "
                   "recipients, authenticated or owner.");
    }
    return STEP_NEXT;
}

/* Recipients, owner and authenticated say nothing here: there is no content yet, and an empty list
 * means all. */
static bool is_listed_form(const struct principal *principal)
{
    return principal->name[0] != '\0';
}

step policy_fields_read_principal(struct call *c, const char *field, size_t index, const char *text,
                                  const char **out)
{
    struct principal principal;
    if (!principal_parse(call_arena(c), slice_str(text), &principal, NULL).ok ||
        !is_listed_form(&principal)) {
        return bad(c, arena_printf(call_arena(c), "%s[%zu]", field, index),
                   "Such a principal is user:, group:, domain: or tenant: and a name.");
    }
    *out = principal_format(call_arena(c), &principal);
    return *out == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "principals") : STEP_NEXT;
}

step policy_fields_read_offline(struct call *c, const char *field, int access, uint32_t days,
                                int *out)
{
    if (access != CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_DAYS && days != 0) {
        return bad(c, field, "Days may be given only with OFFLINE_ACCESS_DAYS.");
    }
    switch (access) {
    case CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_UNSPECIFIED:
        *out = OFFLINE_DAYS_CAP;
        return STEP_NEXT;
    case CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_NONE:
        *out = OFFLINE_DAYS_NONE;
        return STEP_NEXT;
    case CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_DAYS:
        *out = (int)days;
        return days >= 1 && days <= OFFLINE_DAYS_MAX ? STEP_NEXT
                                                     : bad(c, field, "Days must be 1 to 9,999.");
    default:
        return bad(c, field, "The kind of offline access is unknown.");
    }
}

step policy_fields_read_expiry(struct call *c, const char *field,
                               const Chancery__V1__Expiry *expiry, int64_t *at_us,
                               int32_t *after_days)
{
    static const int64_t latest_s = 253402300799; /* 9999-12-31T23:59:59Z */
    *at_us = 0;
    *after_days = 0;
    if (expiry == NULL) {
        return STEP_NEXT;
    }
    if (expiry->kind_case == CHANCERY__V1__EXPIRY__KIND_TIME) {
        int64_t seconds = expiry->time->seconds;
        if (seconds <= call_now(c).s || seconds > latest_s) {
            return bad(c, arena_printf(call_arena(c), "%s.time", field),
                       "The time must lie in the future, before the year 10000.");
        }
        *at_us = seconds * 1000000;
    } else if (expiry->kind_case == CHANCERY__V1__EXPIRY__KIND_DAYS) {
        if (expiry->days < 1 || expiry->days > EXPIRY_DAYS_MAX) {
            return bad(c, arena_printf(call_arena(c), "%s.days", field),
                       "Days must be 1 to 36,500.");
        }
        *after_days = (int32_t)expiry->days;
    }
    return STEP_NEXT;
}
