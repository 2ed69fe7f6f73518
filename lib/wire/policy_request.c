/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/policy_request.h"

#include <string.h>

#include "base/texts.h"
#include "base/utf8.h"
#include "domain/values/address.h"
#include "wire/pb.h"

typedef Chancery__V1__ProtectRequest Request;

static rc invalid(struct err *err, const char *field, const char *why)
{
    if (err_is(err, R_ARENA_EXHAUSTED)) {
        return (rc){false};
    }
    err_clear(err);
    FAIL(err, R_INPUT_INVALID, "%s: %s", field, why);
}

/* --- recipients ------------------------------------------------------------------------------- */

/* What has the form of an address and names nobody refuses only itself: the mail has other recipients. */
static rc read_recipient(struct address_batch *batch, char *given, struct policy *out,
                         const char **recipients, struct policy_refused *refused, struct err *err)
{
    struct err why = {0};
    if (address_batch_normalize(batch, slice_str(given), &recipients[out->recipient_count], &why)
            .ok) {
        out->recipient_count++;
        return OK;
    }
    if (why.reason != R_FIELD_INVALID) {
        *err = why;
        return (rc){false};
    }
    refused->items[refused->count++] = given;
    return address_has_form(slice_str(given))
               ? OK
               : invalid(err, "recipients", "one is no mail address");
}

static rc read_recipients(struct arena *arena, const Request *request, struct policy *out,
                          struct policy_refused *refused, struct err *err)
{
    size_t count = request->n_recipients;
    struct address_batch batch;
    if (count > POLICY_RECIPIENTS_MAX) {
        return invalid(err, "recipients", "there may be at most 1,000");
    }
    const char **recipients = ARENA_ARRAY(arena, const char *, count + 1);
    refused->items = ARENA_ARRAY(arena, const char *, count + 1);
    ARENA_ENSURE(recipients, err);
    ARENA_ENSURE(refused->items, err);
    address_batch_init(&batch, arena);
    for (size_t i = 0; i < count; i++) {
        TRY(read_recipient(&batch, request->recipients[i], out, recipients, refused, err));
    }
    if (count > 0 && out->recipient_count == 0) {
        return invalid(err, "recipients", "none of them can be named");
    }
    out->recipients = recipients;
    out->recipient_count = texts_sort(recipients, out->recipient_count);
    return OK;
}

/* --- policies --------------------------------------------------------------------------------- */

static rc read_rights(struct arena *arena, const Chancery__V1__Grant *grant, struct rights *out,
                      struct err *err)
{
    for (size_t i = 0; i < grant->n_rights; i++) {
        int number = (int)grant->rights[i];
        if (number < 1 || number > RIGHTS_STANDARD) {
            return invalid(err, "grants", "a right is unknown");
        }
        out->bits |= 1U << (number - 1);
    }
    for (size_t i = 0; i < grant->n_custom_rights; i++) {
        struct slice name = slice_str(grant->custom_rights[i]);
        if (!rights_is_custom_name(name) || !rights_add_name(arena, out, name, err).ok) {
            return invalid(err, "grants", "a custom right must match [A-Z0-9_]{1,32}");
        }
    }
    return rights_are_none(out) ? invalid(err, "grants", "a grant needs a right") : OK;
}

static rc read_grants(struct arena *arena, const Chancery__V1__CustomPolicy *custom,
                      struct policy *out, struct err *err)
{
    size_t total = 0;
    for (size_t i = 0; i < custom->n_grants; i++) {
        total += custom->grants[i]->n_principals;
    }
    if (total == 0 || total > POLICY_GRANTS_MAX) {
        return invalid(err, "grants", "there must be 1 to 1,000 principals");
    }
    struct grant *grants = ARENA_ARRAY(arena, struct grant, total);
    ARENA_ENSURE(grants, err);
    for (size_t i = 0; i < custom->n_grants; i++) {
        struct rights *rights = ARENA_NEW(arena, struct rights);
        ARENA_ENSURE(rights, err);
        TRY(read_rights(arena, custom->grants[i], rights, err));
        for (size_t j = 0; j < custom->grants[i]->n_principals; j++) {
            struct grant *grant = &grants[out->grant_count++];
            grant->rights = rights;
            if (!principal_parse(arena, slice_str(custom->grants[i]->principals[j]),
                                 &grant->principal, err)
                     .ok) {
                return invalid(err, "grants",
                               "a principal is user:, group:, domain: or tenant: and a name, or "
                               "recipients, authenticated or owner");
            }
        }
    }
    out->grants = grants;
    return grants_add_custom(grants, out->grant_count, NULL)
               ? OK
               : invalid(err, "grants", "there may be at most 16 custom rights");
}

static rc read_custom(struct arena *arena, const Chancery__V1__CustomPolicy *custom,
                      struct policy *out, struct err *err)
{
    const Chancery__V1__Expiry *expiry = custom->expiry;
    out->kind = POLICY_CUSTOM;
    out->referral_contact = custom->referral_contact;
    if (strlen(custom->referral_contact) > REFERRAL_CONTACT_MAX ||
        !utf8_is_printable(slice_str(custom->referral_contact))) {
        return invalid(err, "referral_contact", "it must be one line of at most 256 bytes");
    }
    if (expiry != NULL && expiry->kind_case == CHANCERY__V1__EXPIRY__KIND_DAYS &&
        (expiry->days < 1 || expiry->days > EXPIRY_DAYS_MAX)) {
        return invalid(err, "expiry", "it ends after 1 to 36,500 days");
    }
    if (expiry != NULL && expiry->kind_case == CHANCERY__V1__EXPIRY__KIND_TIME) {
        out->expires_at.s = expiry->time->seconds;
    }
    switch (custom->offline_access) {
    case CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_NONE:
        out->offline_days = OFFLINE_DAYS_NONE;
        break;
    case CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_DAYS:
        out->offline_days = (int)custom->offline_days;
        break;
    case CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_UNSPECIFIED:
    case _CHANCERY__V1__OFFLINE_ACCESS_IS_INT_SIZE:
    default:
        break;
    }
    bool is_sound = out->offline_days >= OFFLINE_DAYS_CAP && out->offline_days <= OFFLINE_DAYS_MAX;
    return is_sound ? read_grants(arena, custom, out, err)
                    : invalid(err, "offline_days", "at most 9,999");
}

static rc read_policy(struct arena *arena, const Request *request, struct policy *out,
                      struct err *err)
{
    switch (request->policy_case) {
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_TEMPLATE_ID:
        out->kind = POLICY_TEMPLATE;
        return uuid_parse(slice_str(request->template_id), &out->template_id.u, err).ok
                   ? OK
                   : invalid(err, "template_id", "it must be a UUID");
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_DO_NOT_FORWARD:
        out->kind = POLICY_DO_NOT_FORWARD;
        return OK;
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_ENCRYPT_ONLY:
        out->kind = POLICY_ENCRYPT_ONLY;
        return OK;
    case CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM:
        return read_custom(arena, request->custom, out, err);
    case CHANCERY__V1__PROTECT_REQUEST__POLICY__NOT_SET:
    case _CHANCERY__V1__PROTECT_REQUEST__POLICY__CASE_IS_INT_SIZE:
        break;
    }
    return invalid(err, "policy", "it needs one");
}

rc policy_request_read(struct arena *arena, const Request *request, struct policy *out,
                       struct policy_refused *refused, struct err *err)
{
    *out = (struct policy){.offline_days = OFFLINE_DAYS_CAP,
                           .owner = "",
                           .issuer = "",
                           .referral_contact = "",
                           .branding = request->branding};
    *refused = (struct policy_refused){0};
    if (strlen(request->branding) > BRANDING_NAME_MAX ||
        !utf8_is_printable(slice_str(request->branding))) {
        return invalid(err, "branding", "it must be one line of at most 64 bytes");
    }
    if (request->owner[0] != '\0' &&
        !address_normalize(arena, slice_str(request->owner), &out->owner, err).ok) {
        return invalid(err, "owner", "it must be a mail address");
    }
    TRY(read_policy(arena, request, out, err));
    return read_recipients(arena, request, out, refused, err);
}

uint32_t policy_request_days(const Request *request)
{
    bool is_custom = request->policy_case == CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM;
    const Chancery__V1__Expiry *expiry = is_custom ? request->custom->expiry : NULL;
    bool has_days = expiry != NULL && expiry->kind_case == CHANCERY__V1__EXPIRY__KIND_DAYS;
    return has_days ? expiry->days : 0;
}
