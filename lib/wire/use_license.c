/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/use_license.h"

#include <string.h>

#include "base/buf.h"
#include "wire/license_issuer.h"

/* Licenses begin this much before now, for readers whose clocks are late. */
enum { NOT_BEFORE_S = 60 };
/* Most licenses' claims: with long names and many rights of a tenant's own they are longer. */
enum { CLAIMS_BYTES = 768 };

/* A name of ours, in which nothing needs to be escaped. */
static void add_name(struct buf *claims, const char *name)
{
    size_t len = strlen(name);
    bool is_first = claims->len == 0;
    uint8_t *at = buf_extend(claims, len + 4);
    if (at != NULL) {
        at[0] = is_first ? '{' : ',';
        at[1] = '"';
        memcpy(at + 2, name, len);
        at[len + 2] = '"';
        at[len + 3] = ':';
    }
}

static void add_text(struct buf *claims, const char *name, const char *value)
{
    add_name(claims, name);
    buf_add_json_text(claims, value);
}

static void add_uuid(struct buf *claims, const char *name, struct uuid id)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(id, text);
    add_text(claims, name, text);
}

static void add_number(struct buf *claims, const char *name, int64_t value)
{
    add_name(claims, name);
    buf_add_number(claims, value);
}

static void add_right(struct buf *claims, const char *right, bool *is_first)
{
    buf_add_byte(claims, *is_first ? '[' : ',');
    buf_add_json_text(claims, right);
    *is_first = false;
}

static void add_rights(struct buf *claims, const char *name, const struct rights *rights)
{
    bool is_first = true;
    add_name(claims, name);
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        if ((rights->bits & 1U << i) != 0) {
            add_right(claims, rights_standard_name(i), &is_first);
        }
    }
    for (size_t i = 0; i < rights->custom_count; i++) {
        add_right(claims, rights->custom[i], &is_first);
    }
    buf_add_str(claims, is_first ? "[]" : "]");
}

/* Written out, and not by jansson: each license pays for this (docs/quality.md §2). Members are sorted by name, as
 * everything else that we sign as JSON. */
rc use_license_claims(struct arena *arena, const struct use_license *license, struct slice *out,
                      struct err *err)
{
    const struct access_decision *decision = license->decision;
    const char *issuer = license_issuer(arena, license->authority_url, license->tenant);
    struct buf claims;
    ARENA_ENSURE(issuer, err);
    buf_init(&claims, arena);
    buf_expect(&claims, CLAIMS_BYTES);
    if (decision->frees_attachments) {
        add_text(&claims, "att", "free");
    }
    add_text(&claims, "bnd", license->boundary);
    add_text(&claims, "chn", channel_name(decision->channel));
    add_number(&claims, "exp", decision->license_expires_at.s);
    add_number(&claims, "iat", license->now.s);
    add_text(&claims, "iss", issuer);
    add_uuid(&claims, "jti", license->id.u);
    add_number(&claims, "nbf", license->now.s - NOT_BEFORE_S);
    add_name(&claims, "off");
    buf_add_str(&claims, decision->may_cache ? "true" : "false");
    add_text(&claims, "own", license->owner);
    add_rights(&claims, "rts", &decision->rights);
    add_text(&claims, "sub", license->principal);
    add_uuid(&claims, "tid", license->tenant.u);
    if (!ID_IS_ZERO(license->template)) {
        add_uuid(&claims, "tpl", license->template.u);
    }
    buf_add_byte(&claims, '}');
    return buf_finish(&claims, out, err);
}
