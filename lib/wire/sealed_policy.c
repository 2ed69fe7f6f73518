/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery/internal/v1/sealed.pb-c.h"
#include "wire/pb.h"
#include "wire/publishing_license.h"

typedef Chancery__Internal__V1__SealedPolicy Sealed;
typedef Chancery__Internal__V1__SealedGrant SealedGrant;

/* --- writing ----------------------------------------------------------------------------------- */

static rc copy_texts(struct arena *arena, const char *const *from, size_t count, char ***out,
                     struct err *err)
{
    *out = ARENA_ARRAY(arena, char *, count + 1);
    ARENA_ENSURE(*out, err);
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = arena_strdup(arena, from[i]);
        ARENA_ENSURE((*out)[i], err);
    }
    return OK;
}

static rc encode_grant(struct arena *arena, const struct grant *grant, SealedGrant **out,
                       struct err *err)
{
    const char *names[RIGHTS_STANDARD + RIGHTS_CUSTOM_MAX];
    const char *principal = principal_format(arena, &grant->principal);
    size_t count = 0;
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        if (grant->rights.bits & 1U << i) {
            names[count++] = right_name(i);
        }
    }
    for (size_t i = 0; i < grant->rights.custom_count; i++) {
        names[count++] = grant->rights.custom[i];
    }
    *out = ARENA_NEW(arena, SealedGrant);
    ARENA_ENSURE(*out, err);
    ARENA_ENSURE(principal, err);
    chancery__internal__v1__sealed_grant__init(*out);
    (*out)->n_principals = 1;
    (*out)->n_rights = count;
    TRY(copy_texts(arena, &principal, 1, &(*out)->principals, err));
    return copy_texts(arena, names, count, &(*out)->rights, err);
}

rc sealed_policy_encode(struct arena *arena, const struct policy *policy, struct slice *out,
                        struct err *err)
{
    Sealed message;
    struct template_id template_id = policy->template_id;
    chancery__internal__v1__sealed_policy__init(&message);
    message.owner = arena_strdup(arena, policy->owner);
    message.issuer = arena_strdup(arena, policy->issuer);
    message.referral_contact = arena_strdup(arena, policy->referral_contact);
    message.grants = ARENA_ARRAY(arena, SealedGrant *, policy->grant_count + 1);
    ARENA_ENSURE(message.owner, err);
    ARENA_ENSURE(message.issuer, err);
    ARENA_ENSURE(message.referral_contact, err);
    ARENA_ENSURE(message.grants, err);
    message.kind = (Chancery__Internal__V1__PolicyKind)policy->kind;
    if (policy->kind == POLICY_TEMPLATE) {
        message.template_id = (ProtobufCBinaryData){UUID_BYTES, template_id.u.b};
    }
    for (size_t i = 0; i < policy->grant_count; i++) {
        TRY(encode_grant(arena, &policy->grants[i], &message.grants[i], err));
    }
    message.n_grants = policy->grant_count;
    message.n_recipients = policy->recipient_count;
    TRY(copy_texts(arena, policy->recipients, policy->recipient_count, &message.recipients, err));
    message.protected_at = policy->protected_at.s;
    message.expires_at = policy->expires_at.s;
    message.offline_days = policy->offline_days;
    return pb_pack(arena, &message.base, out, err);
}

/* --- reading ----------------------------------------------------------------------------------- */

/* What we sealed ourselves must read; whatever does not, refuses. */
static rc invalid(struct err *err, const char *what)
{
    if (err->reason == R_ARENA_EXHAUSTED) {
        return (rc){false};
    }
    FAIL(err, R_POLICY_INVALID, "sealed policy, not understood: %s", what);
}

static size_t principals_of(const Sealed *sealed)
{
    size_t count = 0;
    for (size_t i = 0; i < sealed->n_grants; i++) {
        count += sealed->grants[i]->n_principals;
    }
    return count;
}

/* One value per principal: simpler to decide on than a list of lists. */
static rc decode_grants(struct arena *arena, const Sealed *sealed, struct policy *out,
                        struct err *err)
{
    size_t count = principals_of(sealed);
    struct grant *grants = ARENA_ARRAY(arena, struct grant, count + 1);
    ARENA_ENSURE(grants, err);
    ENSURE(count <= POLICY_GRANTS_MAX, err, R_POLICY_INVALID);
    out->grants = grants;
    for (size_t i = 0; i < sealed->n_grants; i++) {
        const SealedGrant *from = sealed->grants[i];
        struct rights rights = {0};
        for (size_t j = 0; j < from->n_rights; j++) {
            if (!rights_add_name(arena, &rights, slice_str(from->rights[j]), err).ok) {
                return invalid(err, from->rights[j]);
            }
        }
        for (size_t j = 0; j < from->n_principals; j++) {
            struct grant *grant = &grants[out->grant_count++];
            grant->rights = rights;
            if (!principal_parse(arena, slice_str(from->principals[j]), &grant->principal, err)
                     .ok) {
                return invalid(err, from->principals[j]);
            }
        }
    }
    return OK;
}

/* The kinds that this version knows, and what each must bring. */
static bool kind_is_sound(const Sealed *sealed)
{
    switch ((int)sealed->kind) {
    case POLICY_TEMPLATE:
        return sealed->template_id.len == UUID_BYTES && sealed->n_grants == 0;
    case POLICY_CUSTOM:
        return sealed->n_grants > 0;
    case POLICY_DO_NOT_FORWARD:
    case POLICY_ENCRYPT_ONLY:
        return sealed->n_grants == 0 && sealed->n_recipients > 0;
    default:
        return false;
    }
}

rc sealed_policy_decode(struct arena *arena, struct slice bytes, struct policy *out,
                        struct err *err)
{
    ProtobufCMessage *message = NULL;
    memset(out, 0, sizeof *out);
    if (!pb_unpack(arena, &chancery__internal__v1__sealed_policy__descriptor, bytes, &message, err)
             .ok) {
        return invalid(err, "not a message");
    }
    const Sealed *sealed = (const void *)message;
    if (!kind_is_sound(sealed) || sealed->base.n_unknown_fields > 0) {
        return invalid(err, "its kind");
    }
    if (sealed->offline_days < OFFLINE_DAYS_CAP || sealed->offline_days > OFFLINE_DAYS_MAX) {
        return invalid(err, "offline days");
    }
    out->kind = (enum policy_kind)sealed->kind;
    if (out->kind == POLICY_TEMPLATE) {
        memcpy(out->template_id.u.b, sealed->template_id.data, UUID_BYTES);
    }
    out->owner = sealed->owner;
    out->issuer = sealed->issuer;
    out->recipient_count = sealed->n_recipients;
    /* Written sorted and without repetition; a search in an unsorted list only finds less. */
    out->recipients = (const char *const *)sealed->recipients;
    out->protected_at.s = sealed->protected_at;
    out->expires_at.s = sealed->expires_at;
    out->offline_days = sealed->offline_days;
    out->referral_contact = sealed->referral_contact;
    return decode_grants(arena, sealed, out, err);
}
