/* SPDX-License-Identifier: Apache-2.0 */
/* PasscodeService.StartPasscode: a code for an address to which the content was sent (docs/policy.md §9).
 *
 *   parse      address, network, publishing license
 *   open       the license's clear header, the content's tenant, its key, the sealed policy
 *   amendment  what was changed of the policy since
 *   domain     is the address some tenant's?
 *   decide     pure: may there be a passcode, and is it mailed? (domain/decide/decide_passcode.c)
 *   start      the limits, the row, the record: the commit
 *   reply
 *
 * Whether the code is mailed is a column of a row that is written all the same, and only who sends mails reads it, after
 * the answer. So one and the same way leads to every answer, with the same statements. */
#include <arpa/inet.h>
#include <stdio.h>

#include "auth/network.h"
#include "chancery/v1/passcode.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_passcode.h"
#include "domain/values/address.h"
#include "mail/passcode_mail.h"
#include "service/common/flows.h"
#include "service/common/offline_access.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/passcode/passcode_refusal.h"
#include "store/resource/amendment_store.h"

enum { REFERENCE_LEN = 6, LANGUAGE_BYTES_MAX = 35 };

struct start_passcode {
    struct license_access access; /* first */
    const char *address;
    struct network network;
    struct amendment_fetch amendment;
    struct lookup taken;
    struct passcode_decision decision;
    struct uuid request;
    char reference[REFERENCE_LEN + 1];
    struct passcode_start start;
};

static struct start_passcode *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

static step read_network(struct call *c, const char *ip, struct network *out)
{
    char peer[INET6_ADDRSTRLEN + sizeof "[]:0"];
    bool is_v6 = strchr(ip, ':') != NULL;
    *out = (struct network){0};
    if (strlen(ip) < INET6_ADDRSTRLEN) {
        snprintf(peer, sizeof peer, is_v6 ? "[%s]:0" : "%s:0", ip);
        *out = network_of(peer);
    }
    return out->has_address
               ? STEP_NEXT
               : call_bad_field(c, "reader_ip", "It must be a numeric IPv4 or IPv6 address.");
}

static step read_request_id(struct call *c, const char *text)
{
    step read = request_uuid(c, "request_id", text, &state_of(c)->request);
    bool is_zero = text[0] != '\0' && uuid_is_zero(state_of(c)->request);
    return step_failed(read) || !is_zero
               ? read
               : call_bad_field(c, "request_id", "It must not be all zeros.");
}

static step parse(struct call *c)
{
    const Chancery__V1__StartPasscodeRequest *request = start_passcode_request(c);
    struct start_passcode *s = state_of(c);
    if (services_of(c)->passcode_mail == NULL) {
        return call_fail(c, R_PASSCODES_UNAVAILABLE, "no mail_relay is configured");
    }
    step all = request_address(c, "address", request->address, &s->address);
    if (request->address[0] == '\0') {
        all = call_bad_field(c, "address", "It is required.");
    }
    if (request->publishing_license.len == 0) {
        all = step_and(all, call_bad_field(c, "publishing_license", "It is required."));
    }
    all = step_and(all, read_request_id(c, request->request_id));
    all = step_and(all, request_text(c, "language", request->language, LANGUAGE_BYTES_MAX));
    all = step_and(all, read_network(c, request->reader_ip, &s->network));
    return step_failed(all)
               ? STEP_FAILED
               : license_access_parse(
                     c, slice_of(request->publishing_license.data, request->publishing_license.len),
                     NULL);
}

/* --- amendment, domain ------------------------------------------------------------------------ */

static step amendment_fetched(struct call *c)
{
    const struct amendment_fetch *fetch = &state_of(c)->amendment;
    caller_of(c)->entry.facts = (struct content_facts){
        .amendment = fetch->amendment.version == 0 ? NULL : &fetch->amendment};
    return wait_over(c, &fetch->op.err);
}

static step fetch_amendment(struct call *c)
{
    struct start_passcode *s = state_of(c);
    const struct license_header *header = &s->access.license.header;
    wait_store_init(c, &s->amendment.op);
    amendment_store_fetch(&s->amendment, header->tenant, header->content);
    return wait_store(c, amendment_fetched, &s->amendment.op);
}

static step amendment(struct call *c)
{
    return offline_access_make_known(c, fetch_amendment);
}

static step domain_asked(struct call *c)
{
    const struct err *err = &state_of(c)->taken.op.err;
    return err->reason == R_NOT_FOUND ? STEP_NEXT : wait_over(c, err);
}

static step domain(struct call *c)
{
    struct lookup *taken = &state_of(c)->taken;
    wait_store_init(c, &taken->op);
    lookups_submit(taken, LOOKUP_TAKEN_DOMAIN, slice_str(address_domain(state_of(c)->address)));
    return wait_store(c, domain_asked, &taken->op);
}

/* --- decide ----------------------------------------------------------------------------------- */

static step decide(struct call *c)
{
    struct start_passcode *s = state_of(c);
    const struct license_access *a = &s->access;
    if (a->sealing->state == KEY_IS_REVOKED) {
        return call_fail(c, R_KEY_REVOKED, "sealing key %u", a->sealing->version);
    }
    decide_passcode(&(struct passcode_question){.platform = &a->platform_record->view,
                                                .tenant = &a->tenant->view,
                                                .policy = &a->policy,
                                                .content = a->license.header.content,
                                                .portal = &caller_of(c)->subject,
                                                .address = s->address,
                                                .facts = caller_of(c)->entry.facts,
                                                .is_domain_of_tenant = s->taken.answer.is_found,
                                                .now = call_now(c)},
                    &s->decision);
    if (s->decision.portal_url[0] != '\0') {
        call_error_metadata(c, "portal_url", s->decision.portal_url);
    }
    return s->decision.reason == R_NONE ? STEP_NEXT : call_fail(c, s->decision.reason, "decided");
}

/* --- start ------------------------------------------------------------------------------------ */

/* Of letters and digits that nobody takes for others; it is no secret. */
static void make_reference(char out[REFERENCE_LEN + 1])
{
    static const char letters[] = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct uuid random = uuid_random();
    for (size_t i = 0; i < REFERENCE_LEN; i++) {
        out[i] = letters[random.b[i] % (sizeof letters - 1)];
    }
    out[REFERENCE_LEN] = '\0';
}

static step started(struct call *c)
{
    const struct err *err = &state_of(c)->start.op.err;
    if (err->reason == R_NONE) {
        passcode_mail_wake(services_of(c)->passcode_mail);
    }
    return wait_over(c, err);
}

static const char *target(struct call *c)
{
    const struct start_passcode *s = state_of(c);
    return arena_printf(call_arena(c), "%s: %s", s->address,
                        s->decision.is_mailed ? "a code is mailed"
                                              : "nothing is mailed, nobody there may open it");
}

static step start(struct call *c)
{
    struct start_passcode *s = state_of(c);
    const struct license_access *a = &s->access;
    const struct key_row *key = views_key(a->tenant, KEY_SEALING, 0);
    if (key == NULL) {
        return call_fail(c, R_KEY_REVOKED, "no active sealing key");
    }
    make_reference(s->reference);
    s->start = (struct passcode_start){.tenant = a->tenant->view.id,
                                       .passcode = uuid_random(),
                                       .content = a->license.header.content,
                                       .template = a->policy.template_id,
                                       .address = s->address,
                                       .network = s->network.text,
                                       .reference = s->reference,
                                       .language = start_passcode_request(c)->language,
                                       .portal = caller_of(c)->subject.component.id,
                                       .request = s->request,
                                       .key_version = key->version,
                                       .is_nobodys = !s->decision.is_mailed,
                                       .target = target(c),
                                       .who = caller_of(c)->who};
    if (s->start.target == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "target");
    }
    wait_store_init(c, &s->start.op);
    passcode_store_start(&s->start);
    return wait_store(c, started, &s->start.op);
}

/* --- reply ------------------------------------------------------------------------------------ */

static step reply(struct call *c)
{
    struct start_passcode *s = state_of(c);
    Chancery__V1__StartPasscodeResponse *r = start_passcode_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->passcode_id = reply_uuid(c, s->start.passcode);
    r->reference = reply_text(s->start.reference);
    r->expire_time = reply_time(c, s->start.expires_at);
    return r->passcode_id == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
                                  : start_passcode_reply(c, r);
}

static step refused(struct call *c)
{
    const struct start_passcode *s = state_of(c);
    const struct license_access *a = &s->access;
    return a->is_open && !a->is_refused
               ? passcode_refusal_record(
                     c, &(struct passcode_refusal){.tenant = a->license.header.tenant,
                                                   .content = a->license.header.content,
                                                   .template = a->policy.template_id,
                                                   .address = s->address})
               : decision_log_refusal(c);
}

const struct flow start_passcode_flow = {
    .method = "/chancery.v1.PasscodeService/StartPasscode",
    .name = "start_passcode",
    .state = FLOW_STATE(struct start_passcode),
    .steps = {STEP("parse", parse), STEP("open", license_access_open), STEP("amendment", amendment),
              STEP("domain", domain), STEP("decide", decide), COMMIT("start", start),
              STEP("reply", reply)},
    .on_refusal = refused,
};
