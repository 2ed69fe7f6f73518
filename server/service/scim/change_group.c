/* SPDX-License-Identifier: Apache-2.0 */
/* ScimService.ChangeGroup.
 *
 *   parse     the request line
 *   scope     the tenant of the token
 *   find      the group that has the id, in the state that if-match means
 *   apply     the body → what becomes of the group
 *   members   who comes and who goes: ids and addresses, whoever they are
 *   put       that, in one transaction with its record: the commit. Members are sets to it, however many they are
 *   reply     without members, which only reading tells */
#include <string.h>
#include <strings.h>

#include "service/common/cursor.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/scim/scim_change.h"

enum { GROUP_ID_MAX = 128 };

struct change_group {
    struct scim_change_state change; /* first */
    struct scim_group group;
    struct cursor cursor;
};

static struct change_group *state_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    return scim_change_parse(c, change_group_request(c)->exchange, SCIM_GROUPS);
}

/* --- apply ---------------------------------------------------------------------------------------- */

/* A group that has no address of its own gets one that nobody takes for somebody's. One that stays what it is needs no domain. */
static step set_address(struct call *c)
{
    struct change_group *g = state_of(c);
    struct scim_put *put = &g->change.put;
    const struct tenant_view *tenant = &scope_of(c)->tenant->view;
    struct scim_fault fault = {0};
    const struct scim_row *row = g->change.row;
    if (row != NULL && strcasecmp(g->group.address, row->address) == 0) {
        put->address = row->address;
    } else if (g->group.address[0] != '\0') {
        put->address = scim_change_address(c, g->group.address);
    } else if (tenant->domain_count > 0) {
        put->address = arena_printf(call_arena(c), "scim-%s@%s", put->id, tenant->domains[0]);
    }
    if (put->address == NULL) {
        (void)scim_fail(&fault, "invalidValue", "address",
                        "It must be a mail address in a verified domain of the tenant.");
        return scim_request_refuse(c, &fault);
    }
    g->group.address = put->address;
    return STEP_NEXT;
}

/* Its other addresses are an admin's doing, and stay; so does the one until now, by which it may have been granted something. */
static step set_aliases(struct call *c)
{
    struct scim_put *put = &scim_change_of(c)->put;
    const struct scim_row *row = scim_change_of(c)->row;
    size_t count = row == NULL ? 0 : row->address_count;
    const char **aliases = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (aliases == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "aliases");
    }
    put->aliases = aliases;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(row->addresses[i], put->address) != 0) {
            aliases[put->alias_count++] = row->addresses[i];
        }
    }
    return STEP_NEXT;
}

static step check_group(struct call *c)
{
    const struct scim_group *group = &state_of(c)->group;
    struct scim_fault fault = {0};
    if (group->display_name[0] == '\0') {
        (void)scim_fail(&fault, "invalidValue", "displayName", "It is required.");
    } else if (strlen(group->display_name) > DISPLAY_NAME_MAX) {
        (void)scim_fail(&fault, "invalidValue", "displayName", "It may have at most 128 bytes.");
    } else if (strlen(group->external_id) > GROUP_ID_MAX) {
        (void)scim_fail(&fault, "invalidValue", "externalId", "It may have at most 128 bytes.");
    }
    return fault.type == NULL ? STEP_NEXT : scim_request_refuse(c, &fault);
}

/* What PUT leaves out of what the group is called elsewhere stays: tokens and policies name it so. */
static step read_body(struct call *c)
{
    struct change_group *g = state_of(c);
    json_t *body;
    struct scim_fault fault = {0};
    AUTO(arena_free_at) struct arena *scratch = arena_new_small(SCIM_SCRATCH_BYTES);
    if (step_failed(scim_change_body(c, scratch, &body))) {
        return STEP_FAILED;
    }
    bool is_patch = g->change.request.verb == SCIM_PATCH;
    bool is_read = is_patch ? scim_group_patch(&g->group, body, &fault)
                            : scim_group_read(&g->group, body, &fault);
    if (is_read && !scim_group_keep(&g->group, call_arena(c))) {
        return call_fail(c, R_ARENA_EXHAUSTED, "group");
    }
    return is_read ? check_group(c) : scim_request_refuse(c, &fault);
}

static step set_texts(struct call *c)
{
    struct change_group *g = state_of(c);
    struct scim_put *put = &g->change.put;
    char *name = arena_alloc(call_arena(c), strlen(g->group.display_name) + 1);
    put->id = g->change.row == NULL ? scim_change_new_id(c) : g->change.row->id;
    if (name == NULL || put->id == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "name");
    }
    (void)slice_fold(slice_str(g->group.display_name), name);
    put->name = name;
    put->display_name = g->group.display_name;
    put->group_id = g->group.external_id;
    put->external_id = "";
    put->document = "";
    put->replaces = g->group.replaces;
    return step_failed(set_address(c)) ? STEP_FAILED : set_aliases(c);
}

static step apply(struct call *c)
{
    struct change_group *g = state_of(c);
    const struct scim_row *row = g->change.row;
    g->change.put = (struct scim_put){.group_id = ""};
    g->cursor = (struct cursor){0};
    if (g->change.request.verb == SCIM_DELETE) {
        return scim_change_prepare(c, "removed");
    }
    if (row == NULL) {
        scim_group_init(&g->group, call_arena(c));
    } else {
        scim_resource_group(c, row, &g->group);
    }
    if (step_failed(read_body(c)) || step_failed(set_texts(c))) {
        return STEP_FAILED;
    }
    return scim_change_prepare(c, row == NULL ? "made" : "changed");
}

/* --- members -------------------------------------------------------------------------------------- */

static bool make_room(struct call *c, struct scim_texts *texts)
{
    *texts = (struct scim_texts){
        .items = ARENA_ARRAY(call_arena(c), const char *, state_of(c)->group.change_count + 1)};
    return texts->items != NULL;
}

static step take_member(struct call *c, size_t index)
{
    const struct scim_member_change *member = &state_of(c)->group.changes[index];
    struct scim_put *put = &scim_change_of(c)->put;
    const char *address;
    if (step_failed(scim_resource_address(c, member->value, &address))) {
        return STEP_FAILED;
    }
    bool is_spelled = address[0] != '\0';
    struct scim_texts *texts = member->is_added ? (is_spelled ? &put->added : &put->added_ids)
                                                : (is_spelled ? &put->removed : &put->removed_ids);
    texts->items[texts->count++] = is_spelled ? address : member->value;
    return STEP_NEXT;
}

static step take_members(struct call *c)
{
    struct change_group *g = state_of(c);
    return cursor_each(c, &g->cursor, g->group.change_count, take_member, take_members);
}

static step members(struct call *c)
{
    struct scim_put *put = &scim_change_of(c)->put;
    if (!make_room(c, &put->added) || !make_room(c, &put->added_ids) ||
        !make_room(c, &put->removed) || !make_room(c, &put->removed_ids)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "members");
    }
    return take_members(c);
}

/* --- reply ---------------------------------------------------------------------------------------- */

static step reply(struct call *c)
{
    struct change_group *g = state_of(c);
    enum scim_verb verb = g->change.request.verb;
    struct buf out;
    if (verb == SCIM_DELETE) {
        return scim_resource_answer(c, 204, "", "", NULL);
    }
    struct scim_row row = scim_change_result(c);
    const char *etag = scim_resource_etag(c, SCIM_GROUPS, row.state, row.epoch);
    if (verb == SCIM_PATCH) {
        return scim_resource_answer(c, 204, "", etag, NULL);
    }
    buf_init(&out, call_arena(c));
    scim_resource_write_group(c, &row, &g->group, NULL, &out);
    return scim_resource_answer(c, verb == SCIM_POST ? 201 : 200,
                                scim_resource_location(c, SCIM_GROUPS, row.id), etag, &out);
}

const struct flow change_group_flow = {
    .method = "/chancery.v1.ScimService/ChangeGroup",
    .name = "change_group",
    .state = FLOW_STATE_ON(struct change_group, BASE_SCOPE, struct scim_change_state, change),
    .memory = 4 * 1024 * 1024,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, STEP("find", scim_change_find),
              STEP("apply", apply), STEP("members", members), COMMIT("put", scim_change_submit),
              STEP("reply", reply)},
};
