/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.ListKeys: all versions, without anything secret of them. */
#include <inttypes.h>
#include <stdlib.h>

#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/key/key_message.h"

struct list_keys {
    struct scope scope; /* first */
    struct page page;
    struct key_list list;
};

static struct list_keys *state_of(const struct call *c)
{
    return call_state(c);
}

/* A page begins behind "purpose version". */
static step read_place(struct call *c)
{
    struct list_keys *l = state_of(c);
    const char *key;
    char *end = NULL;
    if (step_failed(page_read(c, &l->page)) || step_failed(page_after_text(c, &l->page, &key))) {
        return STEP_FAILED;
    }
    if (key[0] == '\0') {
        return STEP_NEXT;
    }
    unsigned long purpose = strtoul(key, &end, 10), version = strtoul(end, &end, 10);
    if (*end != '\0' || purpose > KEY_SIGNING || version > INT32_MAX) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "not of this list");
    }
    l->list.after_purpose = (uint32_t)purpose;
    l->list.after_version = (uint32_t)version;
    return STEP_NEXT;
}

static step parse(struct call *c)
{
    scope_of(c)->tenant_name = list_keys_request(c)->tenant;
    return read_place(c);
}

static step listed(struct call *c)
{
    return wait_over(c, &state_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct list_keys *l = state_of(c);
    l->list.tenant = scope_of(c)->tenant_id;
    l->list.limit = page_limit(&l->page);
    wait_store_init(c, &l->list.op);
    key_store_list(&l->list);
    return wait_store(c, listed, &l->list.op);
}

static void *write_row(struct call *c, size_t row)
{
    return key_message_write(c, &state_of(c)->list.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    const struct tenant_key_row *key = &state_of(c)->list.rows[row];
    const char *text =
        arena_printf(call_arena(c), "%d %" PRIu32, (int)key->purpose, key->is.version);
    return text == NULL ? SLICE_NONE : slice_str(text);
}

static step reply(struct call *c)
{
    struct list_keys *l = state_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__key__descriptor,
                                            .count = l->list.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = l->list.op.is_cut};
    return page_send(c, &l->page, &rows, reply);
}

const struct flow list_keys_flow = {
    .method = "/chancery.v1.KeyService/ListKeys",
    .name = "list_keys",
    .state = FLOW_STATE_ON(struct list_keys, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, STEP("list", list), STEP("reply", reply)},
};
