/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/offline_license.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/utf8.h"
#include "crypto/hash.h"
#include "crypto/json.h"
#include "domain/values/boundary.h"
#include "wire/publisher_certificate.h"

/* With its NUL. */
static const char ID_DOMAIN[] = "chancery offline content 1";

enum {
    MEMBERS = 9, /* of the payload */
    MS_MAX_BITS = 48,
    JWE_BYTES_MAX = 4096,
};

/* --- the content's id ------------------------------------------------------------------------- */

/* UUIDv8 (RFC 9562 §5.8): when it was protected, and 74 bits of a hash of all that was signed. So nobody
 * can make other bytes for an id that is taken. */
static rc content_id_of(struct arena *arena, struct slice signed_, int64_t ms,
                        struct content_id *out, struct err *err)
{
    uint8_t hash[SHA256_BYTES];
    struct slice bytes;
    struct buf buf;
    buf_init(&buf, arena);
    buf_add(&buf, slice_of(ID_DOMAIN, sizeof ID_DOMAIN));
    buf_add(&buf, signed_);
    TRY(buf_finish(&buf, &bytes, err));
    TRY(hash_sha256(bytes, hash, err));
    uint8_t *id = out->u.b;
    for (int i = 0; i < 6; i++) {
        id[i] = (uint8_t)((uint64_t)ms >> (8 * (5 - i)));
    }
    memcpy(id + 6, hash, UUID_BYTES - 6);
    id[6] = (uint8_t)(0x80 | (id[6] & 0x0f)); /* version 8 */
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f)); /* variant 10 */
    return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

bool offline_license_is_one(struct slice bytes)
{
    return slice_starts_with(bytes, "eyJ"); /* `{"` in base64url: no protobuf message of ours */
}

static rc malformed(struct err *err, const char *what)
{
    if (err_is(err, R_ARENA_EXHAUSTED)) {
        return (rc){false};
    }
    FAIL(err, R_LICENSE_MALFORMED, "offline license: %s", what);
}

static rc need(struct arena *arena, const json_t *payload, const char *name, size_t max,
               struct slice *out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(payload, name, R_LICENSE_MALFORMED, &text, err));
    ENSURE(text.len <= max, err, R_LICENSE_MALFORMED);
    const char *copy = arena_dup(arena, text);
    ARENA_ENSURE(copy, err);
    *out = slice_of(copy, text.len);
    return OK;
}

/* What stands in lists and logs: it must not look like a line of ours. */
static rc need_line(struct arena *arena, const json_t *payload, const char *name, size_t max,
                    struct slice *out, struct err *err)
{
    TRY(need(arena, payload, name, max, out, err));
    return utf8_is_printable(*out) ? OK : malformed(err, name);
}

static rc read_header(struct arena *arena, const json_t *payload, struct license_header *out,
                      struct err *err)
{
    struct slice url, boundary, tenant, name;
    TRY(need_line(arena, payload, "url", LICENSE_URL_MAX, &url, err));
    TRY(need(arena, payload, "bnd", LICENSE_HEADER_MAX, &boundary, err));
    TRY(need(arena, payload, "tid", UUID_TEXT_BYTES, &tenant, err));
    TRY(need_line(arena, payload, "nam", LICENSE_DISPLAY_NAME_MAX, &name, err));
    *out = (struct license_header){.authority_url = (const char *)url.ptr,
                                   .boundary = (const char *)boundary.ptr,
                                   .display_name = (const char *)name.ptr};
    if (!boundary_name_is_valid(boundary) || !uuid_parse(tenant, &out->tenant.u, err).ok) {
        return malformed(err, "boundary or tenant");
    }
    return OK;
}

static bool read_numbers(const json_t *payload, struct offline_license *out)
{
    const json_t *version = json_object_get(payload, "v"), *at = json_object_get(payload, "at");
    out->protected_ms = json_integer_value(at);
    return json_is_integer(version) && json_integer_value(version) == OFFLINE_LICENSE_VERSION &&
           json_is_integer(at) && out->protected_ms >= 0 && out->protected_ms >> MS_MAX_BITS == 0;
}

static rc read_box(struct arena *arena, const json_t *payload, struct slice *out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(payload, "pol", R_LICENSE_MALFORMED, &text, err));
    bool is_sound = base64url_decode(arena, text, out, err).ok && out->len > OFFLINE_BOX_OVERHEAD &&
                    out->len <= OFFLINE_BOX_OVERHEAD + OFFLINE_POLICY_MAX;
    return is_sound ? OK : malformed(err, "its policy");
}

rc offline_license_parse(struct arena *arena, struct slice bytes, struct license_header *header,
                         struct offline_license *out, struct err *err)
{
    json_t *payload;
    *out = (struct offline_license){0};
    ENSURE(bytes.len <= LICENSE_BYTES_MAX, err, R_LICENSE_MALFORMED);
    if (!jws_parse(arena, bytes, R_LICENSE_MALFORMED, &out->jws, err).ok) {
        return malformed(err, "no JWS that we know");
    }
    ENSURE(slice_eq_str(out->jws.typ, OFFLINE_LICENSE_TYP), err, R_LICENSE_MALFORMED);
    TRY(json_parse_object(arena, out->jws.payload, LICENSE_BYTES_MAX, R_LICENSE_MALFORMED, &payload,
                          err));
    if (json_object_size(payload) != MEMBERS || !read_numbers(payload, out)) {
        return malformed(err, "version, time, or members");
    }
    TRY(read_header(arena, payload, header, err));
    TRY(need(arena, payload, "crt", PUBLISHER_CERTIFICATE_MAX, &out->certificate, err));
    TRY(need(arena, payload, "key", JWE_BYTES_MAX, &out->seal.sealed_key, err));
    TRY(read_box(arena, payload, &out->seal.policy_box, err));
    return content_id_of(arena, out->jws.signed_, out->protected_ms, &header->content, err);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *name, struct slice value)
{
    json_object_set_new(object, name, json_stringn((const char *)value.ptr, value.len));
}

static rc payload_of(struct arena *arena, const struct offline_making *making, struct slice *out,
                     struct err *err)
{
    const struct license_header *header = &making->header;
    char tenant[UUID_TEXT_BYTES];
    const char *box = base64url_dup(arena, making->seal.policy_box);
    json_t *payload = json_object();
    TRY(json_own(arena, payload, err));
    ARENA_ENSURE(box, err);
    uuid_format(header->tenant.u, tenant);
    json_object_set_new(payload, "v", json_integer(OFFLINE_LICENSE_VERSION));
    json_object_set_new(payload, "at", json_integer(making->protected_ms));
    set_text(payload, "url", slice_str(header->authority_url));
    set_text(payload, "bnd", slice_str(header->boundary));
    set_text(payload, "tid", slice_str(tenant));
    set_text(payload, "nam", slice_str(header->display_name));
    set_text(payload, "crt", making->certificate);
    set_text(payload, "key", making->seal.sealed_key);
    set_text(payload, "pol", slice_str(box));
    ENSURE(json_object_size(payload) == MEMBERS, err, R_INPUT_INVALID); /* a text is no UTF-8 */
    return json_dump(arena, payload, out, err);
}

rc offline_license_make(struct arena *arena, struct offline_making *making, struct slice *out,
                        struct err *err)
{
    struct slice payload;
    struct offline_license made;
    TRY(payload_of(arena, making, &payload, err));
    TRY(jws_sign(arena, making->key, OFFLINE_LICENSE_TYP, payload, out, err));
    ENSURE(out->len <= LICENSE_BYTES_MAX, err, R_LIMIT_EXCEEDED);
    return offline_license_parse(arena, *out, &making->header, &made, err);
}
