/* SPDX-License-Identifier: Apache-2.0 */
/* TemplateService: CreateTemplate, GetTemplate, ListTemplates, PublishTemplate, ArchiveTemplate. Every change answers with the template as it is afterwards. */
#include "service/template/template_message.h"

#include "context/wait.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/request_id.h"
#include "service/common/scope.h"
#include "store/resource/request_store.h"

struct templates {
    struct scope scope; /* first */
    struct template_row row;
    struct template_id id, after;
    struct request_id request;
    struct request_find made;              /* by the same request before */
    const Chancery__V1__Template *message; /* of a request that sets fields */
    struct resource_reading fields;
    bool is_archived;
    struct page page;
};

static struct templates *templates_of(const struct call *c)
{
    return call_state(c);
}

/* --- shared steps ----------------------------------------------------------------------------- */

static step parse_one(struct call *c, const char *tenant, const char *id)
{
    scope_of(c)->tenant_name = tenant;
    return request_uuid_required(c, "template_id", id, &templates_of(c)->id.u);
}

/* The row as it is now, with what the message does not say. */
static step read(struct call *c)
{
    template_store_list(scope_begin(c), templates_of(c)->id, (struct template_id){{{0}}}, 1);
    return scope_wait(c);
}

static step take_row(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    if (op->template_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such template");
    }
    templates_of(c)->row = op->templates[0];
    return STEP_NEXT;
}

static Chancery__V1__Template *write_template(struct call *c, const struct template_row *row)
{
    return template_message_write(c, row, scope_tenant_name(c));
}

static step reply_template(struct call *c)
{
    return reply_message(c, write_template(c, &templates_of(c)->row));
}

static step read_fields(struct call *c)
{
    struct templates *t = templates_of(c);
    return resource_read(c, &template_resource, &t->fields, t->message, &t->row, read_fields);
}

static step check_fields(struct call *c)
{
    return template_message_check(c, &templates_of(c)->row);
}

/* --- CreateTemplate --------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateTemplateRequest *request = create_template_request(c);
    struct templates *t = templates_of(c);
    if (request->template_ == NULL) {
        return call_bad_field(c, "template", "It is required.");
    }
    scope_of(c)->tenant_name =
        request->tenant[0] != '\0' ? request->tenant : request->template_->tenant;
    t->row.id.u = uuid_v7(call_unix_us(c));
    t->row.archived = request->template_->archived;
    t->message = request->template_;
    t->fields.left = resource_changeable(&template_resource);
    Chancery__V1__CreateTemplateRequest asked = *request;
    asked.request_id = reply_text("");
    return request_id_read(c, request->request_id, &asked.base, &t->request);
}

static step found_made(struct call *c)
{
    struct templates *t = templates_of(c);
    if (t->made.op.err.reason == R_NOT_FOUND) {
        return STEP_NEXT;
    }
    if (t->made.op.err.reason != R_NONE) {
        return wait_failed(c, &t->made.op.err);
    }
    t->id.u = t->made.made;
    return request_id_check(c, &t->request, t->made.hash);
}

/* A retry gets what the request made before, as it is now; nothing when it was deleted since. */
static step find_made(struct call *c)
{
    struct templates *t = templates_of(c);
    if (uuid_is_zero(t->request.id)) {
        return STEP_NEXT;
    }
    t->made = (struct request_find){.tenant = t->scope.tenant_id, .request = t->request.id};
    wait_store_init(c, &t->made.op);
    request_store_find(&t->made);
    return wait_store(c, found_made, &t->made.op);
}

/* What else would be taken: the same request, sent twice at the same time. */
static step created(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    return err->reason == R_ALREADY_EXISTS ? call_again_from(c, find_made) : wait_over(c, err);
}

static step create(struct call *c)
{
    struct templates *t = templates_of(c);
    if (!ID_IS_ZERO(t->id)) {
        return STEP_NEXT;
    }
    t->id = t->row.id;
    struct change_op *op = scope_begin(c);
    op->request = request_id_note(&t->request, t->id.u);
    template_store_create(op, &t->row);
    return wait_store(c, created, &op->op);
}

const struct flow create_template_flow = {
    .method = "/chancery.v1.TemplateService/CreateTemplate",
    .name = "create_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("fields", read_fields), STEP("check", check_fields),
              SCOPE_STEP, STEP("find", find_made), COMMIT("create", create), STEP("read", read),
              STEP("take", take_row), STEP("reply", reply_template)},
};

/* --- GetTemplate ------------------------------------------------------------------------------ */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetTemplateRequest *request = get_template_request(c);
    return parse_one(c, request->tenant, request->template_id);
}

const struct flow get_template_flow = {
    .method = "/chancery.v1.TemplateService/GetTemplate",
    .name = "get_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .memory = TEMPLATE_MEMORY,
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("read", read), STEP("take", take_row),
              STEP("reply", reply_template)},
};

/* --- ListTemplates ---------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListTemplatesRequest *request = list_templates_request(c);
    struct templates *t = templates_of(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_failed(page_read(c, &t->page)) ? STEP_FAILED
                                               : page_after_uuid(c, &t->page, &t->after.u);
}

static step list(struct call *c)
{
    const struct templates *t = templates_of(c);
    template_store_list(scope_begin(c), (struct template_id){{{0}}}, t->after,
                        page_limit(&t->page));
    return scope_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return write_template(c, &scope_of(c)->op.templates[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(&scope_of(c)->op.templates[row].id, sizeof(struct template_id));
}

static step reply_list(struct call *c)
{
    const struct page_rows rows = {.list = {.type = template_resource.message,
                                            .count = scope_of(c)->op.template_count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = scope_of(c)->op.op.is_cut};
    return page_send(c, &templates_of(c)->page, &rows, reply_list);
}

const struct flow list_templates_flow = {
    .method = "/chancery.v1.TemplateService/ListTemplates",
    .name = "list_templates",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .memory = TEMPLATE_MEMORY,
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* --- PublishTemplate and ArchiveTemplate ------------------------------------------------------ */

static step parse_publish(struct call *c)
{
    const Chancery__V1__PublishTemplateRequest *request = publish_template_request(c);
    return parse_one(c, request->tenant, request->template_id);
}

static step parse_archive(struct call *c)
{
    const Chancery__V1__ArchiveTemplateRequest *request = archive_template_request(c);
    templates_of(c)->is_archived = true;
    return parse_one(c, request->tenant, request->template_id);
}

static step set_state(struct call *c)
{
    template_store_archive(scope_begin(c), templates_of(c)->id, templates_of(c)->is_archived);
    return scope_wait(c);
}

const struct flow publish_template_flow = {
    .method = "/chancery.v1.TemplateService/PublishTemplate",
    .name = "publish_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .memory = TEMPLATE_MEMORY,
    .steps = {STEP("parse", parse_publish), SCOPE_STEP, COMMIT("publish", set_state),
              STEP("read", read), STEP("take", take_row), STEP("reply", reply_template)},
};

const struct flow archive_template_flow = {
    .method = "/chancery.v1.TemplateService/ArchiveTemplate",
    .name = "archive_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .memory = TEMPLATE_MEMORY,
    .steps = {STEP("parse", parse_archive), SCOPE_STEP, COMMIT("archive", set_state),
              STEP("read", read), STEP("take", take_row), STEP("reply", reply_template)},
};
