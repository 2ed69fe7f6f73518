/* SPDX-License-Identifier: Apache-2.0 */
/* DeclarationService.Apply: acts of one tenant, all of them or none.
 *
 *   count    1 to ACTS_MAX
 *   begin    a transaction, which all from here to the end belongs to
 *   acts     each by the flow of its method: its caller, its checks, its statement, its record
 *   settle   what the platform's epoch is compared with and raised to, once for all acts
 *   commit
 *
 * Whatever fails ends the call, and with it the transaction (call_hold). What an act was refused for is
 * recorded there, by the gate, and stays. */
#include <string.h>

#include "chancery/v1/declaration.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/proto_field.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "store/pg/pg_transaction.h"

enum {
    ACTS_MAX = 1000,
    ACT_BYTES_MAX = 512 * 1024,
    ACT_MEMORY = 4 << 20, /* as much as the flow of an act has that needs most */
};

struct apply {
    struct store_op op;
    struct tenant_id tenant; /* whose acts they are; zero: of none by now */
    Chancery__V1__ActResult **results;
    size_t count;
};

static struct apply *apply_of(const struct call *c)
{
    return call_state(c);
}

static step count(struct call *c)
{
    struct apply *a = apply_of(c);
    if (step_failed(request_count(c, "acts", call_item_count(c), 1, ACTS_MAX))) {
        return STEP_FAILED;
    }
    a->results = ARENA_ARRAY(call_arena(c), Chancery__V1__ActResult *, call_item_count(c));
    return a->results == NULL ? reply_over_budget(c) : STEP_NEXT;
}

static step over(struct call *c)
{
    return wait_over(c, &apply_of(c)->op.err);
}

static void let_go(void *transaction)
{
    store_transaction_free(transaction);
}

static bool has_failed(const void *transaction)
{
    return store_transaction_has_failed(transaction);
}

static step begin(struct call *c)
{
    struct store_transaction *t = store_transaction_new(services_of(c)->store, call_party(c));
    call_hold(c, t, let_go, has_failed);
    wait_store_init(c, &apply_of(c)->op);
    store_transaction_begin(t, &apply_of(c)->op);
    return wait_store(c, over, &apply_of(c)->op);
}

/* --- what came of an act ------------------------------------------------------------------------ */

/* A text of ours; "" when the message has no such field. */
static const char *text_in(const ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
    return field == NULL || field->type != PROTOBUF_C_TYPE_STRING
               ? ""
               : *(const char *const *)(const void *)((const char *)message + field->offset);
}

/* The resource that Create… and Update… answer with; NULL: the answer has none. */
static const ProtobufCMessage *resource_in(const ProtobufCMessage *reply)
{
    const ProtobufCMessageDescriptor *type = reply->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED) {
            return *(const ProtobufCMessage *const *)(const void *)((const char *)reply +
                                                                    field->offset);
        }
    }
    return NULL;
}

static const char *id_in(const ProtobufCMessage *resource)
{
    static const char *const names[] = {"template_id", "rule_id", "component_id", "issuer_id"};
    const char *id = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        /* A component names its issuer too, so the first that is there is its own. */
        id = id[0] == '\0' ? text_in(resource, names[i]) : id;
    }
    return id;
}

static step keep(struct call *c, const ProtobufCMessage *reply)
{
    struct apply *a = apply_of(c);
    Chancery__V1__ActResult *result = call_message(c, &chancery__v1__act_result__descriptor);
    const ProtobufCMessage *resource = resource_in(reply);
    if (result == NULL) {
        return STEP_FAILED;
    }
    result->approval_id = arena_strdup(call_arena(c), text_in(reply, "approval_id"));
    result->id = arena_strdup(call_arena(c), resource == NULL ? "" : id_in(resource));
    result->etag = arena_strdup(call_arena(c), resource == NULL ? "" : text_in(resource, "etag"));
    a->results[a->count++] = result;
    return result->approval_id == NULL || result->id == NULL || result->etag == NULL
               ? reply_over_budget(c)
               : STEP_NEXT;
}

/* Acts of the platform on what is no tenant's may stand among those of one. */
static step check_tenant(struct call *c, const struct call *item)
{
    struct apply *a = apply_of(c);
    if ((call_state_bases(item) & BASE_SCOPE) == 0 || ID_IS_ZERO(scope_of(item)->tenant_id)) {
        return STEP_NEXT;
    }
    struct tenant_id tenant = scope_of(item)->tenant_id;
    if (!ID_IS_ZERO(a->tenant) && !ID_EQ(a->tenant, tenant)) {
        return call_bad_field(c, arena_printf(call_arena(c), "acts[%zu]", a->count),
                              "It is of another tenant than an act before it.");
    }
    a->tenant = tenant;
    return STEP_NEXT;
}

static step act_done(struct call *c, const struct call *item, const struct call_outcome *outcome)
{
    return step_failed(check_tenant(c, item)) ? STEP_FAILED : keep(c, outcome->reply);
}

/* --- the end ------------------------------------------------------------------------------------ */

static step settle(struct call *c)
{
    struct apply *a = apply_of(c);
    wait_store_init(c, &a->op);
    store_transaction_settle(&a->op);
    return wait_store(c, over, &a->op);
}

static step commit(struct call *c)
{
    struct apply *a = apply_of(c);
    wait_store_init(c, &a->op);
    store_transaction_commit(call_held(c), &a->op);
    return wait_store(c, over, &a->op);
}

static step reply(struct call *c)
{
    struct apply *a = apply_of(c);
    Chancery__V1__ApplyResponse *response = apply_response(c);
    if (response == NULL) {
        return STEP_FAILED;
    }
    response->results = a->results;
    response->n_results = a->count;
    return apply_reply(c, response);
}

static const struct method act = {
    .path = "/chancery.v1.DeclarationService/Apply",
    .service = "chancery.v1.DeclarationService",
    .request = &chancery__v1__act__descriptor,
    .response = &chancery__v1__act_result__descriptor,
    .max_request_bytes = ACT_BYTES_MAX,
};

const struct flow apply_flow = {
    .method = "/chancery.v1.DeclarationService/Apply",
    .name = "apply",
    .state = FLOW_STATE(struct apply),
    .memory = ACT_MEMORY,
    .steps = {STEP("count", count), STEP("begin", begin), SEQUENCE("acts"), STEP("settle", settle),
              COMMIT("commit", commit), STEP("reply", reply)},
    .items_max = ACTS_MAX,
    .item_method = &act,
    .on_item = act_done,
    .item_word = "act",
};
