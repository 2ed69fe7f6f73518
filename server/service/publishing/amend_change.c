/* SPDX-License-Identifier: Apache-2.0 */
/* The change that AmendPolicy is asked for: read, with everything that can be wrong with it by
 * itself. */
#include "base/texts.h"
#include "service/common/limits.h"
#include "service/common/request.h"
#include "service/publishing/amend_policy.h"

static step read_expiry(struct call *c, const Chancery__V1__Expiry *expiry)
{
    struct amend *a = amend_of(c);
    int64_t at_us;
    a->change.changes_expiry = expiry != NULL;
    step result = policy_fields_read_expiry(c, "expiry", expiry, &at_us, &a->expires_after_days);
    a->change.expires_at.s = at_us / 1000000;
    return result;
}

/* Count what is to be read, and make room for it. */
static step begin_lists(struct call *c, const Chancery__V1__AmendPolicyRequest *request)
{
    struct amend *a = amend_of(c);
    if (request->n_set_grants > 0 &&
        step_failed(policy_fields_begin_grants(c, "set_grants", request->set_grants,
                                               request->n_set_grants, &a->grants))) {
        return STEP_FAILED;
    }
    size_t count = a->grants.count + request->n_add_recipients + request->n_remove_principals;
    if (count > AMENDMENT_NAMES_MAX) {
        return call_bad_field(c, "set_grants", "At most 1,000 principals in one amendment.");
    }
    address_batch_init(&a->batch, call_arena(c));
    a->names = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    a->recipients = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    a->removed = ARENA_ARRAY(call_arena(c), struct principal, count + 1);
    if (a->names == NULL || a->recipients == NULL || a->removed == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "lists");
    }
    return count > 0 || a->change.changes_expiry
               ? STEP_NEXT
               : call_bad_field(c, "set_grants", "Nothing is changed.");
}

step amend_parse(struct call *c)
{
    const Chancery__V1__AmendPolicyRequest *request = amend_request(c);
    amend_of(c)->change.is_valid = true;
    amend_of(c)->access.wants_policy = true;
    return step_failed(content_access_parse(c, CONTENT_AMEND, request->content_id,
                                            request->publishing_license)) ||
                   step_failed(request_text(c, "reason", request->reason, REASON_TEXT_MAX)) ||
                   step_failed(read_expiry(c, request->expiry))
               ? STEP_FAILED
               : begin_lists(c, request);
}

/* --- the names -------------------------------------------------------------------------------- */

static step add_name(struct call *c, const char *name)
{
    struct amend *a = amend_of(c);
    a->names[a->name_count++] = name;
    return name == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "names") : STEP_NEXT;
}

static step read_grant(struct call *c, size_t index)
{
    struct amend *a = amend_of(c);
    if (step_failed(policy_fields_read_grant(c, &a->grants, index))) {
        return STEP_FAILED;
    }
    return add_name(c, principal_format(call_arena(c), &a->grants.grants[index].principal));
}

step amend_grants(struct call *c)
{
    struct amend *a = amend_of(c);
    a->change.grants = a->grants.grants;
    a->change.grant_count = a->grants.count;
    return cursor_each(c, &a->cursor, a->grants.count, read_grant, amend_grants);
}

static step read_recipient(struct call *c, size_t index)
{
    struct slice text = slice_str(amend_request(c)->add_recipients[index]);
    struct amend *a = amend_of(c);
    return address_batch_normalize(&a->batch, text, &a->recipients[index], NULL).ok
               ? STEP_NEXT
               : call_bad_field(c, arena_printf(call_arena(c), "add_recipients[%zu]", index),
                                "It must be a mail address such as bob@fabrikam.com.");
}

/* Sorted and each once; then named. */
static step recipients_read(struct call *c)
{
    struct amend *a = amend_of(c);
    struct amendment *change = &a->change;
    change->recipients = a->recipients;
    change->recipient_count = texts_sort(a->recipients, amend_request(c)->n_add_recipients);
    for (size_t i = 0; i < change->recipient_count; i++) {
        if (step_failed(
                add_name(c, arena_printf(call_arena(c), "user:%s", change->recipients[i])))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

step amend_recipients(struct call *c)
{
    size_t count = amend_request(c)->n_add_recipients;
    step result = cursor_each(c, &amend_of(c)->cursor, count, read_recipient, amend_recipients);
    return result.kind == STEP_KIND_NEXT ? recipients_read(c) : result;
}

static step read_removed(struct call *c, size_t index)
{
    struct amend *a = amend_of(c);
    struct slice text = slice_str(amend_request(c)->remove_principals[index]);
    if (!principal_parse(call_arena(c), text, &a->removed[index], NULL).ok) {
        return call_bad_field(c, arena_printf(call_arena(c), "remove_principals[%zu]", index),
                              "A principal is user:, group:, domain:, tenant: and a name, or "
                              "recipients, authenticated or owner.");
    }
    return add_name(c, principal_format(call_arena(c), &a->removed[index]));
}

step amend_removed(struct call *c)
{
    struct amend *a = amend_of(c);
    a->change.removed = a->removed;
    a->change.removed_count = amend_request(c)->n_remove_principals;
    return cursor_each(c, &a->cursor, a->change.removed_count, read_removed, amend_removed);
}

/* Whoever is named twice would have what the order of our reading gives them. */
step amend_names(struct call *c)
{
    struct amend *a = amend_of(c);
    const char **sorted = ARENA_ARRAY(call_arena(c), const char *, a->name_count + 1);
    a->sorted = sorted;
    if (sorted == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "names");
    }
    for (size_t i = 0; i < a->name_count; i++) {
        sorted[i] = a->names[i];
    }
    if (texts_sort(sorted, a->name_count) < a->name_count) {
        return call_bad_field(
            c, "set_grants",
            "Name each principal once: granted, added as a recipient, or removed.");
    }
    return STEP_NEXT;
}

/* --- by number -------------------------------------------------------------------------------- */

struct principal amend_principal(const struct amend *a, size_t index)
{
    const struct amendment *change = &a->change;
    if (index < change->grant_count) {
        return change->grants[index].principal;
    }
    index -= change->grant_count;
    return index < change->recipient_count
               ? (struct principal){PRINCIPAL_USER, change->recipients[index]}
               : change->removed[index - change->recipient_count];
}

const struct rights *amend_granted(const struct amend *a, size_t index)
{
    return index < a->change.grant_count ? a->change.grants[index].rights : NULL;
}
