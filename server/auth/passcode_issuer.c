/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/passcode_issuer.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/own_addresses.h"
#include "base/buf.h"
#include "wire/passcode_token.h"

enum { KEYS_MAX = 64 /* as others read at most (crypto/jwk.h) */ };

bool passcode_issuer_may_be(struct call *c, const char *iss, struct tenant_id *tenant)
{
    size_t count;
    const char **urls = own_addresses(c, &count);
    if (urls == NULL || !passcode_issuer_tenant(iss, tenant)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strncmp(iss, urls[i], strlen(urls[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Those that may have signed a token which still lasts, the newest first. */
static const char *key_set(struct call *c, const struct tenant_record *tenant)
{
    struct buf json;
    struct slice text;
    size_t count = 0;
    buf_init(&json, call_arena(c));
    buf_add_str(&json, "{\"keys\":[");
    for (size_t i = tenant->key_count; i > 0 && count < KEYS_MAX; i--) {
        const struct key_row *key = &tenant->keys[i - 1];
        if (key->purpose == KEY_SIGNING &&
            (key->state == KEY_ACTIVE || key->state == KEY_ARCHIVED)) {
            buf_printf(&json, "%s%s", count++ == 0 ? "" : ",", key->public_jwk);
        }
    }
    buf_add_str(&json, "]}");
    return buf_finish(&json, &text, call_err(c)).ok ? arena_dup(call_arena(c), text) : NULL;
}

/* The id is the tenant's: no registered issuer has it. */
static struct issuer *make(struct call *c, const char *iss, const struct tenant_record *tenant)
{
    static const char *const algorithms[] = {"ES256", "ES384"};
    struct issuer *issuer = ARENA_NEW(call_arena(c), struct issuer);
    const char **audience = ARENA_ARRAY(call_arena(c), const char *, 1);
    const char *keys = key_set(c, tenant);
    if (issuer == NULL || audience == NULL || keys == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "the passcode issuer");
        return NULL;
    }
    audience[0] = iss;
    *issuer = (struct issuer){.tenant = tenant->view.id,
                              .id = {tenant->view.id.u},
                              .boundary = tenant->view.boundary,
                              .kind = ISSUER_PASSCODE,
                              .iss = iss,
                              .audiences = audience,
                              .audience_count = 1,
                              .algorithms = algorithms,
                              .algorithm_count = sizeof algorithms / sizeof algorithms[0],
                              .jwks_url = "",
                              .jwks_json = keys,
                              .claim_address = "",
                              .claim_verified = "",
                              .claim_groups = "",
                              .claim_tenant = "",
                              .claim_guest = "",
                              .clock_skew_s = ISSUER_CLOCK_SKEW_S,
                              .epoch = tenant->epoch};
    return issuer;
}

const struct issuer *passcode_issuer_of(struct call *c, const char *iss,
                                        const struct tenant_record *tenant)
{
    if (tenant == NULL || !boundary_is_served(c, tenant->view.boundary)) {
        return NULL;
    }
    const char *url =
        boundary_authority_url(c, caller_of(c)->found_platform, tenant->view.boundary);
    const char *expected = passcode_issuer(call_arena(c), url, tenant->view.id);
    if (expected == NULL) {
        (void)call_fail(c, R_ARENA_EXHAUSTED, "the passcode issuer");
        return NULL;
    }
    return strcmp(expected, iss) == 0 ? make(c, iss, tenant) : NULL;
}
