/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/publishing_license.h"

#include "chancery/internal/v1/sealed.pb-c.h"
#include "domain/boundary.h"
#include "wire/pb.h"

/* Two boxes of nonce and tag, the first of them around 32 bytes, and something in the second. */
enum { SEALED_MIN = 2 * (12 + 16) + 32 + 1 };

/* What pb_unpack says of a request's message it must not say of what lies inside a field. */
static rc malformed(struct err *err)
{
    if (err->reason == R_ARENA_EXHAUSTED) {
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

rc publishing_license_parse(struct arena *arena, struct slice bytes, struct publishing_license *out,
                            struct err *err)
{
    ProtobufCMessage *message = NULL;
    ENSURE(bytes.len > 0 && bytes.len <= LICENSE_BYTES_MAX, err, R_LICENSE_MALFORMED);
    if (!pb_unpack(arena, &chancery__internal__v1__publishing_license__descriptor, bytes, &message,
                   err)
             .ok) {
        return malformed(err);
    }
    const Chancery__Internal__V1__PublishingLicense *license = (const void *)message;
    ENSURE(license->version == LICENSE_VERSION, err, R_LICENSE_MALFORMED);
    ENSURE(license->base.n_unknown_fields == 0, err, R_LICENSE_MALFORMED);
    ENSURE(license->header.len <= LICENSE_HEADER_MAX, err, R_LICENSE_MALFORMED);
    ENSURE(license->sealed.len >= SEALED_MIN, err, R_LICENSE_MALFORMED);
    out->header_bytes = slice_of(license->header.data, license->header.len);
    out->sealed = slice_of(license->sealed.data, license->sealed.len);
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
