/* SPDX-License-Identifier: Apache-2.0 */
/* Who sender and recipients are: on which side, in which boundary, and in which of the groups that
 * rules name. */
#include <stdlib.h>
#include <string.h>

#include "auth/decision_log.h"
#include "context/wait.h"
#include "service/delivery/evaluation.h"
#include "store/cache/directories.h"

static int compare_address(const void *key, const void *item)
{
    return strcmp(key, ((const struct address_reader *)item)->address);
}

static struct message_person person_of(const struct evaluation *e, size_t index)
{
    const char *address = e->addresses[index];
    const struct readers_find *readers = &e->readers;
    const struct address_reader *found = readers->count == 0
                                             ? NULL
                                             : bsearch(address, readers->rows, readers->count,
                                                       sizeof readers->rows[0], compare_address);
    return (struct message_person){
        .address = e->envelope[index].seen,
        .boundary = found == NULL ? BOUNDARY_EXTERNAL : found->reader.boundary,
        .is_inside = found != NULL && ID_EQ(found->reader.tenant, e->by.tenant->view.id),
    };
}

static step asked(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    if (e->readers.op.err.reason != R_NONE) {
        return wait_failed(c, &e->readers.op.err);
    }
    if (e->readers.is_stale) {
        decision_log_forget(c);
        return call_authenticate_again(c, delivery_sender_tenant);
    }
    for (size_t i = 0; i <= e->recipient_count; i++) {
        e->people[i] = person_of(e, i);
    }
    e->facts.recipients = e->people;
    e->facts.recipient_count = e->recipient_count;
    e->facts.sender = e->people[e->recipient_count];
    return STEP_NEXT;
}

step evaluation_ask(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    wait_store_init(c, &e->readers.op);
    reader_store_find(&e->readers,
                      &(struct readers_question){.tenant = &e->by.tenant->view,
                                                 .sender = e->by.sender,
                                                 .scopes = caller_of(c)->scopes,
                                                 .scope_count = caller_of(c)->scope_count,
                                                 .addresses = e->addresses,
                                                 .address_count = e->recipient_count + 1,
                                                 .served = views_served(services_of(c)->views)});
    return wait_store(c, asked, &e->readers.op);
}

/* --- groups ----------------------------------------------------------------------------------- */

static int compare_person(const void *key, const void *item)
{
    return strcmp(key, ((const struct rule_membership *)item)->person);
}

/* The rows of one person stand side by side. */
static step add_groups(struct call *c, struct message_person *person)
{
    const struct rule_groups_find *find = &evaluation_of(c)->groups;
    const struct rule_membership *row = find->count == 0
                                            ? NULL
                                            : bsearch(person->address, find->rows, find->count,
                                                      sizeof find->rows[0], compare_person);
    if (row == NULL) {
        return STEP_NEXT;
    }
    size_t from = (size_t)(row - find->rows), to = from;
    while (from > 0 && strcmp(find->rows[from - 1].person, person->address) == 0) {
        from--;
    }
    while (to < find->count && strcmp(find->rows[to].person, person->address) == 0) {
        to++;
    }
    const char **groups = ARENA_ARRAY(call_arena(c), const char *, to - from);
    for (size_t i = from; groups != NULL && i < to; i++) {
        groups[i - from] = find->rows[i].group;
    }
    person->groups = groups;
    person->group_count = groups == NULL ? 0 : to - from;
    return groups == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "groups") : STEP_NEXT;
}

static step found(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    if (e->groups.op.err.reason != R_NONE) {
        return wait_failed(c, &e->groups.op.err);
    }
    caller_add_scope(c, directories_scope(e->groups.tenant), e->groups.epoch);
    for (size_t i = 0; i <= e->recipient_count; i++) {
        if (step_failed(add_groups(c, &e->people[i]))) {
            return STEP_FAILED;
        }
    }
    e->facts.sender = e->people[e->recipient_count];
    return STEP_NEXT;
}

/* Asked only where a rule names one. */
step evaluation_groups(struct call *c)
{
    struct evaluation *e = evaluation_of(c);
    const struct tenant_view *tenant = &e->by.tenant->view;
    size_t count;
    const char *const *groups = rule_set_groups(e->book->set, &count);
    if (count == 0 || !tenant->has_directory) {
        return STEP_NEXT;
    }
    e->groups = (struct rule_groups_find){
        .tenant = tenant->id, .domains = tenant->domains, .domain_count = tenant->domain_count};
    wait_store_init(c, &e->groups.op);
    mail_rule_store_find_groups(&e->groups, e->addresses, e->recipient_count + 1, groups, count);
    return wait_store(c, found, &e->groups.op);
}
