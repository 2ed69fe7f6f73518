/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/passcode_token.h"

#include <jansson.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/json.h"
#include "wire/license_issuer.h"

static const char TENANTS[] = "/tenants/";
static const char PASSCODES[] = "/passcodes";

const char *passcode_issuer(struct arena *arena, const char *authority_url, struct tenant_id tenant)
{
    const char *issuer = license_issuer(arena, authority_url, tenant);
    return issuer == NULL ? NULL : arena_printf(arena, "%s%s", issuer, PASSCODES);
}

bool passcode_issuer_tenant(const char *iss, struct tenant_id *out)
{
    const size_t head = sizeof TENANTS - 1, id = UUID_TEXT_BYTES - 1, tail = sizeof PASSCODES - 1;
    struct slice text = slice_str(iss);
    if (text.len < head + id + tail) {
        return false;
    }
    struct slice end = slice_cut(text, text.len - head - id - tail, text.len);
    return slice_eq_str(slice_cut(end, 0, head), TENANTS) &&
           slice_eq_str(slice_cut(end, head + id, end.len), PASSCODES) &&
           uuid_parse(slice_cut(end, head, head + id), &out->u, NULL).ok;
}

static void set_text(json_t *claims, const char *name, const char *value)
{
    json_object_set_new(claims, name, json_string(value));
}

static void set_uuid(json_t *claims, const char *name, struct uuid id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    set_text(claims, name, text);
}

static void set_time(json_t *claims, const char *name, int64_t seconds)
{
    json_object_set_new(claims, name, json_integer(seconds));
}

rc passcode_token_claims(struct arena *arena, const struct passcode_token *token, struct slice *out,
                         struct err *err)
{
    const char *issuer = passcode_issuer(arena, token->authority_url, token->tenant);
    char *certificate = base64url_dup(arena, token->certificate);
    json_t *claims = json_object();
    TRY(json_own(arena, claims, err));
    ARENA_ENSURE(issuer, err);
    ARENA_ENSURE(certificate, err);
    set_text(claims, "iss", issuer);
    set_text(claims, "aud", issuer);
    set_text(claims, "sub", token->address);
    set_text(claims, "email", token->address);
    json_object_set_new(claims, "email_verified", json_true());
    set_uuid(claims, "jti", token->passcode);
    set_uuid(claims, "cid", token->content.u);
    set_uuid(claims, "azp", token->portal.u);
    set_time(claims, "iat", token->now.s);
    set_time(claims, "exp", token->now.s + PASSCODE_TOKEN_S);
    if (token->certificate.len > 0) {
        json_object_set_new(claims, "cnf", json_pack("{s:s}", "x5t#S256", certificate));
    }
    return json_dump(arena, claims, out, err);
}
