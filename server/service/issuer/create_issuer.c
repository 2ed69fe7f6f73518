/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.CreateIssuer. */
#include <string.h>

#include "auth/facts.h"
#include "base/utf8.h"
#include "domain/values/issuer_template.h"
#include "service/common/flows.h"
#include "service/issuer/issuer_change.h"

static step parse(struct call *c)
{
    const Chancery__V1__CreateIssuerRequest *request = create_issuer_request(c);
    approvable_of(c)->act = &create_issuer_act;
    approvable_of(c)->request = request;
    if (request->issuer == NULL) {
        return call_bad_field(c, "issuer", "It is required.");
    }
    scope_of(c)->tenant_name = request->issuer->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step check_iss(struct call *c)
{
    const struct issuer *issuer = &issuer_change_of(c)->row.issuer;
    const char *iss = issuer->iss;
    if (iss[0] == '\0' || strlen(iss) > ISSUER_ISS_MAX || !utf8_is_printable(slice_str(iss))) {
        return call_bad_field(c, "issuer.issuer",
                              "It must be exactly the tokens' iss: 1 to 512 bytes.");
    }
    if (!issuer_template_has_braces(iss)) {
        return STEP_NEXT;
    }
    return issuer->kind == ISSUER_MULTI_TENANT && issuer_template_is_sound(iss)
               ? STEP_NEXT
               : call_bad_field(c, "issuer.issuer",
                                "Braces are for multi-tenant issuers: {tenantid}, once, as a whole "
                                "segment of an https address's path.");
}

/* A tenant's issuer speaks for that tenant and lives in its boundary. Who speaks for several
 * tenants, or for people of none, is the platform's. Components belong to either. */
static step check_kind(struct call *c)
{
    const struct scope *scope = scope_of(c);
    struct issuer *issuer = &issuer_change_of(c)->row.issuer;
    bool is_tenants = scope->tenant != NULL;
    if (issuer->kind != ISSUER_COMPONENT && is_tenants != (issuer->kind == ISSUER_TENANT)) {
        return call_bad_field(c, "issuer.kind",
                              "Issuers of a tenant are of kind TENANT or COMPONENT; MULTI_TENANT "
                              "and CONSUMER belong to the platform.");
    }
    if (is_tenants) {
        const char *boundary = scope->tenant->view.boundary;
        if (issuer->boundary[0] != '\0' && strcmp(issuer->boundary, boundary) != 0) {
            return call_bad_field(c, "issuer.boundary",
                                  "It must be the tenant's boundary, or empty.");
        }
        issuer->boundary = boundary;
    }
    return STEP_NEXT;
}

/* An exact iss wins over a template, for all who have it. */
static step judged(struct call *c)
{
    struct issuer_change *change = issuer_change_of(c);
    change->row.proof = change->op.proof;
    switch (change->op.judgment) {
    case ISSUER_PROVEN:
        return STEP_NEXT;
    case ISSUER_TAKEN:
        return call_fail(c, R_ALREADY_EXISTS, "registered, and proven");
    case ISSUER_COVERED:
        return approvable_refuse(c, "issuer.issuer",
                                 "A multi-tenant issuer covers it, for another tenant; ask a "
                                 "platform admin.");
    case ISSUER_UNPROVEN:
        break;
    }
    return approvable_refuse(
        c, "issuer.issuer",
        "It must be an https address whose host lies in a verified domain of the "
        "tenant; any other is for a platform admin to register.");
}

static step check_boundary(struct call *c)
{
    const char *boundary = issuer_change_of(c)->row.issuer.boundary;
    if (boundary_find(&caller_of(c)->found_platform->view, boundary) == NULL) {
        return call_bad_field(c, "issuer.boundary", "There is no such boundary.");
    }
    return step_failed(scope_check_boundary(c, boundary)) ? STEP_FAILED
                                                          : issuer_change_judge(c, judged);
}

static step merged(struct call *c)
{
    struct issuer *issuer = &issuer_change_of(c)->row.issuer;
    if (issuer->clock_skew_s == 0) {
        issuer->clock_skew_s = ISSUER_CLOCK_SKEW_S;
    }
    return step_failed(check_kind(c)) ? STEP_FAILED : facts_need_platform(c, check_boundary);
}

static step check(struct call *c)
{
    const Chancery__V1__CreateIssuerRequest *request = approvable_of(c)->request;
    const Chancery__V1__Issuer *from = request->issuer;
    struct issuer_change *change = issuer_change_of(c);
    if ((int)from->kind < ISSUER_TENANT || (int)from->kind > ISSUER_COMPONENT ||
        (int)from->kind == ISSUER_PASSCODE) {
        return call_bad_field(
            c, "issuer.kind",
            "It must be TENANT, MULTI_TENANT, CONSUMER or COMPONENT; passcodes are our own.");
    }
    change->row.issuer.id.u = uuid_v7(call_unix_us(c));
    change->row.issuer.kind = (enum issuer_kind)from->kind;
    change->row.issuer.iss = from->issuer;
    change->row.issuer.boundary = from->boundary;
    change->row.mark = mark_new();
    change->message = from;
    change->mask = resource_changeable(&issuer_resource);
    change->by_platform = scope_is_platforms_word(c);
    return step_failed(check_iss(c)) ? STEP_FAILED : issuer_change_merge(c, merged);
}

/* --- the act ---------------------------------------------------------------------------------- */

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Register issuer %s", issuer_change_of(c)->row.issuer.iss);
}

static void changes(struct call *c, struct approval_changes *out)
{
    issuer_change_add(c, out, NULL, &issuer_change_of(c)->row);
}

static void perform(struct change_op *op, const void *value)
{
    const struct issuer_change *change = value;
    issuer_store_create(op, &change->row, change->by_platform);
}

const struct approvable_act create_issuer_act = {
    .name = "create_issuer",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__create_issuer_request__descriptor,
    .value_size = sizeof(struct issuer_change),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_DATABASE_CONFLICT, /* its proof went between check and act */
};

static void *write_issuer(struct call *c)
{
    return issuer_message_write(c, &issuer_change_of(c)->row, scope_tenant_name(c));
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_issuer);
}

const struct flow create_issuer_flow = {
    .method = "/chancery.v1.IssuerService/CreateIssuer",
    .name = "create_issuer",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("create"),
              STEP("reply", reply)},
};
