/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.RotateKey: another version becomes the active one. It lets nobody in and shuts nobody out, so it waits for no
 * second admin. */
#include <inttypes.h>

#include "auth/caller.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/key/key_change.h"

struct rotation {
    struct scope scope; /* first */
    struct key_change change;
    struct keys_op keys;
};

static struct rotation *state_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__RotateKeyRequest *request = rotate_key_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return key_change_read(c,
                           &(struct key_request){.purpose = request->purpose,
                                                 .reason = request->reason,
                                                 .etag = request->etag},
                           &state_of(c)->change);
}

static step found(struct call *c)
{
    struct key_change *change = &state_of(c)->change;
    if (step_failed(key_change_take(c, change))) {
        return STEP_FAILED;
    }
    return key_life_has_room(key_change_versions(change), change->purpose)
               ? STEP_NEXT
               : call_fail(c, R_LIMIT_EXCEEDED, "%zu versions", change->find.count);
}

static step look(struct call *c)
{
    return key_change_find(c, &state_of(c)->change, found);
}

static step made(struct call *c)
{
    return wait_over(c, &state_of(c)->keys.err);
}

/* On the curve of the boundary's suite as it is now. */
static step make(struct call *c)
{
    struct rotation *r = state_of(c);
    const struct tenant_view *tenant = &r->scope.tenant->view;
    const struct boundary *boundary =
        boundary_find(&caller_of(c)->found_platform->view, tenant->boundary);
    if (boundary == NULL) {
        return call_fail(c, R_INTERNAL, "no boundary %s", tenant->boundary);
    }
    wait_keys_init(c, &r->keys);
    r->keys.tenant = tenant->id;
    r->keys.boundary = tenant->boundary;
    r->keys.suite = (enum keys_suite)boundary->suite;
    r->keys.version = key_life_next(key_change_versions(&r->change));
    r->keys.set[0].purpose = r->change.purpose;
    keys_create_version(&r->keys);
    return wait_keys(c, made, &r->keys);
}

static step tell(struct call *c)
{
    struct rotation *r = state_of(c);
    const char *name = key_purpose_name(r->change.purpose);
    const struct tenant_key_row *former = r->change.row;
    return key_change_tell(
        c, &r->change,
        former == NULL ? arena_printf(call_arena(c), "%s key %" PRIu32, name, r->keys.version)
                       : arena_printf(call_arena(c), "%s key %" PRIu32 " instead of %" PRIu32, name,
                                      r->keys.version, former->is.version));
}

/* Another one rotated meanwhile. */
static step rotated(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    bool is_late = err->reason == R_NOT_FOUND || err->reason == R_ALREADY_EXISTS;
    return is_late
               ? call_fail(
                     c, state_of(c)->change.etag[0] != '\0' ? R_ETAG_MISMATCH : R_DATABASE_CONFLICT,
                     "rotated meanwhile")
               : wait_over(c, err);
}

static step rotate(struct call *c)
{
    struct rotation *r = state_of(c);
    const struct tenant_key_row *former = r->change.row;
    struct change_op *op = scope_begin(c);
    key_store_rotate(op, &(struct key_rotation){.purpose = r->change.purpose,
                                                .former = former == NULL ? 0 : former->is.version,
                                                .former_mark = former == NULL ? 0 : former->mark,
                                                .version = r->keys.version,
                                                .root_version = r->keys.root_version,
                                                .wrapped = r->keys.set[0].wrapped,
                                                .public_jwk = r->keys.set[0].public_jwk,
                                                .target = r->change.target});
    return wait_store(c, rotated, &op->op);
}

static step reply(struct call *c)
{
    return reply_message(c, key_message_write(c, scope_of(c)->op.key));
}

const struct flow rotate_key_flow = {
    .method = "/chancery.v1.KeyService/RotateKey",
    .name = "rotate_key",
    .state = FLOW_STATE_ON(struct rotation, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, STEP("look", look), STEP("make", make),
              STEP("tell", tell), COMMIT("rotate", rotate), STEP("reply", reply)},
};
