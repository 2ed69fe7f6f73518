/* SPDX-License-Identifier: Apache-2.0 */
/* ScimService.GetResource.
 *
 *   parse     the request line, the filter
 *   scope     the tenant of the token
 *   find      the entries by id, by what the filter demands, or a page of all
 *   count     of a page of all: how many there are
 *   members   of one group, unless they are left out
 *   reply     those that meet the filter */
#include <string.h>

#include "context/wait.h"
#include "domain/values/address.h"
#include "service/common/flows.h"
#include "service/scim/scim_resource.h"
#include "service/scim/scim_schema.h"

enum { FOUND_MAX = 100 }; /* entries of one name, address or external id */

struct get_resource {
    struct scope scope; /* first */
    struct scim_request request;
    struct scim_find find;
    struct scim_members members;
};

static struct get_resource *state_of(const struct call *c)
{
    return call_state(c);
}

static bool is_entry(const struct scim_request *request)
{
    return request->kind == SCIM_USERS || request->kind == SCIM_GROUPS;
}

static bool is_page_of_all(const struct scim_request *request)
{
    return is_entry(request) && request->id[0] == '\0' && request->filter == NULL;
}

/* --- parse ---------------------------------------------------------------------------------------- */

static step parse(struct call *c)
{
    struct scim_request *request = &state_of(c)->request;
    scope_of(c)->tenant_name = "";
    if (step_failed(scim_request_read(c, get_resource_request(c)->exchange, request))) {
        return STEP_FAILED;
    }
    return request->verb == SCIM_GET ? STEP_NEXT
                                     : call_fail(c, R_NOT_FOUND, "not read by this verb");
}

/* --- find ----------------------------------------------------------------------------------------- */

/* By what the filter demands; the rest of it is compared with what was found. False: it demands nothing by which entries are
 * found without looking at all. */
static bool demand(struct call *c, const struct scim_filter *filter, struct scim_find *find)
{
    bool is_user = find->kind == DIRECTORY_USER;
    const char *id = scim_filter_demands(filter, "id");
    const char *name = scim_filter_demands(filter, is_user ? "username" : "displayname");
    const char *external_id = scim_filter_demands(filter, "externalid");
    const char *email = is_user ? scim_filter_demands(filter, "emails.value") : NULL;
    email = email == NULL && is_user ? scim_filter_demands(filter, "emails") : email;
    const char *address = email != NULL ? email : is_user && name != NULL ? name : "";
    char *folded = arena_alloc(call_arena(c), name == NULL ? 1 : strlen(name) + 1);
    if (folded == NULL) {
        return false;
    }
    (void)slice_fold(slice_str(name), folded);
    find->id = id == NULL ? "" : id;
    find->name = folded;
    find->external_id = external_id == NULL ? "" : external_id;
    if (!address_normalize(call_arena(c), slice_str(address), &find->address, NULL).ok) {
        find->address = "";
    }
    return id != NULL || name != NULL || external_id != NULL || email != NULL;
}

static step found(struct call *c)
{
    return wait_over(c, &state_of(c)->find.op.err);
}

static step find_one(struct call *c)
{
    struct get_resource *g = state_of(c);
    g->find.id = g->request.id;
    scim_store_find(&g->find);
    return wait_store(c, found, &g->find.op);
}

static step find_some(struct call *c)
{
    struct get_resource *g = state_of(c);
    struct scim_fault fault = {0};
    if (!demand(c, g->request.filter, &g->find)) {
        (void)scim_fail(
            &fault, "invalidFilter", "filter",
            "It must ask for one value, by eq, of id, externalId, userName, emails or a group's "
            "displayName; other terms may stand beside it, joined by and.");
        return scim_request_refuse(c, &fault);
    }
    scim_store_find(&g->find);
    return wait_store(c, found, &g->find.op);
}

static step find(struct call *c)
{
    struct get_resource *g = state_of(c);
    if (!is_entry(&g->request)) {
        return STEP_NEXT;
    }
    g->find = (struct scim_find){
        .tenant = scope_of(c)->tenant_id,
        .kind = g->request.kind == SCIM_USERS ? DIRECTORY_USER : DIRECTORY_GROUP,
        .id = "",
        .address = "",
        .name = "",
        .external_id = "",
        .skip = g->request.start - 1,
        .limit = FOUND_MAX,
    };
    wait_store_init(c, &g->find.op);
    if (g->request.id[0] != '\0') {
        return find_one(c);
    }
    if (g->request.filter != NULL) {
        return find_some(c);
    }
    g->find.limit = g->request.count;
    scim_store_list(&g->find);
    return wait_store(c, found, &g->find.op);
}

static step count(struct call *c)
{
    struct get_resource *g = state_of(c);
    if (!is_page_of_all(&g->request)) {
        return STEP_NEXT;
    }
    wait_store_init(c, &g->find.op);
    scim_store_count(&g->find);
    return wait_store(c, found, &g->find.op);
}

/* --- members -------------------------------------------------------------------------------------- */

static const struct scim_row *row_of(const struct get_resource *g)
{
    for (size_t i = 0; i < g->find.count; i++) {
        if (strcmp(g->find.rows[i].id, g->request.id) == 0) {
            return &g->find.rows[i];
        }
    }
    return NULL;
}

static step have_members(struct call *c)
{
    const struct scim_members *members = &state_of(c)->members;
    struct scim_fault fault = {0};
    if (members->op.err.reason == R_NONE &&
        (members->op.is_cut || members->count > SCIM_MEMBERS_MAX)) {
        (void)scim_fail(&fault, "tooMany", "members",
                        "It has more than 10,000; ask with excludedAttributes=members.");
        return scim_request_refuse(c, &fault);
    }
    return wait_over(c, &members->op.err);
}

static step members(struct call *c)
{
    struct get_resource *g = state_of(c);
    if (g->request.kind != SCIM_GROUPS || g->request.id[0] == '\0') {
        return STEP_NEXT;
    }
    const struct scim_row *row = row_of(g);
    if (row == NULL) {
        return call_fail(c, R_NOT_FOUND, "no such group");
    }
    if (g->request.leaves_members_out) {
        return STEP_NEXT;
    }
    g->members = (struct scim_members){
        .tenant = scope_of(c)->tenant_id, .group = row->address, .limit = SCIM_MEMBERS_MAX + 1};
    wait_store_init(c, &g->members.op);
    scim_store_members(&g->members);
    return wait_store(c, have_members, &g->members.op);
}

/* --- reply ---------------------------------------------------------------------------------------- */

/* Write a row that meets the filter, and one more to *shown. */
static step write_row(struct call *c, const struct scim_row *row, struct buf *out, size_t *shown)
{
    const struct get_resource *g = state_of(c);
    const char *comma = *shown > 0 ? "," : "";
    struct scim_user user;
    struct scim_group group;
    struct scim_subject subject;
    bool is_user = g->request.kind == SCIM_USERS;
    if (is_user && step_failed(scim_resource_user(c, row, &user))) {
        return STEP_FAILED;
    }
    if (!is_user) {
        scim_resource_group(c, row, &group);
    }
    subject = is_user ? scim_user_subject(&user) : scim_group_subject(&group);
    if (g->request.filter != NULL && !scim_filter_matches(g->request.filter, &subject)) {
        return STEP_NEXT;
    }
    ++*shown;
    buf_add_str(out, comma);
    if (is_user) {
        scim_resource_write_user(c, row, &user, out);
    } else {
        scim_resource_write_group(c, row, &group, NULL, out);
    }
    return STEP_NEXT;
}

static step reply_list(struct call *c)
{
    const struct get_resource *g = state_of(c);
    struct buf rows, out;
    struct slice list;
    size_t shown = 0;
    buf_init(&rows, call_arena(c));
    buf_init(&out, call_arena(c));
    for (size_t i = 0; i < g->find.count; i++) {
        if (step_failed(write_row(c, &g->find.rows[i], &rows, &shown))) {
            return STEP_FAILED;
        }
    }
    if (!buf_finish(&rows, &list, call_err(c)).ok) {
        return STEP_FAILED;
    }
    long long total = is_page_of_all(&g->request) ? (long long)g->find.total : (long long)shown;
    buf_printf(&out,
               "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],"
               "\"totalResults\":%lld,\"startIndex\":%zu,\"itemsPerPage\":%zu,\"Resources\":[",
               total, g->request.start, shown);
    buf_add(&out, list);
    buf_add_str(&out, "]}");
    return scim_resource_answer(c, 200, "", "", &out);
}

static step reply_one(struct call *c)
{
    const struct get_resource *g = state_of(c);
    const struct scim_row *row = row_of(g);
    struct buf out;
    struct scim_user user;
    struct scim_group group;
    bool is_user = g->request.kind == SCIM_USERS;
    if (row == NULL) {
        return call_fail(c, R_NOT_FOUND, "no such user");
    }
    buf_init(&out, call_arena(c));
    if (is_user && step_failed(scim_resource_user(c, row, &user))) {
        return STEP_FAILED;
    }
    if (!is_user) {
        scim_resource_group(c, row, &group);
    }
    if (is_user) {
        scim_resource_write_user(c, row, &user, &out);
    } else {
        scim_resource_write_group(c, row, &group,
                                  g->request.leaves_members_out ? NULL : &g->members, &out);
    }
    return scim_resource_answer(c, 200, scim_resource_location(c, g->request.kind, row->id),
                                scim_resource_etag(c, g->request.kind, row->state, row->epoch),
                                &out);
}

static step reply(struct call *c)
{
    const struct scim_request *request = &state_of(c)->request;
    if (!is_entry(request)) {
        return scim_schema_answer(c, request);
    }
    return request->id[0] != '\0' ? reply_one(c) : reply_list(c);
}

const struct flow get_resource_flow = {
    .method = "/chancery.v1.ScimService/GetResource",
    .name = "get_resource",
    .state = FLOW_STATE_ON(struct get_resource, BASE_SCOPE, struct scope, scope),
    .memory = 8 * 1024 * 1024,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, STEP("find", find), STEP("count", count),
              STEP("members", members), STEP("reply", reply)},
};
