/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/license_access.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "auth/facts.h"
#include "auth/quota.h"
#include "context/wait.h"
#include "domain/relations/tracking.h"
#include "service/common/offline_access.h"
#include "service/common/reply.h"

/* --- parse ------------------------------------------------------------------------------------ */

step license_access_parse(struct call *c, struct slice license,
                          const Chancery__V1__ClientInfo *client)
{
    struct license_access *a = license_access_of(c);
    a->license_bytes = license;
    return request_client(c, client, &a->client);
}

/* --- open ------------------------------------------------------------------------------------- */

static step opened(struct call *c)
{
    struct license_access *a = license_access_of(c);
    if (a->keys.err.reason != R_NONE) {
        return wait_failed(c, &a->keys.err);
    }
    if (!sealed_policy_decode(call_arena(c), a->keys.policy, &a->policy, call_err(c)).ok) {
        return a->license.offline == NULL ? STEP_FAILED : offline_access_misread(c);
    }
    a->is_open = true;
    if (a->license.offline != NULL && step_failed(offline_access_check(c))) {
        return STEP_FAILED;
    }
    a->content = (struct gate_content){.owner = a->policy.owner,
                                       .issuer = a->policy.issuer,
                                       .display_name = a->license.header.display_name,
                                       .protected_at = a->policy.protected_at.s * 1000000};
    caller_of(c)->entry.facts.amendment =
        amendments_get(services_of(c)->amendments, a->license.header.content, call_arena(c));
    return STEP_NEXT;
}

struct keys_ref license_access_key_ref(const struct license_access *a, const struct key_row *row)
{
    return (struct keys_ref){.tenant = a->tenant->view.id,
                             .boundary = a->tenant->view.boundary,
                             .purpose = row->purpose,
                             .version = row->version,
                             .wrapped = row->wrapped};
}

/* Prepare an operation on this license's seal. */
void license_access_begin_keys(struct call *c)
{
    struct license_access *a = license_access_of(c);
    wait_keys_init(c, &a->keys);
    a->keys.sealing = license_access_key_ref(a, a->sealing);
    a->keys.content = a->license.header.content;
    a->keys.header = a->license.header_bytes;
    a->keys.sealed = a->license.sealed;
    a->keys.opened = a->opened;
    if (a->license.offline != NULL) {
        a->keys.publisher = a->publisher_key;
        a->keys.sealed = a->license.offline->seal.sealed_key;
        a->keys.policy_box = a->license.offline->seal.policy_box;
    }
}

/* Whether the key can still open. A revoked one does, which the step decide refuses: only who holds
 * what it sealed is told that it is revoked, so that a made-up license does not tell which tenants
 * and keys there are. Of a destroyed one the seal can't be tested. */
static enum reason key_problem(const struct key_row *key)
{
    if (key == NULL) {
        return R_KEY_UNKNOWN;
    }
    return key->state == KEY_IS_DESTROYED ? R_KEY_DESTROYED : R_NONE;
}

static step open_seal(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct license_header *header = &a->license.header;
    a->tenant = caller_of(c)->found_tenant;
    if (a->tenant == NULL || strcmp(a->tenant->view.boundary, header->boundary) != 0) {
        return call_fail(c, R_LICENSE_FOREIGN, "no such tenant in that boundary");
    }
    if (a->license.offline != NULL && step_failed(offline_access_verify(c))) {
        return STEP_FAILED;
    }
    a->sealing = a->license.offline != NULL
                     ? views_key(a->tenant, KEY_EXCHANGE, a->certificate.publisher.exchange_version)
                     : views_key(a->tenant, KEY_SEALING, header->key_version);
    enum reason problem = key_problem(a->sealing);
    if (problem != R_NONE) {
        return call_fail(c, problem, "key %u of the license", header->key_version);
    }
    license_access_begin_keys(c);
    keys_open_policy(&a->keys);
    return wait_keys(c, opened, &a->keys);
}

static step have_platform(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct license_header *header = &a->license.header;
    a->platform_record = caller_of(c)->found_platform;
    const struct boundary *boundary = boundary_find(&a->platform_record->view, header->boundary);
    if (boundary != NULL && step_failed(boundary_guard(c, boundary->name))) {
        return STEP_FAILED;
    }
    return facts_need_tenant(c, header->tenant, open_seal);
}

/* The license is looked at when it is known who asks: that is the first question of the
 * decision. */
step license_access_open(struct call *c)
{
    struct license_access *a = license_access_of(c);
    a->opened = NULL;
    caller_of(c)->subject.application = a->client.application;
    caller_of(c)->subject.platform = a->client.platform;
    if (!publishing_license_parse(call_arena(c), a->license_bytes, &a->license, call_err(c)).ok ||
        step_failed(offline_access_read(c))) {
        return STEP_FAILED;
    }
    return facts_need_platform(c, have_platform);
}

/* --- decide ----------------------------------------------------------------------------------- */

/* Something stored that this version does not understand refuses everybody: the log says what it
 * is. */
static step fail_invalid(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    const struct amendment *amendment = caller_of(c)->entry.facts.amendment;
    const char *problem = a->decision.problem;
    if (amendment != NULL && !amendment->is_valid) {
        return call_fail(c, R_POLICY_INVALID, "amendment, not understood: %s", problem);
    }
    return a->policy.kind == POLICY_TEMPLATE
               ? call_fail(c, R_POLICY_INVALID, "template %s, not understood: %s",
                           reply_uuid(c, a->policy.template_id.u), problem)
               : call_fail(c, R_POLICY_INVALID, "policy, not understood: %s", problem);
}

static const struct tenant_view *home_of(const struct call *c)
{
    const struct identified *user = caller_of(c)->user;
    return user == NULL || user->home == NULL ? NULL : &user->home->view;
}

/* Everything that refuses content which is open stands here, because the gate may send the flow
 * back to here. */
step license_access_decide(struct call *c)
{
    struct license_access *a = license_access_of(c);
    if (a->is_refused) {
        return call_fail(c, R_PUBLISHER_REVOKED, "the publisher may not publish any more");
    }
    if (a->sealing->state != KEY_ACTIVE && a->sealing->state != KEY_ARCHIVED) {
        return call_fail(c, R_KEY_REVOKED, "sealing key %u", a->sealing->version);
    }
    a->decided_at = call_now(c);
    struct access_question question = {
        .platform = &a->platform_record->view,
        .tenant = &a->tenant->view,
        .policy = &a->policy,
        .content = a->license.header.content,
        .subject = &caller_of(c)->subject,
        .home = home_of(c),
        .facts = caller_of(c)->entry.facts,
        .now = a->decided_at,
        .by_grants_only = a->by_grants_only,
        .needs_export = a->needs_export,
        .purpose = a->purpose,
    };
    decide_access(&question, &a->decision);
    if (a->decision.reason == R_NONE) {
        return STEP_NEXT;
    }
    if (a->decision.portal_url[0] != '\0') {
        call_error_metadata(c, "portal_url", a->decision.portal_url);
    }
    if (a->decision.referral_contact[0] != '\0') {
        call_error_metadata(c, "referral_contact", a->decision.referral_contact);
    }
    return a->decision.problem == NULL ? call_fail(c, a->decision.reason, "decided")
                                       : fail_invalid(c);
}

/* --- quota ------------------------------------------------------------------------------------ */

/* Of whoever asks, so that no reader uses up what is somebody else's. A caller's tenant that this node doesn't serve is
 * counted nowhere. */
step license_access_quota(struct call *c)
{
    const struct caller *caller = caller_of(c);
    struct tenant_id tenant = caller_tenant(caller);
    return ID_IS_ZERO(tenant) || !boundary_is_served(c, caller_boundary(caller))
               ? STEP_NEXT
               : quota_take(c, tenant, &caller->limits, USE_LICENSE, quota_settle);
}

/* --- gate ------------------------------------------------------------------------------------- */

/* Owners are told of others who opened their content or were refused. */
static enum gate_tracking tracking_of(const struct call *c, enum power power)
{
    const struct license_access *a = license_access_of(c);
    const struct subject *subject = &caller_of(c)->subject;
    if (!a->is_open) {
        return TRACKING_SHOWN;
    }
    if (tracking_is_hidden(&a->tenant->view, subject, power)) {
        return TRACKING_HIDDEN;
    }
    return a->is_opening && tracking_is_told(&a->tenant->view, subject, a->policy.owner)
               ? TRACKING_TOLD
               : TRACKING_SHOWN;
}

/* The record of this decision, or of why there was none. A content's own log is written only when
 * its seal held: before that, tenant and content are what somebody claims. */
static struct gate_entry *record(struct call *c)
{
    struct license_access *a = license_access_of(c);
    struct gate_entry *entry =
        decision_log_begin(c, a->is_open ? a->license.header.tenant : TENANT_PLATFORM);
    entry->content = a->license.header.content;
    entry->sealed = a->is_open ? &a->content : NULL;
    entry->template = a->policy.template_id;
    entry->policy_version = a->decision.policy_version;
    entry->channel = a->decision.channel;
    entry->power = a->decision.power;
    entry->target = a->what_for;
    entry->tracking = tracking_of(c, entry->power);
    if (a->license.offline != NULL && a->is_open) {
        offline_access_record(c, entry);
    }
    return entry;
}

/* When it was stale, the flow begins anew: what it then refuses before the seal is open again must
 * not be taken for a decision that other facts could turn. */
step license_access_recorded(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct gate_entry *entry = &caller_of(c)->entry;
    if (entry->err.reason == R_NONE && entry->verdict == GATE_CONTENT_LOST) {
        return offline_access_register(c);
    }
    a->is_open = a->is_open && entry->verdict != GATE_STALE;
    a->may_register = a->may_register && entry->verdict != GATE_STALE;
    return decision_log_settle(c, a->again == NULL ? license_access_open : a->again,
                               license_access_groups);
}

step license_access_gate(struct call *c)
{
    struct gate_entry *entry = record(c);
    char *rights = arena_alloc(call_arena(c), RIGHTS_TEXT_MAX + 1);
    if (rights == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "rights");
    }
    rights_format(&license_access_of(c)->decision.rights, rights);
    entry->rights = rights;
    return decision_log_submit(c, license_access_recorded);
}

/* Nothing was delivered, and no power used. */
step license_access_record_refusal(struct call *c)
{
    struct gate_entry *entry = record(c);
    entry->reason = call_err(c)->reason;
    entry->channel = CHANNEL_NONE;
    entry->power = POWER_NONE;
    return decision_log_submit(c, license_access_recorded);
}
