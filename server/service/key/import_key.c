/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.GetImportKey and ImportKey: a customer's key enters, and becomes the active version (docs/policy.md §12.2).
 *
 *   make     an import key, in a thread of the custodian's
 *   keep     its private half, as it rests: the commit
 *
 *   check    the versions, the import, then the key: does it open, is it the one, does it work, is it new
 *   import   the commit, or ask a second admin: who brings a key knows it, and opens what it seals */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth/caller.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/key/key_change.h"

enum { THUMBPRINT_MAX = 64 };

/* Whose key it is, and on which curve keys of the tenant are by now. */
static step begin_keys(struct call *c, struct keys_op *op)
{
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    const struct boundary *boundary =
        boundary_find(&caller_of(c)->found_platform->view, tenant->boundary);
    if (boundary == NULL) {
        return call_fail(c, R_INTERNAL, "no boundary %s", tenant->boundary);
    }
    wait_keys_init(c, op);
    op->tenant = tenant->id;
    op->boundary = tenant->boundary;
    op->suite = (enum keys_suite)boundary->suite;
    return STEP_NEXT;
}

/* --- GetImportKey ----------------------------------------------------------------------------- */

struct get_import {
    struct scope scope; /* first */
    struct keys_op keys;
};

static struct get_import *get_of(const struct call *c)
{
    return call_state(c);
}

static step parse_get(struct call *c)
{
    scope_of(c)->tenant_name = get_import_key_request(c)->tenant;
    return STEP_NEXT;
}

static step made(struct call *c)
{
    return wait_over(c, &get_of(c)->keys.err);
}

static step make(struct call *c)
{
    struct keys_op *op = &get_of(c)->keys;
    if (step_failed(begin_keys(c, op))) {
        return STEP_FAILED;
    }
    op->import = uuid_v7(call_unix_us(c));
    keys_make_import(op);
    return wait_keys(c, made, op);
}

static step kept(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    return err->reason == R_NOT_FOUND
               ? call_fail(c, R_LIMIT_EXCEEDED, "%d imports wait for a second admin",
                           KEY_IMPORTS_MAX)
               : wait_over(c, err);
}

static step keep(struct call *c)
{
    const struct keys_op *keys = &get_of(c)->keys;
    struct change_op *op = scope_begin(c);
    key_store_make_import(op, keys->import, keys->root_version, keys->import_wrapped);
    return wait_store(c, kept, &op->op);
}

static step reply_get(struct call *c)
{
    Chancery__V1__GetImportKeyResponse *r = get_import_key_response(c);
    const struct keys_op *keys = &get_of(c)->keys;
    if (r == NULL) {
        return reply_over_budget(c);
    }
    r->public_jwk = reply_text(keys->import_jwk);
    r->import_id = reply_uuid(c, keys->import);
    r->expire_time = reply_time(c, scope_of(c)->op.created_at);
    return r->import_id == NULL ? reply_over_budget(c) : get_import_key_reply(c, r);
}

const struct flow get_import_key_flow = {
    .method = "/chancery.v1.KeyService/GetImportKey",
    .name = "get_import_key",
    .state = FLOW_STATE_ON(struct get_import, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_TENANT_STEP, STEP("make", make), COMMIT("keep", keep),
              STEP("reply", reply_get)},
};

/* --- ImportKey -------------------------------------------------------------------------------- */

struct import_value {
    struct key_change change;
    struct key_import_find find;
    struct keys_op keys;
};

static struct import_value *value_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse_import(struct call *c)
{
    const Chancery__V1__ImportKeyRequest *request = import_key_request(c);
    approvable_of(c)->act = &import_key_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step tell(struct call *c)
{
    struct import_value *v = value_of(c);
    const Chancery__V1__ImportKeyRequest *r = approvable_of(c)->request;
    const struct tenant_key_row *former = v->change.row;
    return key_change_tell(
        c, &v->change,
        arena_printf(call_arena(c), "%s key %" PRIu32 " instead of %" PRIu32 ", the customer's %s",
                     key_purpose_name(v->change.purpose), v->keys.version,
                     former == NULL ? 0 : former->is.version, r->thumbprint));
}

/* The version that is this very key, in whatever state; NULL: none. Public halves stay; of a sealing key nothing is known. */
static const struct tenant_key_row *held_already(const struct import_value *v)
{
    const char *jwk = v->keys.set[0].public_jwk;
    for (size_t i = 0; jwk[0] != '\0' && i < v->change.find.count; i++) {
        if (strcmp(v->change.find.rows[i].public_jwk, jwk) == 0) {
            return &v->change.find.rows[i];
        }
    }
    return NULL;
}

/* A key enters once: two versions of one name could not be told apart, and one that was revoked or destroyed would be back. */
static step tell_new(struct call *c)
{
    const struct tenant_key_row *held = held_already(value_of(c));
    if (held == NULL) {
        return tell(c);
    }
    char version[16];
    (void)snprintf(version, sizeof version, "%" PRIu32, held->is.version);
    call_error_metadata(c, "version", version);
    return call_fail(c, R_ALREADY_EXISTS, "%s key %s is this key", key_purpose_name(held->purpose),
                     version);
}

static step opened(struct call *c)
{
    struct import_value *v = value_of(c);
    if (v->keys.err.reason != R_NONE) {
        return wait_failed(c, &v->keys.err);
    }
    switch (v->keys.flaw) {
    case KEYS_IMPORT_SOUND:
        return tell_new(c);
    case KEYS_IMPORT_UNOPENED:
        return approvable_refuse(
            c, "wrapped_key",
            "It does not open by this import key: wrap it by RSA-OAEP and MGF1 with SHA-256, and "
            "AES-KWP with a key of 256 bits.");
    case KEYS_IMPORT_KIND:
        return approvable_refuse(
            c, "wrapped_key",
            "It holds no key for this purpose: 32 random bytes for sealing, else PKCS #8 in DER "
            "on the curve of the boundary's suite, with halves of each other.");
    case KEYS_IMPORT_OTHER:
        break;
    }
    return approvable_refuse(c, "thumbprint", "The key that came is another one.");
}

static step import_found(struct call *c)
{
    struct import_value *v = value_of(c);
    const Chancery__V1__ImportKeyRequest *r = approvable_of(c)->request;
    if (v->find.op.err.reason != R_NONE) {
        return wait_failed(c, &v->find.op.err);
    }
    if (step_failed(begin_keys(c, &v->keys))) {
        return STEP_FAILED;
    }
    v->keys.import = v->find.import;
    v->keys.import_wrapped = v->find.wrapped;
    v->keys.imported = slice_of(r->wrapped_key.data, r->wrapped_key.len);
    v->keys.thumbprint = slice_str(r->thumbprint);
    v->keys.version = key_life_next(key_change_versions(&v->change));
    v->keys.set[0].purpose = v->change.purpose;
    keys_import(&v->keys);
    return wait_keys(c, opened, &v->keys);
}

static step found(struct call *c)
{
    struct import_value *v = value_of(c);
    if (step_failed(key_change_take(c, &v->change))) {
        return STEP_FAILED;
    }
    if (!key_life_has_room(key_change_versions(&v->change), v->change.purpose)) {
        return call_fail(c, R_LIMIT_EXCEEDED, "%zu versions", v->change.find.count);
    }
    v->find.tenant = scope_of(c)->tenant_id;
    wait_store_init(c, &v->find.op);
    key_store_find_import(&v->find);
    return wait_store(c, import_found, &v->find.op);
}

static step check(struct call *c)
{
    struct import_value *v = value_of(c);
    const Chancery__V1__ImportKeyRequest *r = approvable_of(c)->request;
    step all = key_change_read(
        c, &(struct key_request){.purpose = r->purpose, .reason = r->reason, .etag = r->etag},
        &v->change);
    all = step_and(all, request_uuid_required(c, "import_id", r->import_id, &v->find.import));
    all = step_and(all, request_text(c, "thumbprint", r->thumbprint, THUMBPRINT_MAX));
    return step_failed(all) ? STEP_FAILED : key_change_find(c, &v->change, found);
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Import %s", value_of(c)->change.target);
}

static void perform(struct change_op *op, const void *value)
{
    const struct import_value *v = value;
    const struct tenant_key_row *former = v->change.row;
    key_store_import(op, v->find.import,
                     &(struct key_rotation){.purpose = v->change.purpose,
                                            .former = former == NULL ? 0 : former->is.version,
                                            .former_mark = former == NULL ? 0 : former->mark,
                                            .version = v->keys.version,
                                            .root_version = v->keys.root_version,
                                            .wrapped = v->keys.set[0].wrapped,
                                            .public_jwk = v->keys.set[0].public_jwk,
                                            .target = v->change.target});
}

static struct uuid import(struct call *c)
{
    return value_of(c)->find.import;
}

const struct approvable_act import_key_act = {
    .name = "import_key",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__import_key_request__descriptor,
    .value_size = sizeof(struct import_value),
    .check = check,
    .effect = key_change_opens,
    .summary = summary,
    .perform = perform,
    .import = import,
    .unmatched = R_ETAG_MISMATCH,
    .taken = R_ETAG_MISMATCH,
};

static void *write_key(struct call *c)
{
    return key_message_write(c, scope_of(c)->op.key);
}

static step reply_import(struct call *c)
{
    return approvable_reply(c, write_key);
}

const struct flow import_key_flow = {
    .method = "/chancery.v1.KeyService/ImportKey",
    .name = "import_key",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_import), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("import"), STEP("reply", reply_import)},
};
