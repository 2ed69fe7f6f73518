/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.AmendPolicy: change the policy of content that was sent, from the next license
 * on.
 *
 *   parse   one change: the expiry, why, and how many names it has
 *   grants, recipients, removed   who gets which rights, becomes a recipient, loses what they had
 *   names   each is named once
 *   find    the content, for its owner, its issuer and admins (content_access.c)
 *   read    the amendment that holds
 *   merge   lay the change over it (domain/values/amendment.c)
 *   amend   store it if no other came between, else go on again from `read`
 *
 * The content's row carries the amendment's version, which the gate compares: no worker decides on
 * an older one. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "domain/values/address.h"
#include "service/common/content_access.h"
#include "service/common/cursor.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/policy_fields.h"
#include "service/common/request.h"
#include "store/resource/amendment_store.h"

enum { DAY_S = 24 * 60 * 60 };

typedef Chancery__V1__AmendPolicyRequest Request;

struct amend {
    struct content_access access; /* first */
    struct amendment change;      /* what is asked for */
    struct policy_fields_grants grants;
    const char **recipients; /* of the change, on their way there */
    struct address_batch batch;
    struct principal *removed; /* likewise */
    struct cursor cursor;      /* in whichever list is being read */
    const char **names;        /* of the change, as principals: those granted, added, removed */
    size_t name_count;
    int32_t expires_after_days; /* of the change; 0: .expires_at holds */
    struct amendment_fetch before;
    struct amendment after;
    struct amendment_put store;
};

static struct amend *amend_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

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
static step begin_lists(struct call *c, const Request *request)
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

static step parse(struct call *c)
{
    const Request *request = amend_policy_request(c);
    amend_of(c)->change.is_valid = true;
    return step_failed(request_uuid_required(c, "content_id", request->content_id,
                                             &content_access_of(c)->content.u)) ||
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

static step grants(struct call *c)
{
    struct amend *a = amend_of(c);
    a->change.grants = a->grants.grants;
    a->change.grant_count = a->grants.count;
    return cursor_each(c, &a->cursor, a->grants.count, read_grant, grants);
}

static step read_recipient(struct call *c, size_t index)
{
    struct slice text = slice_str(amend_policy_request(c)->add_recipients[index]);
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
    change->recipient_count = texts_sort(a->recipients, amend_policy_request(c)->n_add_recipients);
    for (size_t i = 0; i < change->recipient_count; i++) {
        if (step_failed(
                add_name(c, arena_printf(call_arena(c), "user:%s", change->recipients[i])))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static step recipients(struct call *c)
{
    size_t count = amend_policy_request(c)->n_add_recipients;
    step result = cursor_each(c, &amend_of(c)->cursor, count, read_recipient, recipients);
    return result.kind == STEP_KIND_NEXT ? recipients_read(c) : result;
}

static step read_removed(struct call *c, size_t index)
{
    struct amend *a = amend_of(c);
    struct slice text = slice_str(amend_policy_request(c)->remove_principals[index]);
    if (!principal_parse(call_arena(c), text, &a->removed[index], NULL).ok) {
        return call_bad_field(c, arena_printf(call_arena(c), "remove_principals[%zu]", index),
                              "A principal is user:, group:, domain:, tenant: and a name, or "
                              "recipients, authenticated or owner.");
    }
    return add_name(c, principal_format(call_arena(c), &a->removed[index]));
}

static step removed(struct call *c)
{
    struct amend *a = amend_of(c);
    a->change.removed = a->removed;
    a->change.removed_count = amend_policy_request(c)->n_remove_principals;
    return cursor_each(c, &a->cursor, a->change.removed_count, read_removed, removed);
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whoever is named twice would have what the order of our reading gives them. */
static step names(struct call *c)
{
    const struct amend *a = amend_of(c);
    const char **sorted = ARENA_ARRAY(call_arena(c), const char *, a->name_count + 1);
    if (sorted == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "names");
    }
    for (size_t i = 0; i < a->name_count; i++) {
        sorted[i] = a->names[i];
    }
    qsort(sorted, a->name_count, sizeof(void *), compare_text); /* an array of pointers */
    for (size_t i = 1; i < a->name_count; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            return call_bad_field(
                c, "set_grants",
                "Name each principal once: granted, added as a recipient, or removed.");
        }
    }
    return STEP_NEXT;
}

/* --- read and merge --------------------------------------------------------------------------- */

static step have_before(struct call *c)
{
    return wait_over(c, &amend_of(c)->before.op.err);
}

static step read(struct call *c)
{
    struct amend *a = amend_of(c);
    wait_store_init(c, &a->before.op);
    amendment_store_fetch(&a->before, caller_tenant(caller_of(c)), a->access.content);
    return wait_store(c, have_before, &a->before.op);
}

/* Days count from when the content was protected. */
static step fix_expiry(struct call *c)
{
    struct amend *a = amend_of(c);
    if (a->expires_after_days == 0) {
        return STEP_NEXT;
    }
    int64_t protected_at = a->access.find.row.created_at / 1000000;
    a->change.expires_at.s = protected_at + (int64_t)a->expires_after_days * DAY_S;
    return a->change.expires_at.s > call_now(c).s
               ? STEP_NEXT
               : call_bad_field(c, "expiry.days",
                                "That day is over, counted from when the content was protected; to "
                                "end access now, revoke the content.");
}

static step merge(struct call *c)
{
    struct amend *a = amend_of(c);
    if (!a->before.amendment.is_valid) {
        return call_fail(c, R_PRECONDITION_FAILED, "the stored amendment can't be read");
    }
    if (step_failed(fix_expiry(c))) {
        return STEP_FAILED;
    }
    return step_from(
        amendment_merge(call_arena(c), &a->before.amendment, &a->change, &a->after, call_err(c)));
}

/* --- amend ------------------------------------------------------------------------------------ */

enum { TARGET_NAMES_BYTES = 768 /* after which names are only counted */ };

static void say_names(struct buf *text, const char *verb, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text->len > TARGET_NAMES_BYTES) {
            buf_printf(text, " and %zu more", count - i);
            break;
        }
        buf_printf(text, "%s %s", i > 0 ? "," : verb, names[i]);
    }
    buf_add_str(text, count > 0 ? "; " : "");
}

/* "user:bob@fabrikam.com=VIEW,PRINT": a right that is granted is what the log is asked for. */
static const char *grant_text(struct call *c, const char *name, const struct rights *rights)
{
    char text[RIGHTS_TEXT_MAX + 1];
    rights_format(rights, text);
    return arena_printf(call_arena(c), "%s=%s", name, text);
}

/* "set user:bob@fabrikam.com=VIEW; add carol@…; remove …; expires 2027-01-01T00:00:00Z; the
 * reason" */
static const char *describe(struct call *c)
{
    const Request *request = amend_policy_request(c);
    const struct amend *a = amend_of(c);
    const struct amendment *change = &a->change;
    size_t granted = change->grant_count;
    const char **grants = ARENA_ARRAY(call_arena(c), const char *, granted + 1);
    struct buf text;
    struct slice all;
    buf_init(&text, call_arena(c));
    for (size_t i = 0; grants != NULL && i < granted; i++) {
        grants[i] = grant_text(c, a->names[i], change->grants[i].rights);
        text.failed = text.failed || grants[i] == NULL;
    }
    if (grants == NULL || text.failed) {
        return NULL;
    }
    say_names(&text, "set", grants, granted);
    say_names(&text, "add", change->recipients, change->recipient_count);
    say_names(&text, "remove", a->names + granted + change->recipient_count, change->removed_count);
    if (change->changes_expiry && change->expires_at.s != 0) {
        char end[RFC3339_BYTES];
        clock_rfc3339(change->expires_at.s * 1000000, end);
        buf_printf(&text, "expires %.19sZ; ", end);
    } else if (change->changes_expiry) {
        buf_add_str(&text, "never expires; ");
    }
    buf_add_str(&text, request->reason);
    return buf_finish(&text, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
}

static step amended(struct call *c)
{
    const struct err *err = &amend_of(c)->store.op.err;
    return err->reason == R_DATABASE_CONFLICT ? call_again_from(c, read) : wait_over(c, err);
}

static step amend(struct call *c)
{
    struct amend *a = amend_of(c);
    a->store = (struct amendment_put){.tenant = caller_tenant(caller_of(c)),
                                      .content = a->access.content,
                                      .amendment = &a->after,
                                      .target = describe(c),
                                      .who = caller_of(c)->who};
    if (a->store.target == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "target");
    }
    wait_store_init(c, &a->store.op);
    amendment_store_put(&a->store);
    return wait_store(c, amended, &a->store.op);
}

static step reply(struct call *c)
{
    Chancery__V1__AmendPolicyResponse *r = amend_policy_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->version = amend_of(c)->after.version;
    return amend_policy_reply(c, r);
}

const struct flow amend_policy_flow = {
    .method = "/chancery.v1.PublishingService/AmendPolicy",
    .name = "amend_policy",
    .state = FLOW_STATE_ON(struct amend, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse), STEP("grants", grants), STEP("recipients", recipients),
              STEP("removed", removed), STEP("names", names), CONTENT_ACCESS_FIND,
              STEP("read", read), STEP("merge", merge), COMMIT("amend", amend),
              STEP("reply", reply)},
};
