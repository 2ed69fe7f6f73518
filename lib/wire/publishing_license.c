/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/publishing_license.h"

#include "chancery/internal/v1/sealed.pb-c.h"
#include "domain/values/boundary.h"
#include "wire/offline_license.h"
#include "wire/pb.h"
#include "wire/pb_fields.h"

/* Two boxes of nonce and tag, the first of them around 32 bytes, and something in the second. */
enum { SEALED_MIN = 2 * (12 + 16) + 32 + 1 };
/* Numbers of the fields of chancery.internal.v1.PublishingLicense. */
enum { LICENSE_VERSION_NUMBER = 1, LICENSE_HEADER = 2, LICENSE_SEALED = 3 };

/* What pb_unpack says of a request's message it must not say of what lies inside a field. */
static rc malformed(struct err *err)
{
    if (err_is(err, R_ARENA_EXHAUSTED)) {
        return (rc){false};
    }
    FAIL(err, R_LICENSE_MALFORMED, "not a publishing license");
}

static rc parse_header(struct arena *arena, struct slice bytes, struct license_header *out,
                       struct err *err)
{
    ProtobufCMessage *message = NULL;
    if (!pb_unpack(arena, &chancery__internal__v1__license_header__descriptor, bytes, &message, err)
             .ok) {
        return malformed(err);
    }
    const Chancery__Internal__V1__LicenseHeader *header = (const void *)message;
    *out = (struct license_header){
        .authority_url = header->authority_url,
        .boundary = header->boundary,
        .key_version = header->key_version,
        .display_name = header->display_name,
    };
    ENSURE(header->tenant_id.len == UUID_BYTES && header->content_id.len == UUID_BYTES, err,
           R_LICENSE_MALFORMED);
    memcpy(out->tenant.u.b, header->tenant_id.data, UUID_BYTES);
    memcpy(out->content.u.b, header->content_id.data, UUID_BYTES);
    ENSURE(boundary_name_is_valid(slice_str(out->boundary)), err, R_LICENSE_MALFORMED);
    ENSURE(strlen(out->authority_url) <= LICENSE_URL_MAX, err, R_LICENSE_MALFORMED);
    ENSURE(strlen(out->display_name) <= LICENSE_DISPLAY_NAME_MAX, err, R_LICENSE_MALFORMED);
    ENSURE(out->key_version > 0, err, R_LICENSE_MALFORMED);
    return OK;
}

/* Each part once, in place: what is sealed may be large. Bytes that are missing are empty, and
 * refused below. */
static bool take_apart(struct slice bytes, uint64_t *version, struct publishing_license *out)
{
    struct pb_fields fields = pb_fields_of(bytes);
    struct pb_field field;
    uint32_t before = 0;
    while (pb_next_field(&fields, &field)) {
        bool is_known = field.number <= LICENSE_SEALED && field.number != before &&
                        field.is_bytes == (field.number != LICENSE_VERSION_NUMBER);
        if (!is_known) {
            return false;
        }
        before = field.number;
        *(field.number == LICENSE_HEADER ? &out->header_bytes : &out->sealed) = field.bytes;
        *version = field.is_bytes ? *version : field.value;
    }
    return !fields.is_malformed;
}

static rc parse_offline(struct arena *arena, struct slice bytes, struct publishing_license *out,
                        struct err *err)
{
    struct offline_license *offline = ARENA_NEW(arena, struct offline_license);
    ARENA_ENSURE(offline, err);
    out->offline = offline;
    return offline_license_parse(arena, bytes, &out->header, offline, err);
}

rc publishing_license_parse(struct arena *arena, struct slice bytes, struct publishing_license *out,
                            struct err *err)
{
    uint64_t version = 0;
    *out = (struct publishing_license){0};
    ENSURE(bytes.len > 0 && bytes.len <= LICENSE_BYTES_MAX, err, R_LICENSE_MALFORMED);
    if (offline_license_is_one(bytes)) {
        return parse_offline(arena, bytes, out, err);
    }
    ENSURE(take_apart(bytes, &version, out), err, R_LICENSE_MALFORMED);
    ENSURE(version == LICENSE_VERSION, err, R_LICENSE_MALFORMED);
    ENSURE(out->header_bytes.len <= LICENSE_HEADER_MAX, err, R_LICENSE_MALFORMED);
    ENSURE(out->sealed.len >= SEALED_MIN, err, R_LICENSE_MALFORMED);
    return parse_header(arena, out->header_bytes, &out->header, err);
}

/* protobuf-c's strings and bytes are not const; it only reads them when it packs. */
static char *text(struct arena *arena, const char *s)
{
    return arena_strdup(arena, s);
}

rc license_header_encode(struct arena *arena, const struct license_header *header,
                         struct slice *out, struct err *err)
{
    Chancery__Internal__V1__LicenseHeader message;
    struct license_header copy = *header;
    chancery__internal__v1__license_header__init(&message);
    message.authority_url = text(arena, header->authority_url);
    message.boundary = text(arena, header->boundary);
    message.display_name = text(arena, header->display_name);
    ARENA_ENSURE(message.authority_url, err);
    ARENA_ENSURE(message.boundary, err);
    ARENA_ENSURE(message.display_name, err);
    message.tenant_id = (ProtobufCBinaryData){UUID_BYTES, copy.tenant.u.b};
    message.content_id = (ProtobufCBinaryData){UUID_BYTES, copy.content.u.b};
    message.key_version = header->key_version;
    return pb_pack(arena, &message.base, out, err);
}

rc publishing_license_encode(struct arena *arena, struct slice header_bytes, struct slice sealed,
                             struct slice *out, struct err *err)
{
    Chancery__Internal__V1__PublishingLicense message;
    chancery__internal__v1__publishing_license__init(&message);
    message.version = LICENSE_VERSION;
    message.header.data = (uint8_t *)arena_dup(arena, header_bytes);
    message.header.len = header_bytes.len;
    message.sealed.data = (uint8_t *)arena_dup(arena, sealed);
    message.sealed.len = sealed.len;
    ARENA_ENSURE(message.header.data, err);
    ARENA_ENSURE(message.sealed.data, err);
    return pb_pack(arena, &message.base, out, err);
}
