/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/use_license.h"

#include <jansson.h>

#include "crypto/json.h"
#include "wire/license_issuer.h"

/* Licenses begin this much before now, for readers whose clocks are late. */
enum { NOT_BEFORE_S = 60 };

static json_t *rights_array(const struct rights *rights)
{
    json_t *array = json_array();
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        if ((rights->bits & 1U << i) != 0) {
            json_array_append_new(array, json_string(rights_standard_name(i)));
        }
    }
    for (size_t i = 0; i < rights->custom_count; i++) {
        json_array_append_new(array, json_string(rights->custom[i]));
    }
    return array;
}

static void set_text(json_t *object, const char *name, const char *value)
{
    json_object_set_new(object, name, json_string(value));
}

static void set_uuid(json_t *object, const char *name, struct uuid id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    set_text(object, name, text);
}

static void set_number(json_t *object, const char *name, int64_t value)
{
    json_object_set_new(object, name, json_integer(value));
}

rc use_license_claims(struct arena *arena, const struct use_license *license, struct slice *out,
                      struct err *err)
{
    const struct access_decision *decision = license->decision;
    const char *issuer = license_issuer(arena, license->authority_url, license->tenant);
    json_t *claims = json_object();
    TRY(json_own(arena, claims, err));
    ARENA_ENSURE(issuer, err);
    set_text(claims, "iss", issuer);
    set_uuid(claims, "jti", license->id.u);
    set_number(claims, "iat", license->now.s);
    set_number(claims, "nbf", license->now.s - NOT_BEFORE_S);
    set_number(claims, "exp", decision->license_expires_at.s);
    set_text(claims, "sub", license->principal);
    set_uuid(claims, "tid", license->tenant.u);
    set_text(claims, "bnd", license->boundary);
    if (!ID_IS_ZERO(license->template)) {
        set_uuid(claims, "tpl", license->template.u);
    }
    json_object_set_new(claims, "rts", rights_array(&decision->rights));
    set_text(claims, "own", license->owner);
    set_text(claims, "chn", channel_name(decision->channel));
    json_object_set_new(claims, "off", json_boolean(decision->may_cache));
    if (decision->frees_attachments) {
        json_object_set_new(claims, "att", json_string("free"));
    }
    return json_dump(arena, claims, out, err);
}
