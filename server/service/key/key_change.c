/* SPDX-License-Identifier: Apache-2.0 */
#include "service/key/key_change.h"

#include <inttypes.h>

#include "context/wait.h"
#include "service/common/etag.h"
#include "service/common/limits.h"
#include "service/common/request.h"
#include "service/common/scope.h"

enum { ETAG_MAX = 64 };

step key_change_read(struct call *c, const struct key_request *request, struct key_change *out)
{
    out->version = (uint32_t)request->version;
    out->reason = request->reason;
    out->etag = request->etag;
    step all = key_message_read_purpose(c, request->purpose, &out->purpose);
    all = step_and(all, request_text(c, "reason", request->reason, REASON_TEXT_MAX));
    return step_and(all, request_text(c, "etag", request->etag, ETAG_MAX));
}

step key_change_read_version(struct call *c, const struct key_request *request,
                             struct key_change *out)
{
    return request->version < 1 ? call_bad_field(c, "version", "Versions begin at 1.")
                                : key_change_read(c, request, out);
}

step key_change_find(struct call *c, struct key_change *change, step_fn found)
{
    change->find = (struct key_find){.tenant = scope_of(c)->tenant_id, .purpose = change->purpose};
    wait_store_init(c, &change->find.op);
    key_store_find(&change->find);
    return wait_store(c, found, &change->find.op);
}

struct key_versions key_change_versions(const struct key_change *change)
{
    return (struct key_versions){change->find.versions, change->find.count};
}

static bool is_meant(const struct key_change *change, const struct tenant_key_row *row)
{
    return change->version == 0 ? row->is.state == KEY_ACTIVE : row->is.version == change->version;
}

step key_change_take(struct call *c, struct key_change *change)
{
    if (change->find.op.err.reason != R_NONE) {
        return wait_failed(c, &change->find.op.err);
    }
    change->row = NULL;
    for (size_t i = 0; i < change->find.count; i++) {
        if (is_meant(change, &change->find.rows[i])) {
            change->row = &change->find.rows[i];
        }
    }
    if (change->row == NULL && change->version != 0) {
        return call_fail(c, R_NOT_FOUND, "no %s key %" PRIu32, key_purpose_name(change->purpose),
                         change->version);
    }
    return etag_check(c, change->etag, change->row == NULL ? 0 : change->row->mark);
}

step key_change_check(struct call *c, struct key_change *change, enum key_act act)
{
    if (step_failed(key_change_take(c, change))) {
        return STEP_FAILED;
    }
    switch (key_life_check(key_change_versions(change), change->version, act)) {
    case KEY_MAY:
        return STEP_NEXT;
    case KEY_IN_USE:
        return call_fail(c, R_KEY_IN_USE, "version %" PRIu32, change->version);
    case KEY_MISSING:
    case KEY_WRONG_STATE:
        break;
    }
    return call_fail(c, R_KEY_STATE, "version %" PRIu32, change->version);
}

step key_change_tell(struct call *c, struct key_change *change, const char *words)
{
    bool has_reason = change->reason[0] != '\0';
    change->target = words == NULL ? NULL
                                   : arena_printf(call_arena(c), "%s%s%s", words,
                                                  has_reason ? ": " : "", change->reason);
    return change->target == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "target") : STEP_NEXT;
}

uint32_t key_change_opens(struct call *c)
{
    (void)c;
    return 1U << APPROVAL_EXPORT_KEYS | 1U << APPROVAL_CONTENT_ACCESS;
}

static const struct tenant_key_row *active_of(const struct key_change *change)
{
    for (size_t i = 0; i < change->find.count; i++) {
        if (change->find.rows[i].is.state == KEY_ACTIVE) {
            return &change->find.rows[i];
        }
    }
    return NULL;
}

struct key_state_change key_change_of(const struct key_change *change, enum key_act act,
                                      uint32_t days)
{
    const struct tenant_key_row *former = active_of(change);
    return (struct key_state_change){.purpose = change->purpose,
                                     .version = change->version,
                                     .mark = change->row->mark,
                                     .act = act,
                                     .former = former == NULL ? 0 : former->is.version,
                                     .former_mark = former == NULL ? 0 : former->mark,
                                     .days = days,
                                     .target = change->target};
}
