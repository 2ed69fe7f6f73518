/* SPDX-License-Identifier: Apache-2.0 */
/* What a token says where a check failed, for the admin who holds it and tries it out. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "identity/claims.h"

enum { VALUE_MAX = 200 };

/* Of anybody's making, so in ASCII, on one line, and cut. */
static void add_value(struct buf *out, const char *name, const json_t *value)
{
    if (value == NULL) {
        buf_printf(out, " The token has no claim %s.", name);
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT);
    buf_printf(out, " Its claim %s is %.*s%s.", name, VALUE_MAX, text == NULL ? "" : text,
               text != NULL && strlen(text) > VALUE_MAX ? "…" : "");
    free(text);
}

static void add_claim(struct buf *out, const struct token *token, const char *name)
{
    add_value(out, name, json_object_get(token->payload, name));
}

static void add_times(struct buf *out, const struct token *token, const struct issuer *issuer,
                      struct unix_time now)
{
    static const char *const names[] = {"exp", "nbf", "iat"};
    char text[RFC3339_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *value = json_object_get(token->payload, names[i]);
        int64_t seconds = json_integer_value(value);
        if (json_is_integer(value) && seconds >= 0 && seconds <= TOKEN_TIME_MAX_S) {
            clock_rfc3339(seconds * 1000000, text);
            buf_printf(out, " Its claim %s is %.19sZ.", names[i], text);
        } else if (value != NULL || i == 0) {
            add_value(out, names[i], value);
        }
    }
    clock_rfc3339(now.s * 1000000, text);
    buf_printf(out, " Here it is %.19sZ, and clocks may differ by %lld s (clock_skew_seconds).",
               text, (long long)issuer->clock_skew_s);
}

static void add_person(struct buf *out, const struct token *token, const struct issuer *issuer)
{
    const char *verified =
        issuer->claim_verified[0] != '\0' ? issuer->claim_verified : "email_verified";
    add_claim(out, token, issuer->claim_address[0] != '\0' ? issuer->claim_address : "email");
    for (size_t i = 0; i < issuer->claim_alias_count; i++) {
        add_claim(out, token, issuer->claim_aliases[i]);
    }
    if (json_object_get(token->payload, verified) != NULL) {
        add_claim(out, token, verified);
    }
}

static void add_component(struct buf *out, const struct token *token)
{
    static const char *const names[] = {"iat", "jti", "client_id", "sub"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add_claim(out, token, names[i]);
    }
}

static void add_stage(struct buf *out, const struct token *token, const struct issuer *issuer,
                      enum token_stage stage, struct unix_time now)
{
    if (stage == TOKEN_STAGE_TIME) {
        add_times(out, token, issuer, now);
    } else if (stage == TOKEN_STAGE_AUDIENCE) {
        add_claim(out, token, "aud");
    } else if (stage == TOKEN_STAGE_BINDING) {
        add_claim(out, token, "cnf");
    } else if (stage == TOKEN_STAGE_TENANT) {
        add_claim(out, token, "iss");
        add_claim(out, token, issuer->claim_tenant[0] != '\0' ? issuer->claim_tenant : "tid");
    } else if (stage == TOKEN_STAGE_ADDRESS && issuer->kind == ISSUER_COMPONENT) {
        add_component(out, token);
    } else if (stage == TOKEN_STAGE_ADDRESS) {
        add_person(out, token, issuer);
    } else if (stage == TOKEN_STAGE_GROUPS && issuer->claim_groups[0] != '\0') {
        add_claim(out, token, issuer->claim_groups);
    }
}

const char *claims_said(struct arena *arena, const struct token *token, const struct issuer *issuer,
                        enum token_stage stage, struct unix_time now)
{
    struct buf out;
    struct slice text;
    buf_init(&out, arena);
    if (token->payload != NULL) {
        add_stage(&out, token, issuer, stage, now);
    }
    buf_add_byte(&out, '\0');
    return buf_finish(&out, &text, NULL).ok ? (const char *)text.ptr : NULL;
}
