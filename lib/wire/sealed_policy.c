/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "chancery/internal/v1/sealed.pb-c.h"
#include "wire/pb.h"
#include "wire/pb_fields.h"
#include "wire/publishing_license.h"

typedef Chancery__Internal__V1__SealedPolicy Sealed;
typedef Chancery__Internal__V1__SealedGrant SealedGrant;

/* --- writing ---------------------------------------------------------------------------------- */

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

/* One message for the grants from here on that are of one kind and have the same rights; how
 * many they are. */
static rc encode_grants(struct arena *arena, const struct grant *grants, size_t count,
                        SealedGrant **out, size_t *taken, struct err *err)
{
    struct buf names;
    enum principal_kind kind = grants[0].principal.kind;
    buf_init(&names, arena);
    *out = ARENA_NEW(arena, SealedGrant);
    ARENA_ENSURE(*out, err);
    chancery__internal__v1__sealed_grant__init(*out);
    for (*taken = 0; *taken < count && grants[*taken].principal.kind == kind &&
                     rights_are_same(grants[0].rights, grants[*taken].rights);
         ++*taken) {
        add_text(&names, grants[*taken].principal.name);
    }
    (*out)->kind = (Chancery__Internal__V1__PrincipalKind)(kind + 1);
    TRY(encode_rights(arena, grants[0].rights, *out, err));
    return finish(&names, &(*out)->names, err);
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
    out->branding = arena_strdup(arena, policy->branding == NULL ? "" : policy->branding);
    ARENA_ENSURE(out->owner, err);
    ARENA_ENSURE(out->issuer, err);
    ARENA_ENSURE(out->referral_contact, err);
    ARENA_ENSURE(out->branding, err);
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
    message.principal_count = (uint32_t)policy->grant_count;
    message.protected_at = policy->protected_at.s;
    message.expires_at = policy->expires_at.s;
    message.offline_days = policy->offline_days;
    return pb_pack(arena, &message.base, out, err);
}

/* --- reading: in place, for a policy may name a thousand people, and each license reads it ---- */

/* What we sealed ourselves must read; whatever does not, refuses. */
static rc invalid(struct err *err, const char *what)
{
    if (err_is(err, R_ARENA_EXHAUSTED)) {
        return (rc){false};
    }
    FAIL(err, R_POLICY_INVALID, "sealed policy, not understood: %s", what);
}

/* Take the next of the texts that lie one behind the other, each with its NUL. False when there
 * is none, or it has no end. */
static inline bool next_text(struct slice *rest, const char **out)
{
    const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->ptr, '\0', rest->len);
    if (end == NULL) {
        return false;
    }
    *out = (const char *)rest->ptr;
    *rest = slice_of(end + 1, rest->len - (size_t)(end + 1 - rest->ptr));
    return true;
}

/* A text of its own, which must hold no NUL: it would be cut there. */
static rc copy_text(struct arena *arena, struct slice bytes, const char **out, struct err *err)
{
    if (slice_find(bytes, '\0') >= 0) {
        return invalid(err, "a text with a NUL in it");
    }
    *out = arena_dup(arena, bytes);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* --- grants ----------------------------------------------------------------------------------- */

/* Numbers of the fields of SealedGrant. */
enum { GRANT_KIND = 1, GRANT_NAMES = 2, GRANT_RIGHTS = 3, GRANT_CUSTOM_RIGHT = 4 };

struct sealed_grant {
    uint64_t kind;
    struct slice names;
    struct rights *rights;
};

/* A standard right is a bit, and each name stands once. */
static rc read_custom_right(struct arena *arena, struct slice bytes, struct rights *rights,
                            struct err *err)
{
    const char *name;
    size_t before = rights->custom_count;
    TRY(copy_text(arena, bytes, &name, err));
    return rights_add_name(arena, rights, bytes, err).ok && rights->custom_count == before + 1
               ? OK
               : invalid(err, name);
}

static rc read_grant_field(struct arena *arena, const struct pb_field *field,
                           struct sealed_grant *out, struct err *err)
{
    bool is_bytes = field->number == GRANT_NAMES || field->number == GRANT_CUSTOM_RIGHT;
    if (field->is_bytes != is_bytes || field->number > GRANT_CUSTOM_RIGHT) {
        return invalid(err, "a field of a grant");
    }
    switch (field->number) {
    case GRANT_KIND:
        out->kind = field->value;
        return OK;
    case GRANT_NAMES:
        out->names = field->bytes;
        return OK;
    case GRANT_RIGHTS:
        out->rights->bits = (uint32_t)field->value & RIGHTS_ALL;
        return out->rights->bits == field->value ? OK : invalid(err, "a right without a name");
    default:
        return read_custom_right(arena, field->bytes, out->rights, err);
    }
}

static rc read_grant(struct arena *arena, struct slice message, struct sealed_grant *out,
                     struct err *err)
{
    struct pb_fields fields = pb_fields_of(message);
    struct pb_field field;
    *out = (struct sealed_grant){.rights = ARENA_NEW(arena, struct rights)};
    ARENA_ENSURE(out->rights, err);
    while (pb_next_field(&fields, &field)) {
        TRY(read_grant_field(arena, &field, out, err));
    }
    if (fields.is_malformed || out->kind == 0 || out->kind > PRINCIPAL_UNKNOWN) {
        return invalid(err, "a grant");
    }
    return OK;
}

/* One value per principal, up to `most` in all: simpler to decide on than a list of lists. */
static rc add_grants(struct arena *arena, struct slice message, struct grant *grants, size_t most,
                     size_t *count, struct err *err)
{
    struct sealed_grant sealed;
    TRY(read_grant(arena, message, &sealed, err));
    if (sealed.names.len == 0) {
        return invalid(err, "rights for nobody");
    }
    while (sealed.names.len > 0) {
        struct grant *grant = &grants[*count];
        if (*count == most || !next_text(&sealed.names, &grant->principal.name)) {
            return invalid(err, "more principals than there should be, or one without its end");
        }
        grant->principal.kind = (enum principal_kind)(sealed.kind - 1);
        grant->rights = sealed.rights;
        if (!principal_is_whole(&grant->principal)) {
            return invalid(err, grant->principal.name);
        }
        ++*count;
    }
    return OK;
}

/* --- the policy ------------------------------------------------------------------------------- */

/* Numbers of the fields of SealedPolicy. */
enum {
    OWNER = 1,
    ISSUER = 2,
    KIND = 3,
    TEMPLATE_ID = 4,
    GRANT = 5,
    RECIPIENTS = 6,
    PROTECTED_AT = 7,
    EXPIRES_AT = 8,
    OFFLINE_DAYS = 9,
    REFERRAL_CONTACT = 10,
    RECIPIENT_COUNT = 11,
    PRINCIPAL_COUNT = 12,
    BRANDING = 13,
    FIELD_LAST = BRANDING,
};

/* The fields as they lie; of grants the last one. */
struct sealed {
    struct slice bytes[FIELD_LAST + 1];
    uint64_t value[FIELD_LAST + 1];
    size_t grant_messages;
};

/* Each field once, of its type, but for grants. */
static bool take_apart(struct slice message, struct sealed *out)
{
    static const uint32_t are_bytes = 1U << OWNER | 1U << ISSUER | 1U << TEMPLATE_ID | 1U << GRANT |
                                      1U << RECIPIENTS | 1U << REFERRAL_CONTACT | 1U << BRANDING;
    struct pb_fields fields = pb_fields_of(message);
    struct pb_field field;
    uint32_t before = 0;
    *out = (struct sealed){0};
    while (pb_next_field(&fields, &field)) {
        bool is_known = field.number <= FIELD_LAST &&
                        field.is_bytes == ((are_bytes & 1U << field.number) != 0) &&
                        (field.number != before || field.number == GRANT);
        if (!is_known) {
            return false;
        }
        before = field.number;
        out->bytes[field.number] = field.bytes;
        out->value[field.number] = field.value;
        out->grant_messages += field.number == GRANT;
    }
    return !fields.is_malformed;
}

/* The kinds that this version knows, and what each must bring. */
static bool kind_is_sound(const struct sealed *sealed)
{
    switch (sealed->value[KIND]) {
    case POLICY_TEMPLATE:
        return sealed->bytes[TEMPLATE_ID].len == UUID_BYTES && sealed->grant_messages == 0;
    case POLICY_CUSTOM:
        return sealed->grant_messages > 0;
    case POLICY_DO_NOT_FORWARD:
    case POLICY_ENCRYPT_ONLY:
        return sealed->grant_messages == 0 && sealed->value[RECIPIENT_COUNT] > 0;
    default:
        return false;
    }
}

static rc read_all_grants(struct arena *arena, struct slice message, uint64_t count,
                          struct policy *out, struct err *err)
{
    struct pb_fields fields = pb_fields_of(message);
    struct pb_field field;
    ENSURE(count <= POLICY_GRANTS_MAX, err, R_POLICY_INVALID);
    struct grant *grants = arena_alloc(arena, ((size_t)count + 1) * sizeof *grants);
    ARENA_ENSURE(grants, err);
    out->grants = grants;
    while (pb_next_field(&fields, &field)) {
        if (field.number == GRANT) {
            TRY(add_grants(arena, field.bytes, grants, (size_t)count, &out->grant_count, err));
        }
    }
    return out->grant_count == count ? OK : invalid(err, "fewer principals than there should be");
}

/* Written sorted and without repetition; a search in an unsorted list only finds less. */
static rc read_recipients(struct arena *arena, const struct sealed *sealed, struct policy *out,
                          struct err *err)
{
    uint64_t count = sealed->value[RECIPIENT_COUNT];
    struct slice rest = sealed->bytes[RECIPIENTS];
    ENSURE(count <= POLICY_RECIPIENTS_MAX, err, R_POLICY_INVALID);
    const char **recipients = arena_alloc(arena, ((size_t)count + 1) * sizeof recipients[0]);
    ARENA_ENSURE(recipients, err);
    while (out->recipient_count < count && next_text(&rest, &recipients[out->recipient_count])) {
        out->recipient_count++;
    }
    out->recipients = recipients;
    return out->recipient_count == count && rest.len == 0
               ? OK
               : invalid(err, "more or fewer recipients than there should be");
}

/* protobuf's sint32: the sign is the lowest bit. */
static int64_t zigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

rc sealed_policy_decode(struct arena *arena, struct slice bytes, struct policy *out,
                        struct err *err)
{
    struct sealed sealed;
    memset(out, 0, sizeof *out);
    if (!take_apart(bytes, &sealed)) {
        return invalid(err, "its fields");
    }
    if (!kind_is_sound(&sealed)) {
        return invalid(err, "its kind");
    }
    int64_t days = zigzag(sealed.value[OFFLINE_DAYS]);
    if (days < OFFLINE_DAYS_CAP || days > OFFLINE_DAYS_MAX) {
        return invalid(err, "offline days");
    }
    out->kind = (enum policy_kind)sealed.value[KIND];
    if (out->kind == POLICY_TEMPLATE) {
        memcpy(out->template_id.u.b, sealed.bytes[TEMPLATE_ID].ptr, UUID_BYTES);
    }
    out->protected_at.s = (int64_t)sealed.value[PROTECTED_AT];
    out->expires_at.s = (int64_t)sealed.value[EXPIRES_AT];
    out->offline_days = (int)days;
    TRY(copy_text(arena, sealed.bytes[OWNER], &out->owner, err));
    TRY(copy_text(arena, sealed.bytes[ISSUER], &out->issuer, err));
    TRY(copy_text(arena, sealed.bytes[REFERRAL_CONTACT], &out->referral_contact, err));
    TRY(copy_text(arena, sealed.bytes[BRANDING], &out->branding, err));
    TRY(read_recipients(arena, &sealed, out, err));
    return sealed.grant_messages == 0
               ? OK
               : read_all_grants(arena, bytes, sealed.value[PRINCIPAL_COUNT], out, err);
}
