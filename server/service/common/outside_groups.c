/* SPDX-License-Identifier: Apache-2.0 */
/* The step `groups` of opening content: a policy may name groups of its tenant, or be sent to some,
 * and these may have members from elsewhere. Such a reader's own tenant does not know of that, so
 * the directory of the content's tenant is asked. Groups are all that it is believed: who a foreign
 * reader is, is their own tenant's matter. */
#include "auth/facts.h"
#include "domain/relations/effective_policy.h"
#include "domain/relations/membership.h"
#include "service/common/license_access.h"

/* Groups make a difference only where the policy as it holds now names some, as principals or as
 * recipients. A reader who is a recipient themselves is not looked up for the latter. */
static bool policy_asks(const struct call *c)
{
    const struct license_access *a = license_access_of(c);
    const struct tenant_view *tenant = &a->tenant->view;
    const struct effective_policy now =
        effective_policy_of(tenant, &a->policy, caller_of(c)->entry.facts.amendment);
    return effective_policy_needs_groups(&now, tenant, &caller_of(c)->subject);
}

static step have_person(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct directory_person *person = caller_of(c)->found_person;
    struct subject_user *user = &caller_of(c)->subject.user;
    if (!membership_add_groups(call_arena(c), user, &a->tenant->view, person->groups,
                               person->group_count, call_err(c))
             .ok) {
        return STEP_FAILED;
    }
    a->outside_groups = user->groups;
    return STEP_NEXT;
}

/* When only facts of the content changed, the user still has what was added before. */
static bool has_them(const struct call *c)
{
    const struct license_access *a = license_access_of(c);
    return a->outside_groups != NULL && a->outside_groups == caller_of(c)->subject.user.groups;
}

step license_access_groups(struct call *c)
{
    struct license_access *a = license_access_of(c);
    const struct subject_user *user = &caller_of(c)->subject.user;
    const struct tenant_view *tenant = &a->tenant->view;
    if (user->address_count == 0 || !tenant->has_directory || ID_EQ(user->tenant, tenant->id) ||
        has_them(c) || !policy_asks(c)) {
        return STEP_NEXT;
    }
    struct directory_question question = {
        .tenant = tenant,
        .addresses = user->addresses,
        .address_count = user->address_count,
    };
    return facts_need_person(c, &question, have_person);
}
