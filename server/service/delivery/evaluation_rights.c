/* SPDX-License-Identifier: Apache-2.0 */
/* The step `rights` of EvaluateMessage: a tenant may want mail rejected when a recipient would have no rights by the
 * template that a rule names (docs/policy.md §10.4). Most recipients have some by what is known of them already;
 * of the others directories are asked, once for all. */
#include <stdlib.h>
#include <string.h>

#include "auth/decision_log.h"
#include "context/wait.h"
#include "domain/decide/decide_recipient.h"
#include "service/delivery/evaluation.h"
#include "store/cache/directories.h"

/* A mail that is protected already has its own policy. */
static bool is_asked(const struct evaluation *e)
{
    bool is_protected =
        (e->facts.kinds & (1U << CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_PROTECTED)) != 0;
    return !is_protected &&
           tenant_has_switched(&e->by.tenant->view, TENANT_REJECTS_WITHOUT_RIGHTS) &&
           !e->decision.is_blocked && e->decision.actions.protection == PROTECTION_TEMPLATE;
}

/* --- who they are ----------------------------------------------------------------------------- */

static int compare_address(const void *key, const void *item)
{
    return strcmp(key, ((const struct address_reader *)item)->address);
}

static struct subject subject_of(const struct evaluation *e, const char *address)
{
    const struct readers_find *readers = &e->readers;
    const struct address_reader *found = readers->count == 0
                                             ? NULL
                                             : bsearch(address, readers->rows, readers->count,
                                                       sizeof readers->rows[0], compare_address);
    struct reader reader = found == NULL ? READER_OUTSIDE : found->reader;
    return (struct subject){
        .user = {.addresses = {address},
                 .address_count = 1,
                 .tenant = reader.tenant,
                 .tenant_name = ID_IS_ZERO(reader.tenant) ? "" : reader.tenant_name,
                 .boundary = reader.boundary,
                 .sign_in = SIGN_IN_WORK},
        .component = {.name = "", .boundary = ""},
        .application = "",
        .platform = ""};
}

static int compare_recipient(const void *key, const void *item)
{
    return strcmp(key, ((const struct recipient_name *)item)->recipient);
}

/* The rows of one recipient, which stand side by side. */
static size_t rows_of(const struct recipients_find *names, const char *recipient,
                      const struct recipient_name **out)
{
    const struct recipient_name *row = names->count == 0
                                           ? NULL
                                           : bsearch(recipient, names->rows, names->count,
                                                     sizeof names->rows[0], compare_recipient);
    size_t from = row == NULL ? 0 : (size_t)(row - names->rows), to = row == NULL ? 0 : from + 1;
    while (from > 0 && strcmp(names->rows[from - 1].recipient, recipient) == 0) {
        from--;
    }
    while (to > from && to < names->count && strcmp(names->rows[to].recipient, recipient) == 0) {
        to++;
    }
    *out = &names->rows[from];
    return to - from;
}

/* Add what directories say. NULL memory for groups: over budget. */
static void add_names(struct call *c, struct subject_user *user, bool *is_group)
{
    const struct recipient_name *rows;
    const char *recipient = user->addresses[0];
    size_t count = rows_of(&evaluation_of(c)->names, recipient, &rows);
    const char **groups = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    *is_group = false;
    user->groups = groups;
    for (size_t i = 0; groups != NULL && i < count; i++) {
        bool is_other = rows[i].kind == RECIPIENT_ADDRESS && strcmp(rows[i].name, recipient) != 0;
        *is_group = *is_group || rows[i].kind == RECIPIENT_IS_GROUP;
        if (rows[i].kind == RECIPIENT_IN_GROUP) {
            groups[user->group_count++] = rows[i].name;
        } else if (is_other && user->address_count < SUBJECT_ADDRESSES_MAX) {
            user->addresses[user->address_count++] = rows[i].name;
        }
    }
}

static enum reason decide_rights(const struct evaluation *e, const struct subject *subject,
                                 bool is_group)
{
    return decide_recipient(
        &(struct recipient_question){.tenant = &e->by.tenant->view,
                                     .template_id = e->decision.actions.template_id,
                                     .sender = e->by.sender,
                                     .recipient = subject,
                                     .is_group = is_group});
}

/* --- asking ----------------------------------------------------------------------------------- */

static step decide_one(struct call *c, size_t index)
{
    struct evaluation *e = evaluation_of(c);
    struct delivery_decision *delivery = &e->deliveries[index];
    if (delivery->reason != R_NO_RIGHTS) {
        return STEP_NEXT;
    }
    struct subject subject = subject_of(e, e->addresses[index]);
    bool is_group;
    add_names(c, &subject.user, &is_group);
    if (subject.user.groups == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "groups");
    }
    if (decide_rights(e, &subject, is_group) == R_NONE) {
        delivery->reason = R_NONE;
    } else {
        delivery->channel = CHANNEL_NONE;
        delivery->portal_url = "";
    }
    return STEP_NEXT;
}

static step decide_again(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    return cursor_each(c, &e->cursor, e->recipient_count, decide_one, decide_again);
}

static step found(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    if (e->names.op.err.reason != R_NONE) {
        return wait_failed(c, &e->names.op.err);
    }
    caller_add_scope(c, directories_scope(e->by.tenant->view.id), e->names.epoch);
    return decide_again(c);
}

/* What the template's grants name; and the sender, who has all rights by whatever address. */
static bool take_grants(struct call *c, struct recipients_question *q)
{
    const struct evaluation *e = evaluation_of(c);
    const struct template_policy *template =
        tenant_find_template(&e->by.tenant->view, e->decision.actions.template_id);
    size_t most = template == NULL ? 0 : template->grant_count;
    const char **groups = ARENA_ARRAY(call_arena(c), const char *, most + 1);
    const char **users = ARENA_ARRAY(call_arena(c), const char *, most + 2);
    const char **domains = ARENA_ARRAY(call_arena(c), const char *, most + 1);
    bool has_room = groups != NULL && users != NULL && domains != NULL;
    for (size_t i = 0; has_room && i < most; i++) {
        const struct principal *principal = &template->grants[i].principal;
        if (principal->kind == PRINCIPAL_GROUP) {
            groups[q->group_count++] = principal->name;
        } else if (principal->kind == PRINCIPAL_USER) {
            users[q->user_count++] = principal->name;
        } else if (principal->kind == PRINCIPAL_DOMAIN) {
            domains[q->domain_count++] = principal->name;
        }
    }
    if (has_room && e->by.sender[0] != '\0') {
        users[q->user_count++] = e->by.sender;
    }
    q->groups = groups;
    q->users = users;
    q->domains = domains;
    return has_room;
}

static bool take_recipients(struct call *c, struct recipients_question *q)
{
    const struct evaluation *e = evaluation_of(c);
    const char **addresses = ARENA_ARRAY(call_arena(c), const char *, e->recipient_count);
    for (size_t i = 0; addresses != NULL && i < e->recipient_count; i++) {
        if (e->deliveries[i].reason == R_NO_RIGHTS) {
            addresses[q->address_count++] = e->addresses[i];
        }
    }
    q->addresses = addresses;
    return addresses != NULL;
}

static step ask(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    struct recipients_question question = {.tenant = &e->by.tenant->view,
                                           .served = views_served(services_of(c)->views)};
    if (!take_recipients(c, &question) || !take_grants(c, &question)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "recipients");
    }
    if (question.address_count == 0) {
        return STEP_NEXT;
    }
    wait_store_init(c, &e->names.op);
    reader_store_find_names(&e->names, &question);
    return wait_store(c, found, &e->names.op);
}

/* By what is known already. Who gets nothing for another reason is not asked about. */
static step look_at_one(struct call *c, size_t index)
{
    struct evaluation *e = evaluation_of(c);
    struct delivery_decision *delivery = &e->deliveries[index];
    if (delivery->reason == R_NONE) {
        struct subject subject = subject_of(e, e->addresses[index]);
        delivery->reason = decide_rights(e, &subject, false);
    }
    return STEP_NEXT;
}

static step look_at_all(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    return cursor_each(c, &e->cursor, e->recipient_count, look_at_one, look_at_all);
}

step evaluation_rights(struct call *c)
{
    if (!is_asked(evaluation_of(c))) {
        return STEP_NEXT;
    }
    call_then(c, ask);
    return look_at_all(c);
}

enum reason evaluation_rejects(struct call *c)
{
    const struct evaluation *e = evaluation_of(c);
    for (size_t i = 0; i < e->recipient_count; i++) {
        if (e->deliveries[i].reason == R_NO_RIGHTS) {
            return R_NO_RIGHTS;
        }
    }
    return R_NONE;
}
