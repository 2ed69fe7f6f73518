/* SPDX-License-Identifier: Apache-2.0 */
/* BoundaryService: CreateBoundary, GetBoundary, ListBoundaries, UpdateBoundary. Every change raises
 * the platform's epoch in its own transaction, so that the next license of every worker is decided
 * by it. */
#include <string.h>

#include "auth/facts.h"
#include "context/wait.h"
#include "service/boundary/boundary_message.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/scope.h"

enum { RULES_MEMORY = 6 << 20 /* for the rules of BOUNDARIES_MAX boundaries with each other */ };

struct boundaries {
    struct scope scope; /* first */
    struct boundary_change change;
    const Chancery__V1__Boundary *message; /* of a request that sets fields */
    struct resource_reading fields;
    const char *name; /* of the one that is meant */
    const char *after;
    struct page page;
    struct boundary_op op;
};

static struct boundaries *boundaries_of(const struct call *c)
{
    return call_state(c);
}

static struct boundary_op *begin(struct call *c)
{
    struct boundaries *b = boundaries_of(c);
    b->op = (struct boundary_op){.who = caller_of(c)->who};
    wait_store_init(c, &b->op.op);
    return &b->op;
}

static step over(struct call *c)
{
    return wait_over(c, &boundaries_of(c)->op.op.err);
}

static step wait(struct call *c)
{
    return wait_store(c, over, &boundaries_of(c)->op.op);
}

/* --- shared steps ----------------------------------------------------------------------------- */

/* The boundary is read into what changes: of one that is created, everything does. */
static step read_fields(struct call *c)
{
    struct boundaries *b = boundaries_of(c);
    return resource_read(c, &boundary_resource, &b->fields, b->message, &b->change, read_fields);
}

static step reply_first(struct call *c)
{
    return reply_message(c, boundary_message_write(c, &boundaries_of(c)->op.rows[0]));
}

/* Rules come for the boundary too of which only is known that there is another page. */
static void *write_rules(struct call *c, size_t *count)
{
    const struct boundaries *b = boundaries_of(c);
    const char *next = b->op.count > b->page.size ? b->op.rows[b->page.size].name : "";
    Chancery__V1__BoundaryRule **rules =
        ARENA_ARRAY(call_arena(c), Chancery__V1__BoundaryRule *, b->op.rule_count + 1);
    for (size_t i = 0; rules != NULL && i < b->op.rule_count; i++) {
        const struct boundary_rule *rule = &b->op.rules[i];
        if (strcmp(rule->content, next) == 0) {
            continue;
        }
        rules[*count] = boundary_message_write_rule(c, rule);
        if (rules[(*count)++] == NULL) {
            return NULL;
        }
    }
    return rules;
}

/* --- CreateBoundary --------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateBoundaryRequest *request = create_boundary_request(c);
    struct boundaries *b = boundaries_of(c);
    if (request->boundary == NULL) {
        return call_bad_field(c, "boundary", "It is required.");
    }
    b->message = request->boundary;
    b->fields.left = resource_changeable(&boundary_resource);
    b->change.name = b->message->boundary;
    return boundary_name_is_valid(slice_str(b->change.name))
               ? STEP_NEXT
               : call_bad_field(c, "boundary.boundary",
                                "The name must match [a-z][a-z0-9-]{0,62} and not be external.");
}

static step check_create_node(struct call *c)
{
    return scope_check_node(c, boundaries_of(c)->change.name);
}

static step check_create(struct call *c)
{
    return facts_need_platform(c, check_create_node);
}

static struct boundary_row row_of(const struct boundary_change *change)
{
    return (struct boundary_row){
        .name = change->name,
        .display_name = change->display_name,
        .suite = change->suite,
        .fips = change->fips,
        .authority_url = change->authority_url,
        .portal_url = change->portal_url,
    };
}

static step create(struct call *c)
{
    const struct boundary_row row = row_of(&boundaries_of(c)->change);
    boundary_store_create(begin(c), &row);
    return wait(c);
}

static step reply_create(struct call *c)
{
    const struct boundary_row row = row_of(&boundaries_of(c)->change);
    return reply_message(c, boundary_message_write(c, &row));
}

const struct flow create_boundary_flow = {
    .method = "/chancery.v1.BoundaryService/CreateBoundary",
    .name = "create_boundary",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("fields", read_fields), STEP("check", check_create),
              COMMIT("create", create), STEP("reply", reply_create)},
};

/* --- GetBoundary ------------------------------------------------------------------------------ */

static step parse_get(struct call *c)
{
    boundaries_of(c)->name = get_boundary_request(c)->boundary;
    boundaries_of(c)->page.size = 1;
    return boundaries_of(c)->name[0] == '\0' ? call_bad_field(c, "boundary", "It is required.")
                                             : STEP_NEXT;
}

static step get(struct call *c)
{
    boundary_store_get(begin(c), boundaries_of(c)->name);
    return wait(c);
}

static step reply_get(struct call *c)
{
    const struct boundaries *b = boundaries_of(c);
    if (b->op.count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such boundary");
    }
    Chancery__V1__GetBoundaryResponse *r = get_boundary_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->boundary = boundary_message_write(c, &b->op.rows[0]);
    r->rules = write_rules(c, &r->n_rules);
    return r->boundary == NULL || r->rules == NULL ? reply_over_budget(c)
                                                   : get_boundary_reply(c, r);
}

const struct flow get_boundary_flow = {
    .method = "/chancery.v1.BoundaryService/GetBoundary",
    .name = "get_boundary",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), STEP("get", get), STEP("reply", reply_get)},
};

/* --- ListBoundaries --------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    struct boundaries *b = boundaries_of(c);
    return step_failed(page_read(c, &b->page)) ? STEP_FAILED
                                               : page_after_text(c, &b->page, &b->after);
}

static step list(struct call *c)
{
    const struct boundaries *b = boundaries_of(c);
    boundary_store_list(begin(c), b->after, page_limit(&b->page));
    return wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return boundary_message_write(c, &boundaries_of(c)->op.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(boundaries_of(c)->op.rows[row].name);
}

static step reply_list(struct call *c)
{
    struct boundaries *b = boundaries_of(c);
    const struct page_rows rows = {
        .list = {.type = boundary_resource.message, .count = b->op.count, .write = write_row},
        .key = row_key};
    step result = page_fill(c, &b->page, &rows, reply_list);
    if (result.kind != STEP_KIND_NEXT) {
        return result;
    }
    Chancery__V1__ListBoundariesResponse *r = b->page.reply.response;
    r->rules = write_rules(c, &r->n_rules);
    return r->rules == NULL ? reply_over_budget(c) : list_boundaries_reply(c, r);
}

const struct flow list_boundaries_flow = {
    .method = "/chancery.v1.BoundaryService/ListBoundaries",
    .name = "list_boundaries",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .memory = RULES_MEMORY,
    .steps = {STEP("parse", parse_list), STEP("list", list), STEP("reply", reply_list)},
};

/* --- UpdateBoundary --------------------------------------------------------------------------- */

static step parse_update(struct call *c)
{
    const Chancery__V1__UpdateBoundaryRequest *request = update_boundary_request(c);
    struct boundaries *b = boundaries_of(c);
    if (step_failed(resource_read_mask(c, &boundary_resource, request->boundary,
                                       request->update_mask, &b->fields.left))) {
        return STEP_FAILED;
    }
    b->message = request->boundary;
    b->change.name = b->message->boundary;
    return b->change.name[0] == '\0' ? call_bad_field(c, "boundary.boundary", "It is required.")
                                     : STEP_NEXT;
}

static step check_update_node(struct call *c)
{
    const char *name = boundaries_of(c)->change.name;
    if (boundary_find(&caller_of(c)->found_platform->view, name) == NULL) {
        return call_fail(c, R_NOT_FOUND, "no such boundary");
    }
    return scope_check_node(c, name);
}

static step check_update(struct call *c)
{
    return facts_need_platform(c, check_update_node);
}

static step update(struct call *c)
{
    boundary_store_update(begin(c), &boundaries_of(c)->change);
    return wait(c);
}

const struct flow update_boundary_flow = {
    .method = "/chancery.v1.BoundaryService/UpdateBoundary",
    .name = "update_boundary",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_update), STEP("fields", read_fields), STEP("check", check_update),
              COMMIT("update", update), STEP("reply", reply_first)},
};
