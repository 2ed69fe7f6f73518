/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that somebody else has sealed: decisions compare names byte by byte, so each must stand in the
 * one form that there is for it. */
#include <string.h>

#include "base/utf8.h"
#include "domain/values/address.h"
#include "wire/publishing_license.h"

static rc refuse(struct err *err, const char *what)
{
    if (err_is(err, R_ARENA_EXHAUSTED)) {
        return (rc){false};
    }
    FAIL(err, R_LICENSE_MALFORMED, "the policy of an offline license: %s", what);
}

static rc check_address(struct address_batch *batch, const char *name, struct err *err)
{
    const char *normal = "";
    return address_batch_normalize(batch, slice_str(name), &normal, err).ok &&
                   strcmp(normal, name) == 0
               ? OK
               : refuse(err, "an address");
}

static rc check_recipients(struct address_batch *batch, const struct policy *policy,
                           struct err *err)
{
    for (size_t i = 0; i < policy->recipient_count; i++) {
        TRY(check_address(batch, policy->recipients[i], err));
        if (i > 0 && strcmp(policy->recipients[i - 1], policy->recipients[i]) >= 0) {
            return refuse(err, "the order of recipients");
        }
    }
    return OK;
}

static rc check_principal(struct arena *arena, struct address_batch *batch,
                          const struct principal *principal, struct err *err)
{
    if (principal->kind == PRINCIPAL_USER || principal->kind == PRINCIPAL_GROUP) {
        return check_address(batch, principal->name, err);
    }
    const char *text = principal_format(arena, principal);
    struct principal normal;
    ARENA_ENSURE(text, err);
    return principal_parse(arena, slice_str(text), &normal, err).ok &&
                   strcmp(normal.name, principal->name) == 0
               ? OK
               : refuse(err, "a principal");
}

static rc check_grants(struct arena *arena, struct address_batch *batch,
                       const struct policy *policy, struct err *err)
{
    if (!grants_add_custom(policy->grants, policy->grant_count, NULL)) {
        return refuse(err, "custom rights");
    }
    for (size_t i = 0; i < policy->grant_count; i++) {
        if (rights_are_none(policy->grants[i].rights)) {
            return refuse(err, "a grant of nothing");
        }
        TRY(check_principal(arena, batch, &policy->grants[i].principal, err));
    }
    return OK;
}

static bool is_line(const char *text, size_t max)
{
    return strlen(text) <= max && utf8_is_printable(slice_str(text));
}

rc sealed_policy_check(struct arena *arena, const struct policy *policy, struct err *err)
{
    struct address_batch batch;
    address_batch_init(&batch, arena);
    TRY(check_address(&batch, policy->owner, err));
    TRY(check_recipients(&batch, policy, err));
    TRY(check_grants(arena, &batch, policy, err));
    return is_line(policy->referral_contact, REFERRAL_CONTACT_MAX) &&
                   is_line(policy->branding, BRANDING_NAME_MAX) &&
                   is_line(policy->issuer, ADDRESS_MAX)
               ? OK
               : refuse(err, "a text");
}
