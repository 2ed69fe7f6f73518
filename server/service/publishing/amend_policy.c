/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.AmendPolicy: change the policy of content that was sent, from the next license on.
 *
 *   parse   one change: who gets which rights, who becomes a recipient, who loses what he had, the expiry
 *   find    the content, for its owner, its issuer and admins (content_access.c)
 *   read    the amendment that holds
 *   merge   lay the change over it (domain/values/amendment.c)
 *   amend   store it if no other came between, else go on again from `read`
 *
 * The content's row carries the amendment's version, which the gate compares: no worker decides on an older one. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "context/wait.h"
#include "service/common/content_access.h"
#include "service/common/flows.h"
#include "service/common/policy_fields.h"
#include "service/common/reply.h"
#include "store/resource/amendment_store.h"

enum { REASON_TEXT_MAX = 256, DAY_S = 24 * 60 * 60 };

struct amend {
    struct content_access access; /* first */
    struct amendment change;      /* what is asked for */
    const char **names;           /* of the change, as principals: those granted, added, removed */
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

/* --- parse -------------------------------------------------------------------------------------- */

static step read_recipients(struct call *c, char *const *texts, size_t count)
{
    struct amendment *change = &amend_of(c)->change;
    const char **all = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    for (size_t i = 0; i < count; i++) {
        if (texts[i][0] == '\0' ||
            step_failed(request_address(c, "add_recipients", texts[i], &all[i]))) {
            return call_bad_field(c, "add_recipients", "Each must be a mail address.");
        }
    }
    change->recipient_count = texts_sort(all, count);
    change->recipients = all;
    return STEP_NEXT;
}

static step read_removed(struct call *c, char *const *texts, size_t count)
{
    struct amendment *change = &amend_of(c)->change;
    struct principal *all = ARENA_ARRAY(call_arena(c), struct principal, count + 1);
    if (all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "principals");
    }
    for (size_t i = 0; i < count; i++) {
        if (!principal_parse(call_arena(c), slice_str(texts[i]), &all[i], NULL).ok) {
            return call_bad_field(c, "remove_principals",
                                  "A principal is user:, group:, domain:, tenant: and a name, or "
                                  "recipients, authenticated or owner.");
        }
    }
    change->removed = all;
    change->removed_count = count;
    return STEP_NEXT;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whoever is named twice would have what the order of our reading gives him. */
static step check_names(struct call *c)
{
    struct amend *a = amend_of(c);
    const char **sorted = ARENA_ARRAY(call_arena(c), const char *, a->name_count + 1);
    if (sorted == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "names");
    }
    for (size_t i = 0; i < a->name_count; i++) {
        sorted[i] = a->names[i];
        if (sorted[i] == NULL) {
            return call_fail(c, R_ARENA_EXHAUSTED, "names");
        }
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

static step note_names(struct call *c)
{
    struct amend *a = amend_of(c);
    struct arena *arena = call_arena(c);
    const struct amendment *change = &a->change;
    size_t most = change->grant_count + change->recipient_count + change->removed_count;
    if (most > AMENDMENT_NAMES_MAX) {
        return call_bad_field(c, "set_grants", "At most 1,000 principals in one amendment.");
    }
    a->names = ARENA_ARRAY(arena, const char *, most + 1);
    if (a->names == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "names");
    }
    for (size_t i = 0; i < change->grant_count; i++) {
        a->names[a->name_count++] = principal_format(arena, &change->grants[i].principal);
    }
    for (size_t i = 0; i < change->recipient_count; i++) {
        a->names[a->name_count++] = arena_printf(arena, "user:%s", change->recipients[i]);
    }
    for (size_t i = 0; i < change->removed_count; i++) {
        a->names[a->name_count++] = principal_format(arena, &change->removed[i]);
    }
    return check_names(c);
}

static step read_expiry(struct call *c, const Chancery__V1__Expiry *expiry)
{
    struct amend *a = amend_of(c);
    int64_t at_us;
    a->change.changes_expiry = expiry != NULL;
    step result = policy_read_expiry(c, "expiry", expiry, &at_us, &a->expires_after_days);
    a->change.expires_at.s = at_us / 1000000;
    return result;
}

static step parse(struct call *c)
{
    const Chancery__V1__AmendPolicyRequest *request = amend_policy_request(c);
    struct amendment *change = &amend_of(c)->change;
    change->is_valid = true;
    if (step_failed(request_uuid_required(c, "content_id", request->content_id,
                                          &content_access_of(c)->content.u)) ||
        step_failed(request_text(c, "reason", request->reason, REASON_TEXT_MAX)) ||
        (request->n_set_grants > 0 &&
         step_failed(policy_read_grants(c, "set_grants", request->set_grants, request->n_set_grants,
                                        &change->grants, &change->grant_count))) ||
        step_failed(read_recipients(c, request->add_recipients, request->n_add_recipients)) ||
        step_failed(read_removed(c, request->remove_principals, request->n_remove_principals)) ||
        step_failed(read_expiry(c, request->expiry)) || step_failed(note_names(c))) {
        return STEP_FAILED;
    }
    return amend_of(c)->name_count > 0 || change->changes_expiry
               ? STEP_NEXT
               : call_bad_field(c, "set_grants", "Nothing is changed.");
}

/* --- read and merge ----------------------------------------------------------------------------- */

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

/* --- amend -------------------------------------------------------------------------------------- */

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

/* "set user:bob@fabrikam.com=VIEW; add carol@…; remove …; expires 2027-01-01T00:00:00Z; the reason" */
static const char *describe(struct call *c)
{
    const Chancery__V1__AmendPolicyRequest *request = amend_policy_request(c);
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
    .steps = {STEP("parse", parse), CONTENT_ACCESS_FIND, STEP("read", read), STEP("merge", merge),
              COMMIT("amend", amend), STEP("reply", reply)},
};
