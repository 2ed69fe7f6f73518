/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/publisher_certificate.h"

#include <jansson.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "wire/license_issuer.h"

static const char PUBLISHERS[] = "/publishers";
/* Names of kinds of policies, by their numbers. */
static const char *const kind_names[] = {
    [POLICY_TEMPLATE] = "template",
    [POLICY_DO_NOT_FORWARD] = "do_not_forward",
    [POLICY_ENCRYPT_ONLY] = "encrypt_only",
    [POLICY_CUSTOM] = "custom",
};
enum { KINDS = sizeof kind_names / sizeof kind_names[0] };
enum { CLAIMS_MAX = 16 * 1024 };

const char *publisher_certificate_issuer(struct arena *arena, const char *authority_url,
                                         struct tenant_id tenant)
{
    const char *issuer = license_issuer(arena, authority_url, tenant);
    return issuer == NULL ? NULL : arena_printf(arena, "%s%s", issuer, PUBLISHERS);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *name, const char *value)
{
    json_object_set_new(object, name, json_string(value));
}

static json_t *uuid_json(struct uuid id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    return json_string(text);
}

static json_t *texts_json(const char *const *texts, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array, json_string(texts[i]));
    }
    return array;
}

static json_t *templates_json(const struct publisher *p)
{
    json_t *array = json_array();
    for (size_t i = 0; i < p->template_count; i++) {
        json_array_append_new(array, uuid_json(p->templates[i].u));
    }
    return array;
}

static json_t *kinds_json(uint32_t kinds)
{
    json_t *array = json_array();
    for (size_t i = 1; i < KINDS; i++) {
        if ((kinds & 1U << i) != 0) {
            json_array_append_new(array, json_string(kind_names[i]));
        }
    }
    return array;
}

static void set_publisher(json_t *claims, const struct publisher *p)
{
    json_object_set_new(claims, "jti", uuid_json(p->serial));
    json_object_set_new(claims, "iat", json_integer(p->issued_at.s));
    json_object_set_new(claims, "exp", json_integer(p->expires_at.s));
    json_object_set_new(claims, "tid", uuid_json(p->tenant.u));
    set_text(claims, "bnd", p->boundary);
    set_text(claims, "sub", p->name);
    if (!ID_IS_ZERO(p->component)) {
        json_object_set_new(claims, "cmp", uuid_json(p->component.u));
    }
    if (p->address_count > 0) {
        json_object_set_new(claims, "adr", texts_json(p->addresses, p->address_count));
    } else {
        json_object_set_new(claims, "dom", texts_json(p->domains, p->domain_count));
    }
    if (p->other_count > 0) {
        json_object_set_new(claims, "oth", texts_json(p->others, p->other_count));
    }
    if (!p->has_any_template) {
        json_object_set_new(claims, "tpl", templates_json(p));
    }
    json_object_set_new(claims, "pol", kinds_json(p->kinds));
    json_object_set_new(claims, "exv", json_integer(p->exchange_version));
}

rc publisher_certificate_claims(struct arena *arena, const struct publisher *publisher,
                                const struct publisher_keys *keys, struct slice *out,
                                struct err *err)
{
    json_t *claims = json_object(), *jwk;
    TRY(json_own(arena, claims, err));
    ARENA_ENSURE(keys->issuer, err);
    TRY(json_parse_object(arena, keys->publisher_jwk, JWK_BYTES_MAX, R_INTERNAL, &jwk, err));
    set_publisher(claims, publisher);
    set_text(claims, "iss", keys->issuer);
    json_object_set_new(claims, "exk",
                        json_stringn((const char *)keys->exchange_kid.ptr, keys->exchange_kid.len));
    json_object_set_new(claims, "cnf", json_pack("{s:O}", "jwk", jwk));
    TRY(json_dump(arena, claims, out, err));
    ENSURE(out->len <= CLAIMS_MAX, err, R_LIMIT_EXCEEDED);
    return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc malformed(struct err *err, const char *what)
{
    if (err_is(err, R_ARENA_EXHAUSTED)) {
        return (rc){false};
    }
    FAIL(err, R_LICENSE_MALFORMED, "publisher certificate: %s", what);
}

static rc need_text(struct arena *arena, const json_t *claims, const char *name, const char **out,
                    struct err *err)
{
    struct slice text;
    TRY(json_need_text(claims, name, R_LICENSE_MALFORMED, &text, err));
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc need_uuid(const json_t *claims, const char *name, struct uuid *out, struct err *err)
{
    struct slice text;
    TRY(json_need_text(claims, name, R_LICENSE_MALFORMED, &text, err));
    return uuid_parse(text, out, err).ok ? OK : malformed(err, name);
}

static rc need_number(const json_t *claims, const char *name, int64_t most, int64_t *out,
                      struct err *err)
{
    const json_t *value = json_object_get(claims, name);
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > most) {
        return malformed(err, name);
    }
    *out = json_integer_value(value);
    return OK;
}

/* A list that need not be there. */
static rc read_texts(struct arena *arena, const json_t *claims, const char *name,
                     const char *const **out, size_t *count, struct err *err)
{
    const json_t *array = json_object_get(claims, name), *item;
    size_t i;
    if (array == NULL) {
        return OK;
    }
    if (!json_is_array(array) || json_array_size(array) > PUBLISHER_NAMES_MAX) {
        return malformed(err, name);
    }
    const char **texts = ARENA_ARRAY(arena, const char *, json_array_size(array) + 1);
    ARENA_ENSURE(texts, err);
    json_array_foreach(array, i, item)
    {
        if (!json_is_string(item)) {
            return malformed(err, name);
        }
        texts[i] = arena_strdup(arena, json_string_value(item));
        ARENA_ENSURE(texts[i], err);
    }
    *out = texts;
    *count = json_array_size(array);
    return OK;
}

static rc read_templates(struct arena *arena, const json_t *claims, struct publisher *out,
                         struct err *err)
{
    const char *const *texts = NULL;
    size_t count = 0;
    out->has_any_template = json_object_get(claims, "tpl") == NULL;
    TRY(read_texts(arena, claims, "tpl", &texts, &count, err));
    struct template_id *ids = ARENA_ARRAY(arena, struct template_id, count + 1);
    ARENA_ENSURE(ids, err);
    for (size_t i = 0; i < count; i++) {
        if (!uuid_parse(slice_str(texts[i]), &ids[i].u, err).ok) {
            return malformed(err, "tpl");
        }
    }
    out->templates = ids;
    out->template_count = count;
    return OK;
}

static rc read_kinds(struct arena *arena, const json_t *claims, uint32_t *out, struct err *err)
{
    const char *const *texts = NULL;
    size_t count = 0;
    TRY(read_texts(arena, claims, "pol", &texts, &count, err));
    for (size_t i = 0; i < count; i++) {
        size_t kind = 1;
        while (kind < KINDS && strcmp(kind_names[kind], texts[i]) != 0) {
            kind++;
        }
        if (kind == KINDS) {
            return malformed(err, "pol");
        }
        *out |= 1U << kind;
    }
    return OK;
}

static rc read_publisher(struct arena *arena, const json_t *claims, struct publisher *out,
                         struct err *err)
{
    int64_t version = 0;
    TRY(need_uuid(claims, "jti", &out->serial, err));
    TRY(need_uuid(claims, "tid", &out->tenant.u, err));
    TRY(need_text(arena, claims, "bnd", &out->boundary, err));
    TRY(need_text(arena, claims, "sub", &out->name, err));
    if (json_object_get(claims, "cmp") != NULL) {
        TRY(need_uuid(claims, "cmp", &out->component.u, err));
    }
    TRY(read_texts(arena, claims, "adr", &out->addresses, &out->address_count, err));
    TRY(read_texts(arena, claims, "oth", &out->others, &out->other_count, err));
    TRY(read_texts(arena, claims, "dom", &out->domains, &out->domain_count, err));
    TRY(read_templates(arena, claims, out, err));
    TRY(read_kinds(arena, claims, &out->kinds, err));
    TRY(need_number(claims, "iat", INT64_MAX, &out->issued_at.s, err));
    TRY(need_number(claims, "exp", INT64_MAX, &out->expires_at.s, err));
    TRY(need_number(claims, "exv", INT32_MAX, &version, err));
    out->exchange_version = (uint32_t)version;
    return OK;
}

static rc read_keys(struct arena *arena, const json_t *claims, struct publisher_keys *out,
                    struct err *err)
{
    const json_t *jwk = json_object_get(json_object_get(claims, "cnf"), "jwk");
    struct slice kid;
    TRY(need_text(arena, claims, "iss", &out->issuer, err));
    TRY(json_need_text(claims, "exk", R_LICENSE_MALFORMED, &kid, err));
    TRY(arena_dup_slice(arena, kid, &out->exchange_kid, err));
    return json_is_object(jwk) ? json_dump(arena, jwk, &out->publisher_jwk, err)
                               : malformed(err, "cnf");
}

rc publisher_certificate_read(struct arena *arena, struct slice text,
                              struct publisher_certificate *out, struct err *err)
{
    json_t *claims;
    *out = (struct publisher_certificate){0};
    ENSURE(text.len <= PUBLISHER_CERTIFICATE_MAX, err, R_LICENSE_MALFORMED);
    if (!jws_parse(arena, text, R_LICENSE_MALFORMED, &out->jws, err).ok) {
        return malformed(err, "no JWS that we know");
    }
    ENSURE(slice_eq_str(out->jws.typ, PUBLISHER_CERTIFICATE_TYP), err, R_LICENSE_MALFORMED);
    TRY(json_parse_object(arena, out->jws.payload, CLAIMS_MAX, R_LICENSE_MALFORMED, &claims, err));
    TRY(read_publisher(arena, claims, &out->publisher, err));
    return read_keys(arena, claims, &out->keys, err);
}
