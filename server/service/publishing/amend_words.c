/* SPDX-License-Identifier: Apache-2.0 */
/* An amendment in words: for the log, and for whoever approves it. */
#include "base/buf.h"
#include "service/common/reply.h"
#include "service/publishing/amend_policy.h"

/* --- for the log ------------------------------------------------------------------------------ */

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
const char *amend_target(struct call *c)
{
    const Chancery__V1__AmendPolicyRequest *request = amend_request(c);
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

/* --- for whoever approves --------------------------------------------------------------------- */

const char *amend_summary(struct call *c)
{
    const struct amend *a = amend_of(c);
    const struct content_row *row = &a->access.find.row;
    const char *id = reply_uuid(c, a->access.content.u);
    const char *reason = amend_request(c)->reason;
    bool is_named = row->display_name[0] != '\0';
    return id == NULL
               ? NULL
               : arena_printf(call_arena(c), "Change the policy of content %s%s%s%s of %s%s%s", id,
                              is_named ? " (" : "", row->display_name, is_named ? ")" : "",
                              row->owner, reason[0] == '\0' ? "" : ": ", reason);
}

/* What one principal has before the change, by its own name; a person, by this address. What is
 * sealed is known where a license was opened. */
static const char *rights_before(struct call *c, const struct principal *principal)
{
    const struct amend *a = amend_of(c);
    struct subject person = {.user = {.addresses = {principal->name},
                                      .address_count = 1,
                                      .tenant_name = "",
                                      .boundary = BOUNDARY_EXTERNAL}};
    struct rights rights;
    char text[RIGHTS_TEXT_MAX + 1];
    if (a->was.policy == NULL) {
        return "what the policy gives";
    }
    if (principal->kind == PRINCIPAL_USER) {
        effective_policy_rights(&a->was, &person, &rights);
    } else {
        effective_policy_named_rights(&a->was, principal, &rights);
    }
    rights_format(&rights, text);
    return arena_strdup(call_arena(c), text);
}

static const char *rights_after(struct call *c, size_t index)
{
    const struct amend *a = amend_of(c);
    const struct rights *granted = amend_granted(a, index);
    if (granted == NULL) {
        return index < a->change.grant_count + a->change.recipient_count ? "what recipients have"
                                                                         : "";
    }
    char text[RIGHTS_TEXT_MAX + 1];
    struct rights rights = *granted;
    rights_close(&rights);
    rights_format(&rights, text);
    return arena_strdup(call_arena(c), text);
}

static const char *expiry_text(struct call *c, struct unix_time end)
{
    char text[RFC3339_BYTES];
    if (end.s == 0) {
        return "never";
    }
    clock_rfc3339(end.s * 1000000, text);
    return arena_strdup(call_arena(c), text);
}

/* Of each principal what it has and what it will have, and the expiry. */
void amend_changes(struct call *c, struct approval_changes *out)
{
    const struct amend *a = amend_of(c);
    for (size_t i = 0; i < a->name_count; i++) {
        struct principal principal = amend_principal(a, i);
        approval_changes_add(out, arena_printf(call_arena(c), "policy[%s]", a->names[i]),
                             rights_before(c, &principal), rights_after(c, i));
    }
    if (a->change.changes_expiry) {
        bool is_known =
            a->was.policy != NULL || (amend_before(a) != NULL && amend_before(a)->changes_expiry);
        approval_changes_add(out, "policy.expiry",
                             is_known ? expiry_text(c, effective_policy_expiry(&a->was))
                                      : "as it was protected",
                             expiry_text(c, a->after.expires_at));
    }
}
