/* SPDX-License-Identifier: Apache-2.0 */
/* TemplateService.UpdateTemplate. Templates are bound late, so a change reaches old content: one
 * that lets somebody in waits for a second admin where the tenant requires one (docs/policy.md
 * §6.1). */
#include <string.h>

#include "context/wait.h"
#include "domain/relations/policy_widens.h"
#include "service/common/approvable.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/common/resource_changes.h"
#include "service/template/template_message.h"

enum { NAME_SHOWN_MAX = 256 /* bytes of a name within a sentence */ };

struct template_change {
    struct template_id id;
    struct template_row before, row;
    const Chancery__V1__Template *message;
    resource_set mask;
    struct resource_reading fields;
};

static struct template_change *change_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__UpdateTemplateRequest *request = update_template_request(c);
    const Chancery__V1__Template *from = request->template_;
    approvable_of(c)->act = &update_template_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name =
        request->tenant[0] != '\0' || from == NULL ? request->tenant : from->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step have_stored(struct call *c)
{
    return wait_over(c, &scope_of(c)->op.op.err);
}

static step read_stored(struct call *c)
{
    struct change_op *op = scope_begin(c);
    template_store_list(op, change_of(c)->id, (struct template_id){{{0}}}, 1);
    return wait_store(c, have_stored, &op->op);
}

static step merged(struct call *c)
{
    return template_message_check(c, &change_of(c)->row);
}

static step merge(struct call *c)
{
    struct template_change *change = change_of(c);
    return resource_read(c, &template_resource, &change->fields, change->message, &change->row,
                         merge);
}

static step have_row(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    struct template_change *change = change_of(c);
    if (op->template_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such template");
    }
    change->before = change->row = op->templates[0];
    const struct template_policy *held =
        tenant_find_template(&scope_of(c)->tenant->view, change->id);
    if (held == NULL || held->version != change->row.version) {
        return call_authenticate_again(c, scope_resolve); /* changed since the tenant was read */
    }
    if (step_failed(etag_check(c, change->message->etag, change->row.mark))) {
        return STEP_FAILED;
    }
    call_then(c, merged);
    return merge(c);
}

static step check(struct call *c)
{
    const Chancery__V1__UpdateTemplateRequest *request = approvable_of(c)->request;
    struct template_change *change = change_of(c);
    change->message = request->template_;
    if (step_failed(resource_read_mask(c, &template_resource, request->template_,
                                       request->update_mask, &change->mask)) ||
        step_failed(request_uuid_required(c, "template.template_id",
                                          request->template_->template_id, &change->id.u))) {
        return STEP_FAILED;
    }
    change->fields.left = change->mask;
    call_then(c, have_row);
    return read_stored(c);
}

/* --- does it let somebody in? ----------------------------------------------------------------- */

/* What a row grants; NULL over budget. What can't be read counts as everything. */
static const struct grant *grants_of(struct arena *arena, const struct template_row *row)
{
    struct grant *grants = ARENA_ARRAY(arena, struct grant, row->grant_count + 1);
    struct rights *rights = ARENA_ARRAY(arena, struct rights, row->grant_count + 1);
    for (size_t i = 0; grants != NULL && rights != NULL && i < row->grant_count; i++) {
        grants[i] = (struct grant){principal_view(row->principals[i]), &rights[i]};
        if (!rights_parse(arena, slice_str(row->rights[i]), &rights[i], NULL).ok) {
            rights[i].bits = RIGHTS_ALL;
        }
    }
    return rights == NULL ? NULL : grants;
}

/* What held before is as decisions see it: of a template that can't be read nothing. */
static bool lets_somebody_in(struct call *c)
{
    const struct template_change *change = change_of(c);
    const struct template_row *row = &change->row;
    struct policy_terms before =
        policy_terms_of_template(tenant_find_template(&scope_of(c)->tenant->view, change->id));
    struct policy_terms after = {
        .grants = grants_of(call_arena(c), row),
        .grant_count = row->grant_count,
        .expiry = {{row->expires_at / 1000000}, row->expires_after_days},
        .offline_days = row->offline_days,
    };
    bool widens = true;
    return after.grants == NULL ||
           !policy_widens(call_arena(c), &before, &after, &widens, NULL).ok || widens;
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct template_row *before = &change_of(c)->before, *after = &change_of(c)->row;
    struct template_row old = *before, new = *after;
    old.grant_count = new.grant_count = 0;
    const void *was = template_message_write(c, &old, ""),
               *is = template_message_write(c, &new, "");
    out->failed = out->failed || was == NULL || is == NULL;
    if (!out->failed) {
        approval_changes_add_pairs(out, "template.grants",
                                   (struct pair_list){.names = before->principals,
                                                      .values = before->rights,
                                                      .count = before->grant_count},
                                   (struct pair_list){.names = after->principals,
                                                      .values = after->rights,
                                                      .count = after->grant_count});
        resource_changes_add(out, &template_resource, was, is,
                             resource_field(&template_resource, "grants"));
    }
}

/* What is only read, then that of which policy_widens knows. The scope never affects who may open,
 * but one that can't be read keeps everybody out. */
enum { TEXTS = 3 };
static const struct harmless_change harmless[] = {
    {"template.names", NULL},
    {"template.descriptions", NULL},
    {"template.referral_contact", NULL}, /* TEXTS so far */
    {"template.grants", NULL},
    {"template.expiry", NULL},
    {"template.offline_access", NULL},
    {"template.offline_days", NULL},
    {"template.scope", NULL},
};

static uint32_t effect(struct call *c)
{
    bool is_known = approval_changes_are_harmless(approvable_changes(c), harmless,
                                                  sizeof harmless / sizeof harmless[0]);
    bool is_harmless = approval_changes_are_harmless(approvable_changes(c), harmless, TEXTS) ||
                       (is_known && !lets_somebody_in(c));
    return is_harmless ? 0 : 1U << APPROVAL_CONTENT_ACCESS;
}

/* --- the act ---------------------------------------------------------------------------------- */

static const char *summary(struct call *c)
{
    const struct template_change *change = change_of(c);
    const char *fields = resource_names(c, &template_resource, change->mask);
    const char *name = change->before.name_count > 0 ? change->before.name_texts[0] : "";
    char id[UUID_TEXT_BYTES];
    uuid_format(change->id.u, id);
    return fields == NULL ? NULL
                          : arena_printf(call_arena(c), "Change template %s (%s): %s", id,
                                         strlen(name) <= NAME_SHOWN_MAX ? name : "…", fields);
}

/* Nothing may come between reading and writing. */
static void perform(struct change_op *op, const void *value)
{
    const struct template_change *change = value;
    template_store_update(op, &change->row);
}

const struct approvable_act update_template_act = {
    .name = "update_template",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__update_template_request__descriptor,
    .value_size = sizeof(struct template_change),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

/* As it is afterwards. */
static step read_again(struct call *c)
{
    return ID_IS_ZERO(approvable_of(c)->asked) ? read_stored(c) : STEP_NEXT;
}

static void *write_template(struct call *c)
{
    return template_message_write(c, &scope_of(c)->op.templates[0], scope_tenant_name(c));
}

static step reply(struct call *c)
{
    bool is_gone = ID_IS_ZERO(approvable_of(c)->asked) && scope_of(c)->op.template_count == 0;
    return is_gone ? call_fail(c, R_NOT_FOUND, "deleted since")
                   : approvable_reply(c, write_template);
}

const struct flow update_template_flow = {
    .method = "/chancery.v1.TemplateService/UpdateTemplate",
    .name = "update_template",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("update"),
              STEP("read_again", read_again), STEP("reply", reply)},
};
