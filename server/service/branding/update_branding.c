/* SPDX-License-Identifier: Apache-2.0 */
/* BrandingService: UpdateBranding and DeleteBranding. A branding limits what readers outside see of the
 * content that was protected with it, so what limits them less waits for a second admin where the
 * tenant requires one (docs/policy.md §6.1). */
#include "context/wait.h"
#include "service/branding/branding_message.h"
#include "service/common/approvable.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/resource_changes.h"

struct branding_change {
    const char *name, *etag;
    struct branding_row before, row;
    const Chancery__V1__Branding *message;
    resource_set mask;
    struct resource_reading fields;
};

static struct branding_change *change_of(const struct call *c)
{
    return approvable_of(c)->value;
}

/* --- what both share -------------------------------------------------------------------------- */

static step have_row(struct call *c, step_fn then)
{
    struct branding_change *change = change_of(c);
    const struct change_op *op = &scope_of(c)->op;
    if (op->op.err.reason != R_NONE) {
        return wait_failed(c, &op->op.err);
    }
    if (op->branding_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such branding");
    }
    change->before = change->row = op->brandings[0];
    return step_failed(etag_check(c, change->etag, change->row.mark)) ? STEP_FAILED : then(c);
}

static step read_stored(struct call *c, step_fn then)
{
    struct change_op *op = scope_begin(c);
    branding_store_get(op, change_of(c)->name);
    return wait_store(c, then, &op->op);
}

/* Whether readers outside are limited less. */
static bool limits_less(const struct branding_row *before, const struct branding_row *after)
{
    int32_t was = before->external_expiry_days, is = after->external_expiry_days;
    bool is_longer = was != 0 && (is == 0 || is > was);
    bool is_wider = before->sign_ins != 0 &&
                    (after->sign_ins == 0 || (after->sign_ins & ~before->sign_ins) != 0);
    return is_longer || is_wider;
}

/* --- UpdateBranding --------------------------------------------------------------------------- */

static step parse_update(struct call *c)
{
    const Chancery__V1__UpdateBrandingRequest *request = update_branding_request(c);
    approvable_of(c)->act = &update_branding_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->branding == NULL ? "" : request->branding->tenant;
    return STEP_NEXT;
}

static step merge(struct call *c)
{
    struct branding_change *change = change_of(c);
    return resource_read(c, &branding_resource, &change->fields, change->message, &change->row,
                         merge);
}

static step stored_to_update(struct call *c)
{
    return have_row(c, merge);
}

static step check_update(struct call *c)
{
    const Chancery__V1__UpdateBrandingRequest *request = approvable_of(c)->request;
    struct branding_change *change = change_of(c);
    if (step_failed(resource_read_mask(c, &branding_resource, request->branding,
                                       request->update_mask, &change->mask)) ||
        step_failed(branding_name_check(c, "branding.branding", request->branding->branding))) {
        return STEP_FAILED;
    }
    change->message = request->branding;
    change->name = change->message->branding;
    change->etag = change->message->etag;
    change->fields.left = change->mask;
    return read_stored(c, stored_to_update);
}

/* All that there is; of the last two limits_less knows. */
static const struct harmless_change known[] = {
    {"branding.display_name", NULL},
    {"branding.logo", NULL},
    {"branding.background_color", NULL},
    {"branding.accent_color", NULL},
    {"branding.texts", NULL},
    {"branding.privacy_url", NULL},
    {"branding.external_expiry_days", NULL},
    {"branding.sign_in_kinds", NULL},
};

static uint32_t effect_of_update(struct call *c)
{
    const struct branding_change *change = change_of(c);
    bool is_harmless = approval_changes_are_harmless(approvable_changes(c), known,
                                                     sizeof known / sizeof known[0]) &&
                       !limits_less(&change->before, &change->row);
    return is_harmless ? 0 : 1U << APPROVAL_CONTENT_ACCESS;
}

static const char *summary_of_update(struct call *c)
{
    const char *fields = resource_names(c, &branding_resource, change_of(c)->mask);
    return fields == NULL
               ? NULL
               : arena_printf(call_arena(c), "Change branding %s (%s)", change_of(c)->name, fields);
}

static void changes_of_update(struct call *c, struct approval_changes *out)
{
    const void *was = branding_message_write(c, &change_of(c)->before, ""),
               *is = branding_message_write(c, &change_of(c)->row, "");
    out->failed = out->failed || was == NULL || is == NULL;
    if (!out->failed) {
        resource_changes_add(out, &branding_resource, was, is, 0);
    }
}

static void perform_update(struct change_op *op, const void *value)
{
    branding_store_update(op, &((const struct branding_change *)value)->row);
}

const struct approvable_act update_branding_act = {
    .name = "update_branding",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__update_branding_request__descriptor,
    .value_size = sizeof(struct branding_change),
    .check = check_update,
    .effect = effect_of_update,
    .summary = summary_of_update,
    .changes = changes_of_update,
    .perform = perform_update,
    .unmatched = R_ETAG_MISMATCH,
};

static step read_again(struct call *c)
{
    if (!ID_IS_ZERO(approvable_of(c)->asked)) {
        return STEP_NEXT;
    }
    branding_store_get(scope_begin(c), change_of(c)->name);
    return scope_wait(c);
}

static void *write_branding(struct call *c)
{
    return branding_message_write(c, &scope_of(c)->op.brandings[0], scope_tenant_name(c));
}

static step reply_update(struct call *c)
{
    bool is_gone = ID_IS_ZERO(approvable_of(c)->asked) && scope_of(c)->op.branding_count == 0;
    return is_gone ? call_fail(c, R_NOT_FOUND, "deleted since")
                   : approvable_reply(c, write_branding);
}

const struct flow update_branding_flow = {
    .method = "/chancery.v1.BrandingService/UpdateBranding",
    .name = "update_branding",
    .state = APPROVABLE_STATE,
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse_update), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("update"), STEP("read_again", read_again),
              STEP("reply", reply_update)},
};

/* --- DeleteBranding --------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteBrandingRequest *request = delete_branding_request(c);
    approvable_of(c)->act = &delete_branding_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step nothing(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

static step stored_to_delete(struct call *c)
{
    return have_row(c, nothing);
}

static step check_delete(struct call *c)
{
    const Chancery__V1__DeleteBrandingRequest *request = approvable_of(c)->request;
    struct branding_change *change = change_of(c);
    change->name = request->branding;
    change->etag = request->etag;
    return step_failed(branding_name_check(c, "branding", change->name))
               ? STEP_FAILED
               : read_stored(c, stored_to_delete);
}

/* What it limits is limited no more. */
static uint32_t effect_of_delete(struct call *c)
{
    static const struct branding_row none = {.name = ""};
    return limits_less(&change_of(c)->before, &none) ? 1U << APPROVAL_CONTENT_ACCESS : 0;
}

static const char *summary_of_delete(struct call *c)
{
    return arena_printf(call_arena(c), "Delete branding %s", change_of(c)->name);
}

static void changes_of_delete(struct call *c, struct approval_changes *out)
{
    const void *was = branding_message_write(c, &change_of(c)->before, "");
    out->failed = out->failed || was == NULL;
    if (!out->failed) {
        resource_changes_add(out, &branding_resource, was, NULL, 0);
    }
}

static void perform_delete(struct change_op *op, const void *value)
{
    const struct branding_change *change = value;
    branding_store_delete(op, change->name, change->row.mark);
}

const struct approvable_act delete_branding_act = {
    .name = "delete_branding",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__delete_branding_request__descriptor,
    .value_size = sizeof(struct branding_change),
    .check = check_delete,
    .effect = effect_of_delete,
    .summary = summary_of_delete,
    .changes = changes_of_delete,
    .perform = perform_delete,
    .unmatched = R_ETAG_MISMATCH,
};

static step reply_delete(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow delete_branding_flow = {
    .method = "/chancery.v1.BrandingService/DeleteBranding",
    .name = "delete_branding",
    .state = APPROVABLE_STATE,
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse_delete), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("delete"), STEP("reply", reply_delete)},
};
