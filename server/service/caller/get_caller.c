/* SPDX-License-Identifier: Apache-2.0 */
/* CallerService.GetCaller: whom do we take the caller for? All of it was found out when the call was
 * authenticated, but for the name of a component's tenant.
 *
 *   tenant   the component's
 *   reply */
#include <string.h>

#include "auth/facts.h"
#include "base/clock.h"
#include "chancery/v1/caller.pb-c.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

static const struct subject *subject_of(const struct call *c)
{
    return &caller_of(c)->subject;
}

/* Whether the tenant is the component's, whose name is not known yet. */
static bool is_of_component(const struct call *c)
{
    return !subject_has_user(subject_of(c)) && !ID_IS_ZERO(subject_of(c)->component.tenant);
}

static step have_tenant(struct call *c)
{
    return caller_of(c)->found_tenant == NULL
               ? call_fail(c, R_COMPONENT_UNKNOWN, "of a tenant that is gone")
               : STEP_NEXT;
}

static step tenant(struct call *c)
{
    return is_of_component(c) ? facts_need_tenant(c, subject_of(c)->component.tenant, have_tenant)
                              : STEP_NEXT;
}

/* --- reply -------------------------------------------------------------------------------------- */

static struct unix_time sooner(struct unix_time end, const struct identified *who)
{
    if (who->issuer == NULL || who->check.claims == NULL) {
        return end;
    }
    struct unix_time other = who->check.claims->expires_at;
    return end.s == 0 || other.s < end.s ? other : end;
}

/* Of the component's token and the user's, whichever there are. */
static Google__Protobuf__Timestamp *token_end(struct call *c)
{
    const struct caller *caller = caller_of(c);
    struct unix_time end = sooner((struct unix_time){0}, &caller->proofs->credential);
    return reply_time(c, 1000000 * sooner(end, &caller->proofs->carried).s);
}

static void write_user(struct call *c, Chancery__V1__GetCallerResponse *r)
{
    const struct subject_user *user = &subject_of(c)->user;
    r->addresses = reply_texts(c, user->addresses, user->address_count);
    r->n_addresses = r->addresses == NULL ? 0 : user->address_count;
    r->tenant = reply_text(user->tenant_name);
    r->guest = user->is_guest;
}

static void write_component(struct call *c, Chancery__V1__GetCallerResponse *r)
{
    const struct subject_component *component = &subject_of(c)->component;
    r->component_id = reply_uuid(c, component->id.u);
    r->component = reply_text(component->name);
    r->sender_domains = reply_texts(c, component->sender_domains, component->sender_domain_count);
    r->n_sender_domains = r->sender_domains == NULL ? 0 : component->sender_domain_count;
}

/* What a gateway asks before it opens anything of its tenant's mail. */
static void write_decryption(struct call *c, Chancery__V1__GetCallerResponse *r)
{
    const struct tenant_view *tenant = &caller_of(c)->found_tenant->view;
    r->transport_decryption = (Chancery__V1__TransportDecryption)tenant->transport_decryption;
    r->journal_decryption = tenant_has_switched(tenant, TENANT_JOURNALS_IN_CLEAR);
}

static step reply(struct call *c)
{
    const struct subject *subject = subject_of(c);
    Chancery__V1__GetCallerResponse *r = get_caller_response(c);
    if (r == NULL) {
        return reply_over_budget(c);
    }
    r->role = CHANCERY__V1__ROLE__ROLE_CLIENT;
    if (subject_has_component(subject)) {
        r->role = (Chancery__V1__Role)subject->component.role;
        write_component(c, r);
    }
    if (subject_has_user(subject)) {
        write_user(c, r);
    } else if (is_of_component(c)) {
        r->tenant = reply_text(caller_of(c)->found_tenant->view.name);
        if (subject->component.role == ROLE_GATEWAY) {
            write_decryption(c, r);
        }
    }
    r->boundary = reply_text(caller_boundary(caller_of(c)));
    r->token_expire_time = token_end(c);
    return r->component_id == NULL ? reply_over_budget(c) : get_caller_reply(c, r);
}

const struct flow get_caller_flow = {
    .method = "/chancery.v1.CallerService/GetCaller",
    .name = "get_caller",
    .steps = {STEP("tenant", tenant), STEP("reply", reply)},
};
