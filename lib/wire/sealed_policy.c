/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "chancery/internal/v1/sealed.pb-c.h"
#include "wire/pb.h"
#include "wire/publishing_license.h"

typedef Chancery__Internal__V1__SealedPolicy Sealed;
typedef Chancery__Internal__V1__SealedGrant SealedGrant;

/* --- writing ----------------------------------------------------------------------------------- */

/* Add a text and the NUL behind it. */
static void add_text(struct buf *buf, const char *text)
{
    buf_add(buf, slice_of(text, strlen(text) + 1));
}

/* Take over a finished buffer, in the form that protobuf-c wants. */
static rc finish(const struct buf *buf, ProtobufCBinaryData *out, struct err *err)
{
    struct slice bytes;
    TRY(buf_finish(buf, &bytes, err));
    *out = (ProtobufCBinaryData){buf->len, buf->ptr};
    return OK;
}

static bool rights_are_same(const struct rights *a, const struct rights *b)
{
    bool same = a == b || (a->bits == b->bits && a->custom_count == b->custom_count);
    for (size_t i = 0; same && a != b && i < a->custom_count; i++) {
        same = strcmp(a->custom[i], b->custom[i]) == 0;
    }
    return same;
}

static rc encode_rights(struct arena *arena, const struct rights *rights, SealedGrant *out,
                        struct err *err)
{
    out->rights = rights->bits;
    out->n_custom_rights = rights->custom_count;
    out->custom_rights = ARENA_ARRAY(arena, char *, rights->custom_count + 1);
    ARENA_ENSURE(out->custom_rights, err);
    for (size_t i = 0; i < rights->custom_count; i++) {
        out->custom_rights[i] = arena_strdup(arena, rights->custom[i]);
        ARENA_ENSURE(out->custom_rights[i], err);
    }
    return OK;
}

/* One message for the grants from here on that have the same rights; how many they are. */
static rc encode_grants(struct arena *arena, const struct grant *grants, size_t count,
                        SealedGrant **out, size_t *taken, struct err *err)
{
    struct buf principals;
    buf_init(&principals, arena);
    *out = ARENA_NEW(arena, SealedGrant);
    ARENA_ENSURE(*out, err);
    chancery__internal__v1__sealed_grant__init(*out);
    for (*taken = 0; *taken < count && rights_are_same(grants[0].rights, grants[*taken].rights);
         ++*taken) {
        const char *principal = principal_format(arena, &grants[*taken].principal);
        ARENA_ENSURE(principal, err);
        add_text(&principals, principal);
    }
    (*out)->principal_count = (uint32_t)*taken;
    TRY(encode_rights(arena, grants[0].rights, *out, err));
    return finish(&principals, &(*out)->principals, err);
}

static rc encode_texts(struct arena *arena, const struct policy *policy, Sealed *out,
                       struct err *err)
{
    struct buf recipients;
    buf_init(&recipients, arena);
    for (size_t i = 0; i < policy->recipient_count; i++) {
        add_text(&recipients, policy->recipients[i]);
    }
    out->recipient_count = (uint32_t)policy->recipient_count;
    out->owner = arena_strdup(arena, policy->owner);
    out->issuer = arena_strdup(arena, policy->issuer);
    out->referral_contact = arena_strdup(arena, policy->referral_contact);
    ARENA_ENSURE(out->owner, err);
    ARENA_ENSURE(out->issuer, err);
    ARENA_ENSURE(out->referral_contact, err);
    return finish(&recipients, &out->recipients, err);
}

rc sealed_policy_encode(struct arena *arena, const struct policy *policy, struct slice *out,
                        struct err *err)
{
    Sealed message;
    struct template_id template_id = policy->template_id;
    chancery__internal__v1__sealed_policy__init(&message);
    TRY(encode_texts(arena, policy, &message, err));
    message.grants = ARENA_ARRAY(arena, SealedGrant *, policy->grant_count + 1);
    ARENA_ENSURE(message.grants, err);
    message.kind = (Chancery__Internal__V1__PolicyKind)policy->kind;
    if (policy->kind == POLICY_TEMPLATE) {
        message.template_id = (ProtobufCBinaryData){UUID_BYTES, template_id.u.b};
    }
    for (size_t i = 0, taken = 0; i < policy->grant_count; i += taken) {
        TRY(encode_grants(arena, &policy->grants[i], policy->grant_count - i,
                          &message.grants[message.n_grants], &taken, err));
        message.n_grants++;
    }
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

/* The texts that lie one behind the other in `bytes`, which lends them: exactly `count`, each with its NUL. */
static rc split_texts(struct arena *arena, ProtobufCBinaryData bytes, size_t count,
                      const char ***out, struct err *err)
{
    struct slice rest = slice_of(bytes.data, bytes.len);
    const char **list = arena_alloc(arena, (count + 1) * sizeof list[0]);
    ARENA_ENSURE(list, err);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *end = rest.len == 0 ? NULL : memchr(rest.ptr, '\0', rest.len);
        if (end == NULL) {
            return invalid(err, "fewer names than there should be");
        }
        list[i] = (const char *)rest.ptr;
        rest.len -= (size_t)(end + 1 - rest.ptr);
        rest.ptr = end + 1;
    }
    *out = list;
    return rest.len == 0 ? OK : invalid(err, "more names than there should be");
}

static rc read_rights(struct arena *arena, const SealedGrant *from, struct rights *out,
                      struct err *err)
{
    *out = (struct rights){.bits = from->rights};
    if ((from->rights & ~(uint32_t)RIGHTS_ALL) != 0) {
        return invalid(err, "a right without a name");
    }
    for (size_t i = 0; i < from->n_custom_rights; i++) {
        if (!rights_add_name(arena, out, slice_str(from->custom_rights[i]), err).ok) {
            return invalid(err, from->custom_rights[i]);
        }
    }
    return OK;
}

/* One value per principal: simpler to decide on than a list of lists. */
static rc read_grants(struct arena *arena, const SealedGrant *from, struct grant *out,
                      struct err *err)
{
    const char **principals = NULL;
    struct rights *rights = ARENA_NEW(arena, struct rights);
    ARENA_ENSURE(rights, err);
    TRY(read_rights(arena, from, rights, err));
    TRY(split_texts(arena, from->principals, from->principal_count, &principals, err));
    for (size_t i = 0; i < from->principal_count; i++) {
        out[i].rights = rights;
        if (!principal_read_written(principals[i], &out[i].principal)) {
            return invalid(err, principals[i]);
        }
    }
    return OK;
}

static rc decode_grants(struct arena *arena, const Sealed *sealed, struct policy *out,
                        struct err *err)
{
    size_t total = 0;
    for (size_t i = 0; i < sealed->n_grants; i++) {
        size_t count = sealed->grants[i]->principal_count;
        ENSURE(count > 0 && count <= POLICY_GRANTS_MAX - total, err, R_POLICY_INVALID);
        total += count;
    }
    struct grant *grants = arena_alloc(arena, (total + 1) * sizeof *grants);
    ARENA_ENSURE(grants, err);
    out->grants = grants;
    out->grant_count = total;
    for (size_t i = 0; i < sealed->n_grants; i++) {
        TRY(read_grants(arena, sealed->grants[i], grants, err));
        grants += sealed->grants[i]->principal_count;
    }
    return OK;
}

/* Written sorted and without repetition; a search in an unsorted list only finds less. */
static rc decode_recipients(struct arena *arena, const Sealed *sealed, struct policy *out,
                            struct err *err)
{
    const char **recipients = NULL;
    out->recipient_count = sealed->recipient_count;
    ENSURE(out->recipient_count <= POLICY_RECIPIENTS_MAX, err, R_POLICY_INVALID);
    TRY(split_texts(arena, sealed->recipients, out->recipient_count, &recipients, err));
    out->recipients = recipients;
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
        return sealed->n_grants == 0 && sealed->recipient_count > 0;
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
    out->protected_at.s = sealed->protected_at;
    out->expires_at.s = sealed->expires_at;
    out->offline_days = sealed->offline_days;
    out->referral_contact = sealed->referral_contact;
    TRY(decode_recipients(arena, sealed, out, err));
    return decode_grants(arena, sealed, out, err);
}
