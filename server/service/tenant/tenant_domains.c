/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: AddDomain, VerifyDomain, RemoveDomain.
 *
 * A domain says whose addresses tokens may prove, so it is verified itself: by a TXT record that
 * only whoever rules the domain can publish, or by the word of a platform admin in networks without
 * DNS. */
#include "base/encode.h"
#include "context/wait.h"
#include "dns/dns_txt.h"
#include "domain/values/address.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/tenant/tenant_message.h"
#include "store/resource/domain_store.h"

struct domains {
    struct scope scope; /* first */
    const char *domain;
    struct domain_op op;
    struct dns_txt txt;
};

static struct domains *domains_of(const struct call *c)
{
    return call_state(c);
}

/* --- shared steps ----------------------------------------------------------------------------- */

static step parse(struct call *c, const char *tenant, const char *domain)
{
    scope_of(c)->tenant_name = tenant;
    if (!domain_name_normalize(call_arena(c), slice_str(domain), &domains_of(c)->domain, NULL).ok) {
        return call_bad_field(c, "domain",
                              "It must be a domain such as contoso.com or bücher.example.");
    }
    return STEP_NEXT;
}

static struct domain_op *begin(struct call *c)
{
    struct domains *d = domains_of(c);
    const char *proof = d->op.proof;
    d->op = (struct domain_op){.tenant = d->scope.tenant_id,
                               .who = caller_of(c)->who,
                               .domain = d->domain,
                               .proof = proof};
    wait_store_init(c, &d->op.op);
    return &d->op;
}

static step done(struct call *c)
{
    return wait_over(c, &domains_of(c)->op.op.err);
}

static step reply_domain(struct call *c, bool is_verified)
{
    const struct domains *d = domains_of(c);
    const struct domain_state domain = {
        .name = d->domain, .proof = d->op.proof, .is_verified = is_verified};
    return reply_message(c, tenant_message_write_domain(c, domain));
}

/* --- AddDomain -------------------------------------------------------------------------------- */

static step parse_add(struct call *c)
{
    const Chancery__V1__AddDomainRequest *request = add_domain_request(c);
    return parse(c, request->tenant, request->domain);
}

static step add(struct call *c)
{
    struct domains *d = domains_of(c);
    struct uuid random = uuid_random();
    d->op.proof = hex_dup(call_arena(c), slice_of(random.b, sizeof random.b));
    if (d->op.proof == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "proof");
    }
    domain_store_add(begin(c));
    return wait_store(c, done, &d->op.op);
}

static step reply_add(struct call *c)
{
    return reply_domain(c, false);
}

const struct flow add_domain_flow = {
    .method = "/chancery.v1.TenantService/AddDomain",
    .name = "add_domain",
    .state = FLOW_STATE_ON(struct domains, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_TENANT_STEP, COMMIT("add", add),
              STEP("reply", reply_add)},
};

/* --- VerifyDomain ----------------------------------------------------------------------------- */

static bool is_asserted(struct call *c)
{
    const Chancery__V1__VerifyDomainRequest *request = verify_domain_request(c);
    return request->asserted != 0;
}

static step parse_verify(struct call *c)
{
    const Chancery__V1__VerifyDomainRequest *request = verify_domain_request(c);
    return parse(c, request->tenant, request->domain);
}

static step claim_read(struct call *c)
{
    const struct domain_op *op = &domains_of(c)->op;
    if (op->op.err.reason != R_NONE) {
        return wait_failed(c, &op->op.err);
    }
    return op->is_taken ? call_fail(c, R_DOMAIN_TAKEN, "proven by another tenant") : STEP_NEXT;
}

static step read_claim(struct call *c)
{
    if (is_asserted(c) && !scope_is_platform(c)) {
        return call_fail(c, R_COMPONENT_ROLE, "only a platform admin may assert a domain");
    }
    domain_store_get(begin(c));
    return wait_store(c, claim_read, &domains_of(c)->op.op);
}

static step answered(struct call *c)
{
    struct domains *d = domains_of(c);
    const char *record = arena_printf(call_arena(c), DOMAIN_RECORD_LABEL "%s", d->domain);
    const char *value = arena_printf(call_arena(c), DOMAIN_RECORD_PREFIX "%s", d->op.proof);
    if (record == NULL || value == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "record");
    }
    if (d->txt.err.reason == R_NONE && dns_txt_has(&d->txt, value)) {
        return STEP_NEXT;
    }
    call_error_metadata(c, "record", record);
    call_error_metadata(c, "value", value);
    if (d->txt.err.reason != R_NONE) {
        return wait_failed(c, &d->txt.err);
    }
    return call_fail(c, R_DOMAIN_PROOF_MISSING, "%zu other records", d->txt.count);
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
    struct domains *d = domains_of(c);
    if (is_asserted(c) || d->op.is_verified) {
        return STEP_NEXT;
    }
    const char *record = arena_printf(call_arena(c), DOMAIN_RECORD_LABEL "%s", d->domain);
    if (record == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "record");
    }
    d->txt = (struct dns_txt){.arena = call_arena(c), .done = txt_done, .user = c};
    dns_txt_start(services_of(c)->dns, &d->txt, record);
    return call_wait(c, answered, cancel_txt, &d->txt);
}

static step verified(struct call *c)
{
    const struct err *err = &domains_of(c)->op.op.err;
    if (err->reason == R_ALREADY_EXISTS) {
        return call_fail(c, R_DOMAIN_TAKEN, "another tenant came first");
    }
    return err->reason == R_NOT_FOUND ? call_fail(c, R_ETAG_MISMATCH, "another claim by now")
                                      : wait_over(c, err);
}

static step verify(struct call *c)
{
    struct domains *d = domains_of(c);
    if (d->op.is_verified) {
        return STEP_NEXT;
    }
    domain_store_verify(begin(c), is_asserted(c) ? "asserted" : "by DNS");
    return wait_store(c, verified, &d->op.op);
}

static step reply_verify(struct call *c)
{
    return reply_domain(c, true);
}

const struct flow verify_domain_flow = {
    .method = "/chancery.v1.TenantService/VerifyDomain",
    .name = "verify_domain",
    .state = FLOW_STATE_ON(struct domains, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_verify), SCOPE_TENANT_STEP, STEP("read", read_claim),
              STEP("ask_dns", ask_dns), COMMIT("verify", verify), STEP("reply", reply_verify)},
};

/* --- RemoveDomain ----------------------------------------------------------------------------- */

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveDomainRequest *request = remove_domain_request(c);
    return parse(c, request->tenant, request->domain);
}

static step drop(struct call *c)
{
    domain_store_remove(begin(c));
    return wait_store(c, done, &domains_of(c)->op.op);
}

const struct flow remove_domain_flow = {
    .method = "/chancery.v1.TenantService/RemoveDomain",
    .name = "remove_domain",
    .state = FLOW_STATE_ON(struct domains, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_remove), SCOPE_TENANT_STEP, COMMIT("remove", drop),
              STEP("reply", reply_empty)},
};
