/* SPDX-License-Identifier: Apache-2.0 */
/* TemplateService: CreateTemplate, GetTemplate, ListTemplates, UpdateTemplate, PublishTemplate,
 * ArchiveTemplate. Every change answers with the template as it is afterwards. */
#include "service/common/template_message.h"

#include <stdlib.h>
#include <string.h>

#include "google/protobuf/field_mask.pb-c.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

struct templates {
    struct scope scope; /* first */
    struct template_row row;
    struct template_id id, after;
    struct uuid request_id;
    const Chancery__V1__Template *message;
    unsigned parts;
    int64_t version; /* that the change must meet; 0: any */
    bool is_archived;
    size_t limit;
};

static struct templates *templates_of(const struct call *c)
{
    return call_state(c);
}

/* --- shared steps ------------------------------------------------------------------------------- */

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

static Chancery__V1__Template *written(struct call *c, const struct template_row *row)
{
    return template_write(c, row,
                          scope_of(c)->tenant == NULL ? "" : scope_of(c)->tenant->view.name);
}

/* The five replies that hold nothing but a template have the same shape. */
static step reply_template(struct call *c)
{
    Chancery__V1__GetTemplateResponse *r = reply_new(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->template_ = written(c, &templates_of(c)->row);
    return r->template_ == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
                                : call_reply(c, &r->base);
}

/* --- CreateTemplate ----------------------------------------------------------------------------- */

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
    return step_failed(request_uuid(c, "request_id", request->request_id, &t->request_id))
               ? STEP_FAILED
               : template_read(c, request->template_, TEMPLATE_ALL, &t->row);
}

static step create(struct call *c)
{
    struct templates *t = templates_of(c);
    if (t->scope.tenant != NULL && t->scope.tenant->view.template_count >= TEMPLATES_MAX) {
        return call_fail(c, R_LIMIT_EXCEEDED, "%d templates", TEMPLATES_MAX);
    }
    t->id = t->row.id;
    template_store_create(scope_begin(c), &t->row, t->request_id);
    return scope_wait(c);
}

const struct flow create_template_flow = {
    .method = "/chancery.v1.TemplateService/CreateTemplate",
    .name = "create_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), SCOPE_STEP, COMMIT("create", create), STEP("read", read),
              STEP("take", take_row), STEP("reply", reply_template)},
};

/* --- GetTemplate -------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetTemplateRequest *request = get_template_request(c);
    return parse_one(c, request->tenant, request->template_id);
}

const struct flow get_template_flow = {
    .method = "/chancery.v1.TemplateService/GetTemplate",
    .name = "get_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("read", read), STEP("take", take_row),
              STEP("reply", reply_template)},
};

/* --- ListTemplates ------------------------------------------------------------------------------ */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListTemplatesRequest *request = list_templates_request(c);
    struct templates *t = templates_of(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_page(c, request->page_size, request->page_token, &t->limit, &t->after.u);
}

static step list(struct call *c)
{
    const struct templates *t = templates_of(c);
    template_store_list(scope_begin(c), (struct template_id){{{0}}}, t->after, t->limit);
    return scope_wait(c);
}

static step reply_list(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    Chancery__V1__ListTemplatesResponse *r = list_templates_response(c);
    Chancery__V1__Template **all =
        ARENA_ARRAY(call_arena(c), Chancery__V1__Template *, op->template_count + 1);
    if (r == NULL || all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    r->templates = all;
    for (; r->n_templates < op->template_count; r->n_templates++) {
        all[r->n_templates] = written(c, &op->templates[r->n_templates]);
        if (all[r->n_templates] == NULL) {
            return call_fail(c, R_ARENA_EXHAUSTED, "reply");
        }
    }
    if (op->template_count == templates_of(c)->limit) {
        const struct template_id *last = &op->templates[op->template_count - 1].id;
        r->next_page_token = reply_text(reply_page_token(c, last, sizeof *last));
    }
    return list_templates_reply(c, r);
}

const struct flow list_templates_flow = {
    .method = "/chancery.v1.TemplateService/ListTemplates",
    .name = "list_templates",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* --- UpdateTemplate ----------------------------------------------------------------------------- */

static unsigned part_of(const char *path)
{
    static const struct {
        const char *path;
        unsigned part;
    } parts[] = {
        {"names", TEMPLATE_NAMES},
        {"descriptions", TEMPLATE_DESCRIPTIONS},
        {"grants", TEMPLATE_GRANTS},
        {"expiry", TEMPLATE_EXPIRY},
        {"offline_access", TEMPLATE_OFFLINE},
        {"offline_days", TEMPLATE_OFFLINE},
        {"scope", TEMPLATE_SCOPE},
        {"referral_contact", TEMPLATE_REFERRAL},
        {"*", TEMPLATE_ALL},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].path, path) == 0) {
            return parts[i].part;
        }
    }
    return 0;
}

static step parse_update(struct call *c)
{
    const Chancery__V1__UpdateTemplateRequest *request = update_template_request(c);
    struct templates *t = templates_of(c);
    if (request->template_ == NULL || request->update_mask == NULL ||
        request->update_mask->n_paths == 0) {
        return call_bad_field(c, "update_mask",
                              "A template and the fields to change are required.");
    }
    for (size_t i = 0; i < request->update_mask->n_paths; i++) {
        unsigned part = part_of(request->update_mask->paths[i]);
        if (part == 0) {
            return call_bad_field(c, "update_mask", "It names a field that can't be changed.");
        }
        t->parts |= part;
    }
    t->message = request->template_;
    if (t->message->etag[0] != '\0') {
        t->version = strtoll(t->message->etag, NULL, 10);
        t->version = t->version < 1 ? -1 : t->version; /* an etag of nobody matches nothing */
    }
    return parse_one(c, request->tenant[0] != '\0' ? request->tenant : t->message->tenant,
                     t->message->template_id);
}

static step merge(struct call *c)
{
    struct templates *t = templates_of(c);
    if (step_failed(take_row(c))) {
        return STEP_FAILED;
    }
    if (t->version != 0 && t->version != t->row.version) {
        return call_fail(c, R_ETAG_MISMATCH, "version %lld", (long long)t->row.version);
    }
    t->version = t->row.version; /* nothing may come between reading and writing */
    return template_read(c, t->message, t->parts, &t->row);
}

static step update(struct call *c)
{
    struct templates *t = templates_of(c);
    template_store_update(scope_begin(c), &t->row, t->version);
    return scope_wait_version(c);
}

const struct flow update_template_flow = {
    .method = "/chancery.v1.TemplateService/UpdateTemplate",
    .name = "update_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_update), SCOPE_STEP, STEP("read", read), STEP("merge", merge),
              COMMIT("update", update), STEP("read_again", read), STEP("take", take_row),
              STEP("reply", reply_template)},
};

/* --- PublishTemplate and ArchiveTemplate -------------------------------------------------------- */

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
    .steps = {STEP("parse", parse_publish), SCOPE_STEP, COMMIT("publish", set_state),
              STEP("read", read), STEP("take", take_row), STEP("reply", reply_template)},
};

const struct flow archive_template_flow = {
    .method = "/chancery.v1.TemplateService/ArchiveTemplate",
    .name = "archive_template",
    .state = FLOW_STATE_ON(struct templates, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_archive), SCOPE_STEP, COMMIT("archive", set_state),
              STEP("read", read), STEP("take", take_row), STEP("reply", reply_template)},
};
