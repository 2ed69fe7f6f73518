/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.VerifyDomain: by a TXT record that only whoever rules the domain can publish, or by
 * the word of a platform admin in networks without DNS. From then on the tenant's issuers speak for
 * the domain's addresses, so it waits for a second admin where the tenant requires one; the record
 * is looked for again when they approve. */
#include "chancery/v1/tenant.pb-c.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/tenant/tenant_domain.h"
#include "service/tenant/tenant_message.h"

struct verification {
    struct domain_op op;
    struct dns_txt txt;
    bool is_asserted;
};

static struct verification *verification_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__VerifyDomainRequest *request = verify_domain_request(c);
    approvable_of(c)->act = &verify_domain_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step answered(struct call *c)
{
    const struct verification *v = verification_of(c);
    const char *record = arena_printf(call_arena(c), DOMAIN_RECORD_LABEL "%s", v->op.domain);
    const char *value = arena_printf(call_arena(c), DOMAIN_RECORD_PREFIX "%s", v->op.proof);
    if (record == NULL || value == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "record");
    }
    if (v->txt.err.reason == R_NONE && dns_txt_has(&v->txt, value)) {
        return STEP_NEXT;
    }
    call_error_metadata(c, "record", record);
    call_error_metadata(c, "value", value);
    if (v->txt.err.reason != R_NONE) {
        return wait_failed(c, &v->txt.err);
    }
    return call_fail(c, R_DOMAIN_PROOF_MISSING, "%zu other records", v->txt.count);
}

static void txt_done(struct dns_txt *txt)
{
    call_resume(txt->user);
}

static void cancel_txt(void *op)
{
    dns_txt_cancel(op);
}

static step ask_dns(struct call *c)
{
    struct verification *v = verification_of(c);
    const char *record = arena_printf(call_arena(c), DOMAIN_RECORD_LABEL "%s", v->op.domain);
    if (record == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "record");
    }
    v->txt = (struct dns_txt){.arena = call_arena(c), .done = txt_done, .user = c};
    dns_txt_start(services_of(c)->dns, &v->txt, record);
    return call_wait(c, answered, cancel_txt, &v->txt);
}

static step have_claim(struct call *c)
{
    const struct verification *v = verification_of(c);
    if (v->op.op.err.reason != R_NONE) {
        return wait_failed(c, &v->op.op.err);
    }
    if (v->op.is_taken) {
        return call_fail(c, R_DOMAIN_TAKEN, "proven by another tenant");
    }
    if (v->op.is_verified && approvable_of(c)->approving != NULL) {
        return call_fail(c, R_PRECONDITION_FAILED, "verified already");
    }
    return v->is_asserted || v->op.is_verified ? STEP_NEXT : ask_dns(c);
}

static step check(struct call *c)
{
    const Chancery__V1__VerifyDomainRequest *request = approvable_of(c)->request;
    struct verification *v = verification_of(c);
    v->is_asserted = request->asserted != 0;
    if (v->is_asserted && !scope_is_platforms_word(c)) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may assert a domain");
    }
    return tenant_domain_find(c, request->domain, &v->op, have_claim);
}

/* --- the act ---------------------------------------------------------------------------------- */

static const char *how(const struct verification *v)
{
    return v->is_asserted ? "asserted" : "by DNS";
}

static const char *summary(struct call *c)
{
    const struct verification *v = verification_of(c);
    return arena_printf(call_arena(c),
                        "Verify domain %s, %s: the tenant's issuers then speak for it",
                        v->op.domain, how(v));
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct verification *v = verification_of(c);
    approval_changes_add(out, "domain.verified", "false", "true");
    approval_changes_add(out, "domain.name", "", v->op.domain);
    approval_changes_add(out, "domain.proof", "", v->op.proof);
}

static void perform(struct change_op *op, const void *value)
{
    const struct verification *v = value;
    domain_store_verify(op, v->op.domain, v->op.proof, how(v));
}

const struct approvable_act verify_domain_act = {
    .name = "verify_domain",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__verify_domain_request__descriptor,
    .value_size = sizeof(struct verification),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH, /* another claim by now */
    .taken = R_DOMAIN_TAKEN,
};

/* Verifying what is verified does nothing. */
static step verify(struct call *c)
{
    return verification_of(c)->op.is_verified ? STEP_NEXT : approvable_perform(c);
}

static void *write_domain(struct call *c)
{
    const struct verification *v = verification_of(c);
    const struct domain_state domain = {
        .name = v->op.domain, .proof = v->op.proof, .is_verified = true};
    return tenant_message_write_domain(c, domain);
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_domain);
}

const struct flow verify_domain_flow = {
    .method = "/chancery.v1.TenantService/VerifyDomain",
    .name = "verify_domain",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, COMMIT("verify", verify),
              STEP("reply", reply)},
};
