/* SPDX-License-Identifier: Apache-2.0 */
/* BrandingService: CreateBranding, GetBranding, ListBrandings. */
#include "context/wait.h"
#include "service/branding/branding_message.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

struct brandings {
    struct scope scope; /* first */
    const char *name, *after;
    struct branding_row row;
    const Chancery__V1__Branding *message; /* of a request that sets fields */
    struct resource_reading fields;
    struct page page;
};

static struct brandings *brandings_of(const struct call *c)
{
    return call_state(c);
}

/* --- shared steps ----------------------------------------------------------------------------- */

static step read(struct call *c)
{
    branding_store_get(scope_begin(c), brandings_of(c)->name);
    return scope_wait(c);
}

static step take_row(struct call *c)
{
    struct brandings *b = brandings_of(c);
    const struct change_op *op = &scope_of(c)->op;
    if (op->branding_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such branding");
    }
    b->row = op->brandings[0];
    return STEP_NEXT;
}

static step read_fields(struct call *c)
{
    struct brandings *b = brandings_of(c);
    return resource_read(c, &branding_resource, &b->fields, b->message, &b->row, read_fields);
}

static step reply_branding(struct call *c)
{
    return reply_message(c, branding_message_write(c, &brandings_of(c)->row, scope_tenant_name(c)));
}

static step parse_one(struct call *c, const char *tenant, const char *field, const char *name)
{
    scope_of(c)->tenant_name = tenant;
    brandings_of(c)->name = name;
    return branding_name_check(c, field, name);
}

/* --- CreateBranding --------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    struct brandings *b = brandings_of(c);
    b->message = create_branding_request(c)->branding;
    if (b->message == NULL) {
        return call_bad_field(c, "branding", "It is required.");
    }
    b->fields.left = resource_changeable(&branding_resource);
    b->row.name = b->message->branding;
    return parse_one(c, b->message->tenant, "branding.branding", b->message->branding);
}

static step create(struct call *c)
{
    branding_store_create(scope_begin(c), &brandings_of(c)->row);
    return scope_wait(c);
}

const struct flow create_branding_flow = {
    .method = "/chancery.v1.BrandingService/CreateBranding",
    .name = "create_branding",
    .state = FLOW_STATE_ON(struct brandings, BASE_SCOPE, struct scope, scope),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse_create), STEP("fields", read_fields), SCOPE_TENANT_STEP,
              COMMIT("create", create), STEP("read", read), STEP("take", take_row),
              STEP("reply", reply_branding)},
};

/* --- GetBranding ------------------------------------------------------------------------------ */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetBrandingRequest *request = get_branding_request(c);
    return parse_one(c, request->tenant, "branding", request->branding);
}

const struct flow get_branding_flow = {
    .method = "/chancery.v1.BrandingService/GetBranding",
    .name = "get_branding",
    .state = FLOW_STATE_ON(struct brandings, BASE_SCOPE, struct scope, scope),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse_get), SCOPE_TENANT_STEP, STEP("read", read),
              STEP("take", take_row), STEP("reply", reply_branding)},
};

/* --- ListBrandings ---------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    struct brandings *b = brandings_of(c);
    scope_of(c)->tenant_name = list_brandings_request(c)->tenant;
    return step_failed(page_read(c, &b->page)) ? STEP_FAILED
                                               : page_after_text(c, &b->page, &b->after);
}

static step list(struct call *c)
{
    const struct brandings *b = brandings_of(c);
    branding_store_list(scope_begin(c), b->after, page_limit(&b->page));
    return scope_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return branding_message_write(c, &scope_of(c)->op.brandings[row], scope_tenant_name(c));
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(scope_of(c)->op.brandings[row].name);
}

static step reply_list(struct call *c)
{
    const struct page_rows rows = {.list = {.type = branding_resource.message,
                                            .count = scope_of(c)->op.branding_count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = scope_of(c)->op.op.is_cut};
    return page_send(c, &brandings_of(c)->page, &rows, reply_list);
}

const struct flow list_brandings_flow = {
    .method = "/chancery.v1.BrandingService/ListBrandings",
    .name = "list_brandings",
    .state = FLOW_STATE_ON(struct brandings, BASE_SCOPE, struct scope, scope),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};
