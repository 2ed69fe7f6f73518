/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/content_access.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/decision_log.h"
#include "auth/facts.h"
#include "context/wait.h"
#include "domain/relations/exclusion.h"
#include "domain/relations/membership.h"
#include "service/common/offline_access.h"

/* --- parse ------------------------------------------------------------------------------------ */

step content_access_parse(struct call *c, enum content_act act, const char *content_id,
                          ProtobufCBinaryData license)
{
    struct content_access *a = content_access_of(c);
    struct content_id named;
    a->act = act;
    a->has_license = license.len > 0;
    a->license.by_grants_only = true;
    if (!a->has_license) {
        return request_uuid_required(c, "content_id", content_id, &a->content.u);
    }
    if (step_failed(request_uuid(c, "content_id", content_id, &named.u)) ||
        step_failed(license_access_parse(c, slice_of(license.data, license.len), NULL)) ||
        !publishing_license_parse(call_arena(c), a->license.license_bytes, &a->license.license,
                                  call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    a->content = a->license.license.header.content;
    return ID_IS_ZERO(named) || ID_EQ(named, a->content)
               ? STEP_NEXT
               : call_bad_field(c, "publishing_license", "It is another content's.");
}

/* --- find ------------------------------------------------------------------------------------- */

static bool is_enough(const struct content_access *a)
{
    return content_standing_allows(a->standing, a->act);
}

step content_access_check_exclusion(struct call *c)
{
    const struct caller *caller = caller_of(c);
    return caller->found_tenant != NULL &&
                   exclusion_applies(&caller->found_tenant->view, &caller->subject)
               ? call_fail(c, R_EXCLUDED, "excluded")
               : STEP_NEXT;
}

static enum content_standing standing_of(const struct call *c)
{
    const struct content_access *a = content_access_of(c);
    const struct content_row *row = &a->find.row;
    const struct content_parties parties = {
        .tenant = a->tenant, .owner = row->owner, .issuer = row->issuer};
    return content_standing_of(&parties, &caller_of(c)->subject);
}

/* Without a license there is no other way to it. */
static step have_row(struct call *c)
{
    struct content_access *a = content_access_of(c);
    const struct subject *subject = &caller_of(c)->subject;
    a->is_found = true;
    a->standing = standing_of(c);
    if (!is_enough(a)) {
        return a->has_license ? STEP_NEXT
                              : call_fail(c, R_NOT_FOUND, "neither owner nor issuer nor admin");
    }
    return subject_has_user(subject)
               ? facts_need_tenant(c, a->tenant, content_access_check_exclusion)
               : STEP_NEXT;
}

static step found(struct call *c)
{
    const struct content_access *a = content_access_of(c);
    if (a->find.op.err.reason == R_NOT_FOUND && a->has_license) {
        return STEP_NEXT; /* a license that holds will bring it back */
    }
    return a->find.op.err.reason == R_NONE ? have_row(c) : wait_failed(c, &a->find.op.err);
}

static step look(struct call *c, step_fn then)
{
    struct content_access *a = content_access_of(c);
    wait_store_init(c, &a->find.op);
    content_store_find(&a->find, a->tenant, a->content);
    return wait_store(c, then, &a->find.op);
}

static step look_at_home(struct call *c)
{
    return look(c, found);
}

/* What a license says of its tenant is a claim as long as it is not opened: content that is not of
 * the caller's tenant is looked for after that. */
step content_access_find(struct call *c)
{
    struct content_access *a = content_access_of(c);
    const struct caller *caller = caller_of(c);
    a->standing = STANDING_NONE;
    a->is_found = false;
    a->tenant = caller_tenant(caller);
    if (a->has_license && !ID_EQ(a->license.license.header.tenant, a->tenant)) {
        return STEP_NEXT;
    }
    return ID_IS_ZERO(a->tenant) ? call_fail(c, R_NOT_FOUND, "a caller of no tenant")
                                 : boundary_guard_then(c, caller_boundary(caller), look_at_home);
}

/* --- rights ----------------------------------------------------------------------------------- */

static step decided(struct call *c)
{
    struct content_access *a = content_access_of(c);
    a->standing = content_standing_by(&a->license.decision.rights);
    return is_enough(a) ? STEP_NEXT : call_fail(c, R_RIGHT_MISSING, "no right over the policy");
}

static step decide(struct call *c)
{
    call_then(c, decided);
    return license_access_decide(c);
}

static bool is_revoked_for(const struct content_row *row, const struct subject *subject)
{
    for (size_t i = 0; i < row->revoked_user_count; i++) {
        if (subject_is_user(subject, row->revoked_users[i])) {
            return true;
        }
    }
    return false;
}

/* The facts that a gate would tell. */
static step have_facts(struct call *c)
{
    const struct content_access *a = content_access_of(c);
    const struct content_row *row = &a->find.row;
    struct caller *caller = caller_of(c);
    caller->entry.facts = (struct content_facts){
        .is_revoked = row->revoked_at != 0,
        .user_is_revoked =
            is_revoked_for(row, &caller->subject) ||
            (row->outside_is_revoked && membership_is_outside(&caller->subject, a->tenant)),
        .amendment = a->amendment.amendment.version == 0 ? NULL : &a->amendment.amendment,
    };
    if (is_enough(a)) {
        return STEP_NEXT; /* the policy was wanted for its own sake */
    }
    call_then(c, decide);
    return license_access_groups(c);
}

static step have_amendment(struct call *c)
{
    const struct err *err = &content_access_of(c)->amendment.op.err;
    return err->reason == R_NONE ? have_facts(c) : wait_failed(c, err);
}

static step fetch_amendment(struct call *c)
{
    struct content_access *a = content_access_of(c);
    a->is_found = true;
    wait_store_init(c, &a->amendment.op);
    amendment_store_fetch(&a->amendment, a->tenant, a->content);
    return wait_store(c, have_amendment, &a->amendment.op);
}

/* It is known again, so its owner, its issuer and admins need no more than that. */
static step not_excluded(struct call *c)
{
    return step_failed(content_access_check_exclusion(c)) ? STEP_FAILED : fetch_amendment(c);
}

static step recovered(struct call *c)
{
    struct content_access *a = content_access_of(c);
    const struct caller *caller = caller_of(c);
    if (a->find.op.err.reason != R_NONE) {
        return wait_failed(c, &a->find.op.err);
    }
    if (ID_EQ(a->tenant, caller_tenant(caller))) {
        a->standing = standing_of(c);
    }
    return is_enough(a) && subject_has_user(&caller->subject)
               ? facts_need_tenant(c, a->tenant, not_excluded)
               : fetch_amendment(c);
}

/* The license is ours, so there was such content: the database has gone back. Or it was protected without asking. */
static step recover(struct call *c)
{
    struct content_access *a = content_access_of(c);
    const struct policy *policy = &a->license.policy;
    const struct content_row row = {.id = a->content,
                                    .owner = policy->owner,
                                    .issuer = policy->issuer,
                                    .template = policy->template_id,
                                    .display_name = a->license.license.header.display_name,
                                    .created_at = policy->protected_at.s * 1000000};
    wait_store_init(c, &a->find.op);
    content_store_recover(&a->find, a->tenant, &row);
    return wait_store(c, recovered, &a->find.op);
}

static step found_by_license(struct call *c)
{
    const struct err *err = &content_access_of(c)->find.op.err;
    if (err->reason == R_NOT_FOUND) {
        return offline_access_standing(c, recover);
    }
    return err->reason == R_NONE ? fetch_amendment(c) : wait_failed(c, err);
}

/* The seal held, so the clear header is true. */
static step opened(struct call *c)
{
    struct content_access *a = content_access_of(c);
    a->tenant = a->license.license.header.tenant;
    return a->is_found ? fetch_amendment(c) : look(c, found_by_license);
}

step content_access_decide(struct call *c)
{
    const struct content_access *a = content_access_of(c);
    if (is_enough(a) && !(a->wants_policy && a->has_license)) {
        return STEP_NEXT;
    }
    call_then(c, opened);
    return license_access_open(c);
}

/* --- refusals --------------------------------------------------------------------------------- */

static step record(struct call *c);

/* The gate compares what was decided on; a refusal stays one whatever has changed since. */
static step recorded(struct call *c)
{
    return caller_of(c)->entry.verdict == GATE_FACTS_CHANGED &&
                   caller_of(c)->entry.err.reason == R_NONE
               ? record(c)
               : decision_log_settle(c, NULL, NULL);
}

/* What was read past the caches is not compared again. */
static step record(struct call *c)
{
    const struct content_access *a = content_access_of(c);
    struct gate_entry *entry = decision_log_begin(c, a->tenant);
    entry->reason = call_err(c)->reason;
    entry->content = a->content;
    entry->template = a->find.row.template;
    entry->policy_version = a->license.decision.policy_version;
    entry->scope_count = 0;
    return decision_log_submit(c, recorded);
}

step content_access_record_refusal(struct call *c)
{
    const struct content_access *a = content_access_of(c);
    return a != NULL && a->is_found && a->license.is_open ? record(c) : decision_log_refusal(c);
}
