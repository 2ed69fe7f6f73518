/* SPDX-License-Identifier: Apache-2.0 */
#include "service/issuer/issuer_change.h"

#include <string.h>

#include "base/encode.h"
#include "context/wait.h"
#include "crypto/hash.h"
#include "crypto/jwk.h"
#include "service/common/resource_changes.h"

static struct issuer_op *begin(struct call *c)
{
    struct issuer_op *op = &issuer_change_of(c)->op;
    *op = (struct issuer_op){.scope = scope_of(c)->tenant_id};
    wait_store_init(c, &op->op);
    return op;
}

static step done(struct call *c)
{
    return wait_over(c, &issuer_change_of(c)->op.op.err);
}

/* --- check ------------------------------------------------------------------------------------ */

static step have_row(struct call *c)
{
    struct issuer_change *change = issuer_change_of(c);
    if (change->op.op.err.reason != R_NONE) {
        return wait_failed(c, &change->op.op.err);
    }
    if (change->op.issuer_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such issuer in this scope");
    }
    change->before = change->row = change->op.issuers[0];
    return STEP_NEXT;
}

step issuer_change_read(struct call *c, step_fn then)
{
    struct issuer_op *op = begin(c);
    call_then(c, then);
    issuer_store_list(op, issuer_change_of(c)->id, (struct issuer_id){{{0}}}, 1);
    return wait_store(c, have_row, &op->op);
}

static step merge(struct call *c)
{
    struct issuer_change *change = issuer_change_of(c);
    return resource_read(c, &issuer_resource, &change->fields, change->message, &change->row,
                         merge);
}

step issuer_change_merge(struct call *c, step_fn then)
{
    struct issuer_change *change = issuer_change_of(c);
    change->fields.left = change->mask;
    call_then(c, then);
    return merge(c);
}

step issuer_change_find_template(struct call *c, step_fn then)
{
    struct issuer_op *op = begin(c);
    call_then(c, then);
    issuer_store_find_template(op, issuer_change_of(c)->row.issuer.iss);
    return wait_store(c, done, &op->op);
}

/* --- what changes ----------------------------------------------------------------------------- */

static const char *thumbprint_text(struct approval_changes *changes, const struct jwk_public *key)
{
    const char *print = base64url_dup(changes->arena, jwk_thumbprint(key));
    const char *kid = jwk_kid(key);
    return print == NULL || kid[0] == '\0' ? print
                                           : arena_printf(changes->arena, "%s, kid %s", print, kid);
}

/* Those of a stored set; of one that can't be read none, and its text is shown all the same. */
static struct text_list thumbprints(struct approval_changes *changes, const char *json)
{
    struct jwks *set = NULL;
    const char **prints = ARENA_ARRAY(changes->arena, const char *, JWKS_KEYS_MAX);
    struct text_list out = {prints, 0};
    changes->failed = changes->failed || prints == NULL;
    if (changes->failed || json[0] == '\0' ||
        !jwks_parse(slice_str(json), R_FIELD_INVALID, &set, NULL).ok) {
        return out;
    }
    for (; out.count < set->count; out.count++) {
        prints[out.count] = thumbprint_text(changes, set->keys[out.count]);
        changes->failed = changes->failed || prints[out.count] == NULL;
    }
    jwks_free(set);
    return changes->failed ? (struct text_list){prints, 0} : out;
}

/* "SHA-256 …": the set's text also says for what its keys are. */
static const char *digest_text(struct approval_changes *changes, const char *json)
{
    uint8_t digest[SHA256_BYTES];
    if (json[0] == '\0') {
        return "";
    }
    const char *hex = hash_sha256(slice_str(json), digest, NULL).ok
                          ? hex_dup(changes->arena, slice_of(digest, sizeof digest))
                          : NULL;
    return hex == NULL ? NULL : arena_printf(changes->arena, "SHA-256 %s", hex);
}

static const void *message_or_null(struct call *c, struct approval_changes *changes,
                                   const struct issuer_row *row)
{
    const void *message = row == NULL ? NULL : issuer_message_write(c, row, scope_tenant_name(c));
    changes->failed = changes->failed || (row != NULL && message == NULL);
    return message;
}

void issuer_change_add(struct call *c, struct approval_changes *changes,
                       const struct issuer_row *before, const struct issuer_row *after)
{
    const char *old = before == NULL ? "" : before->issuer.jwks_json;
    const char *new = after == NULL ? "" : after->issuer.jwks_json;
    const void *was = message_or_null(c, changes, before), *is = message_or_null(c, changes, after);
    if (strcmp(old, new) != 0) {
        struct text_list prints = thumbprints(changes, old);
        approval_changes_add_texts(changes, "issuer.keys", prints, thumbprints(changes, new));
        const char *digest = digest_text(changes, old);
        approval_changes_add(changes, "issuer.jwks_json", digest, digest_text(changes, new));
    }
    if (!changes->failed) {
        resource_changes_add(changes, &issuer_resource, was, is,
                             resource_field(&issuer_resource, "jwks_json"));
    }
}
