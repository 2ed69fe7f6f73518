/* SPDX-License-Identifier: Apache-2.0 */
/* PreLicense, one recipient: an item of the batch (rpc/call_items.c).
 *
 *   share      the opened license, and what the recipient has registered: found out once for all recipients
 *   address    what is wrong with it
 *   home       the recipient's tenant
 *   gateway    may it ask for them? (domain/decide/decide_pre_license.c)
 *   person     the device's key, and what identity provider and directory say of its person
 *   groups     of the content's tenant, for a reader from elsewhere
 *   decide     as if they asked themselves (domain/decide/decide_access.c)
 *   gate       is it still true? then record it: the commit
 *   issue      wrap the content key to the device's key, sign the license
 *   answer
 *
 * No token says who the recipient is; what they have registered does, for as long as it counts. When something of all this was
 * out of date, the recipient is looked up again, alone. */
#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/facts.h"
#include "auth/signaled.h"
#include "context/wait.h"
#include "domain/decide/decide_pre_license.h"
#include "domain/relations/content_power.h"
#include "domain/relations/membership.h"
#include "methods.h"
#include "rpc/typed.h"
#include "service/common/request.h"
#include "service/licensing/pre_license.h"

static struct pre_license_recipient *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- share ------------------------------------------------------------------------------------ */

static step share(struct call *c);

static step found_anew(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    if (r->find.op.err.reason != R_NONE) {
        return wait_failed(c, &r->find.op.err);
    }
    r->device = r->find.devices[0];
    return STEP_NEXT;
}

static step find_anew(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    r->find =
        (struct device_find){.addresses = &r->address, .thumbprints = &r->thumbprint, .count = 1};
    wait_store_init(c, &r->find.op);
    device_store_find(&r->find);
    return wait_store(c, found_anew, &r->find.op);
}

static void take_share(struct call *c)
{
    const struct pre_license *batch = call_batch_state(c);
    struct pre_license_recipient *r = state_of(c);
    size_t index = call_item_index(c);
    r->access = batch->access;
    r->access.again = share;
    r->address = batch->addresses[index];
    r->thumbprint = batch->thumbprints[index];
    r->device = batch->find.devices[index];
}

static step share(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    if (!r->is_anew) {
        r->is_anew = true;
        take_share(c);
        return STEP_NEXT;
    }
    call_then(c, find_anew);
    return license_access_open(c);
}

/* --- address ---------------------------------------------------------------------------------- */

static bool is_thumbprint(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(text);
    return len == DEVICE_THUMBPRINT_LEN && strspn(text, letters) == len;
}

static step check_recipient(struct call *c)
{
    const struct pre_license_recipient *r = state_of(c);
    step all = r->address[0] != '\0' ? STEP_NEXT
                                     : call_bad_field(c, "address", "It must be a mail address.");
    return r->thumbprint[0] == '\0' || is_thumbprint(r->thumbprint)
               ? all
               : step_and(all, call_bad_field(c, "device_thumbprint",
                                              "It must be the SHA-256 of a key (RFC 7638), 43 "
                                              "characters of base64url."));
}

static step address(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    if (step_failed(check_recipient(c))) {
        return STEP_FAILED;
    }
    r->access.what_for = arena_printf(call_arena(c), "for %s, before it was asked for", r->address);
    return r->access.what_for == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "record") : STEP_NEXT;
}

/* --- home and gateway ------------------------------------------------------------------------- */

static step have_home(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    const struct tenant_record *found = caller_of(c)->found_tenant;
    bool is_home = found != NULL && found->view.state == TENANT_ACTIVE &&
                   tenant_has_domain(&found->view, address_domain(r->address));
    r->home = is_home ? found : NULL;
    return STEP_NEXT;
}

static step home(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    r->home = NULL;
    return ID_IS_ZERO(r->device.tenant) ? STEP_NEXT
                                        : facts_need_tenant(c, r->device.tenant, have_home);
}

/* In the record, which the content's tenant reads. */
static step name_device(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    if (r->device.address == NULL) {
        return STEP_NEXT;
    }
    r->access.what_for =
        arena_printf(call_arena(c), "%s; device %s", r->access.what_for, r->device.thumbprint);
    return r->access.what_for == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "record") : STEP_NEXT;
}

/* Before anything is told of what the recipient has, in the record too. */
static step gateway(struct call *c)
{
    const struct pre_license_recipient *r = state_of(c);
    enum reason reason = decide_pre_license(
        &(struct pre_license_question){.tenant = &r->access.tenant->view,
                                       .home = r->home == NULL ? NULL : &r->home->view,
                                       .gateway = &caller_of(c)->subject.component,
                                       .owner = r->access.policy.owner,
                                       .recipient = r->address});
    return reason == R_NONE ? name_device(c) : call_fail(c, reason, "decided");
}

/* --- person ----------------------------------------------------------------------------------- */

/* The record names whose license it is. A recipient may be named by whichever address is theirs, and by no other. */
static step take_person(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    return subject_user_has_address(&r->who.user, r->address)
               ? caller_take_user(c, &r->who)
               : call_fail(c, R_DEVICE_UNKNOWN, "another person's");
}

static step have_entry(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    const struct directory_person *person = caller_of(c)->found_person;
    const struct tenant_view *home = &r->home->view;
    struct subject_user *user = &r->who.user;
    if (person->is_guest || !person->is_visible) {
        return call_fail(c, R_DEVICE_UNKNOWN, "no member for certain");
    }
    if (person->is_disabled) {
        return call_fail(c, R_USER_DISABLED, "deactivated in the directory");
    }
    if (!membership_add_aliases(user, home, person->aliases, person->alias_count, call_err(c)).ok ||
        !membership_add_groups(call_arena(c), user, home, person->groups, person->group_count,
                               call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    return take_person(c);
}

static bool is_known(const struct call *c)
{
    const struct pre_license_recipient *r = state_of(c);
    return r->home != NULL && r->device.address != NULL &&
           boundary_is_served(c, r->home->view.boundary) &&
           tenant_has_domain(&r->home->view, address_domain(r->device.address));
}

static step look_into_directory(struct call *c)
{
    const struct pre_license_recipient *r = state_of(c);
    struct directory_question question = {
        .tenant = &r->home->view, .addresses = r->who.user.addresses, .address_count = 1};
    return facts_need_person(c, &question, have_entry);
}

/* Whose account is disabled is told as if nothing were registered: it is no matter of the gateway's. */
static step signals_checked(struct call *c)
{
    const struct pre_license_recipient *r = state_of(c);
    struct err why;
    if (call_err(c)->reason == R_ACCOUNT_DISABLED) {
        call_forgive(c, &why);
        return call_fail(c, R_DEVICE_UNKNOWN, "the account is disabled");
    }
    if (call_err(c)->reason != R_NONE) {
        return STEP_FAILED;
    }
    return r->home->view.has_directory ? look_into_directory(c) : take_person(c);
}

/* No token says when anybody signed in, so no session that ended matters. */
static step check_signals(struct call *c)
{
    const struct pre_license_recipient *r = state_of(c);
    call_then_always(c, signals_checked);
    return signaled_check(c, &(struct signaled_question){.tenant = &r->home->view,
                                                         .addresses = r->who.user.addresses,
                                                         .address_count = 1,
                                                         .subject_name = r->device.subject,
                                                         .issued_at = {INT64_MAX}});
}

static step person(struct call *c)
{
    struct pre_license_recipient *r = state_of(c);
    if (!is_known(c)) {
        return call_fail(c, R_DEVICE_UNKNOWN, "nothing is registered that counts");
    }
    r->who = (struct identified){.user = {.addresses = {r->device.address},
                                          .address_count = 1,
                                          .tenant = r->home->view.id,
                                          .tenant_name = r->home->view.name,
                                          .boundary = r->home->view.boundary,
                                          .sign_in = SIGN_IN_WORK},
                                 .home = r->home};
    if (!keys_read_client(services_of(c)->keys, call_arena(c), slice_str(r->device.public_jwk),
                          &r->access.client_key, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    return check_signals(c);
}

/* --- decide ----------------------------------------------------------------------------------- */

/* Lent power is used when its holder asks, and not before. And what may not be kept is of no use by then. */
static step decide(struct call *c)
{
    struct license_access *a = license_access_of(c);
    a->by_grants_only = content_power_own(a->tenant->view.id, a->policy.owner, a->policy.issuer,
                                          &caller_of(c)->subject) == POWER_NONE;
    step decided = license_access_decide(c);
    return step_failed(decided) || a->decision.may_cache
               ? decided
               : call_fail(c, R_LICENSE_NOT_KEPT, "it may not be kept");
}

static step answer(struct call *c)
{
    Chancery__V1__AcquireLicenseResponse *r = use_license_message(c);
    return r == NULL ? STEP_FAILED : call_reply(c, &r->base);
}

static const struct method recipient_method = {
    .path = "/chancery.v1.LicensingService/PreLicense",
    .service = "chancery.v1.LicensingService",
    .request = &chancery__v1__pre_license_recipient__descriptor,
    .response = &chancery__v1__acquire_license_response__descriptor,
    .roles = 1U << ROLE_GATEWAY,
    .max_request_bytes = 64 * 1024,
};

const struct flow pre_license_recipient_item = {
    .method = "/chancery.v1.LicensingService/PreLicense",
    .name = "pre_license",
    .item_method = &recipient_method,
    .state = FLOW_STATE(struct pre_license_recipient),
    .trust = TRUST_CACHES,
    .steps = {STEP("share", share), STEP("address", address), STEP("home", home),
              STEP("gateway", gateway), STEP("person", person),
              STEP("groups", license_access_groups), STEP("decide", decide),
              GATE("gate", license_access_gate), STEP("issue", use_license_issue),
              STEP("answer", answer)},
    .on_refusal = license_access_record_refusal,
};
