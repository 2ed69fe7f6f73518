/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.SetMinKeyVersion: which versions open, by one number. A higher one shuts people out, as revoking does, and waits for
 * nobody; a lower one lets them in again and waits as restoring does. */
#include <inttypes.h>

#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/key/key_change.h"

struct min_value {
    struct key_change change;
    uint32_t former; /* the lowest that opens now */
};

static struct min_value *value_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__SetMinKeyVersionRequest *request = set_min_key_version_request(c);
    approvable_of(c)->act = &set_min_key_version_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step found(struct call *c)
{
    struct min_value *v = value_of(c);
    struct key_change *change = &v->change;
    if (step_failed(key_change_take(c, change))) {
        return STEP_FAILED;
    }
    struct key_versions all = key_change_versions(change);
    if (key_life_check_min(all, change->version) != KEY_MAY) {
        return approvable_refuse(c, "version", "It is at most the active version.");
    }
    v->former = key_life_min(all);
    return key_change_tell(c, change,
                           arena_printf(call_arena(c), "%s keys from %" PRIu32 " on",
                                        key_purpose_name(change->purpose), change->version));
}

static step check(struct call *c)
{
    const Chancery__V1__SetMinKeyVersionRequest *r = approvable_of(c)->request;
    struct key_change *change = &value_of(c)->change;
    const struct key_request request = {
        .purpose = r->purpose, .version = r->version, .reason = r->reason, .etag = r->etag};
    return step_failed(key_change_read_version(c, &request, change))
               ? STEP_FAILED
               : key_change_find(c, change, found);
}

static uint32_t effect(struct call *c)
{
    const struct min_value *v = value_of(c);
    return v->change.version < v->former ? 1U << APPROVAL_CONTENT_ACCESS : 0;
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Let content open by %s", value_of(c)->change.target);
}

static void perform(struct change_op *op, const void *value)
{
    const struct min_value *v = value;
    key_store_set_min(op, &(struct key_min_change){.purpose = v->change.purpose,
                                                   .former = v->former,
                                                   .version = v->change.version,
                                                   .mark = v->change.row->mark,
                                                   .target = v->change.target});
}

static void *write_key(struct call *c)
{
    return key_message_write(c, scope_of(c)->op.key);
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_key);
}

const struct approvable_act set_min_key_version_act = {
    .name = "set_min_key_version",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__set_min_key_version_request__descriptor,
    .value_size = sizeof(struct min_value),
    .check = check,
    .effect = effect,
    .summary = summary,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

const struct flow set_min_key_version_flow = {
    .method = "/chancery.v1.KeyService/SetMinKeyVersion",
    .name = "set_min_key_version",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("set"),
              STEP("reply", reply)},
};
