/* SPDX-License-Identifier: Apache-2.0 */
/* BoundaryService: CreateBoundary, UpdateBoundary, ListBoundaries. Every change raises the platform's epoch in
 * its own transaction, so that the next license of every worker is decided by it. */
#include <stdio.h>
#include <string.h>

#include "auth/facts.h"
#include "chancery/v1/boundary.pb-c.h"
#include "context/wait.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "store/resource/boundary_store.h"

enum {
    DISPLAY_NAME_MAX = 128,
    URL_MAX = 512,
    NAME_BYTES = TENANT_NAME_MAX + 1, /* a page token: the last name, filled up with zeros */
};

struct boundaries {
    struct scope scope; /* first */
    struct boundary_row row;
    struct boundary_change change;
    char after[NAME_BYTES];
    size_t limit;
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

/* --- fields ------------------------------------------------------------------------------------- */

/* RFC 3986: https, then printable ASCII without what must be escaped; "" for none. */
static step check_url(struct call *c, const char *field, const char *url)
{
    static const char scheme[] = "https://";
    size_t len = strlen(url);
    bool ok = len == 0 || (len <= URL_MAX && strncmp(url, scheme, sizeof scheme - 1) == 0 &&
                           len > sizeof scheme - 1);
    for (size_t i = 0; ok && i < len; i++) {
        ok = url[i] > ' ' && url[i] < 0x7f && strchr("\"<>\\^`{|}", url[i]) == NULL;
    }
    return ok ? STEP_NEXT
              : call_bad_field(c, field, "It must be an https:// address of at most 512 bytes.");
}

static step check_suite(struct call *c, int suite)
{
    return suite == SUITE_P256 || suite == SUITE_P384
               ? STEP_NEXT
               : call_bad_field(c, "boundary.suite", "It must be P256 or P384.");
}

static step check_display_name(struct call *c, const char *name)
{
    return request_text(c, "boundary.display_name", name, DISPLAY_NAME_MAX);
}

static step boundary_write(struct call *c, const struct boundary_row *row,
                           Chancery__V1__Boundary **out)
{
    Chancery__V1__Boundary *b = call_message(c, &chancery__v1__boundary__descriptor);
    if (b == NULL) {
        return STEP_FAILED;
    }
    b->boundary = reply_text(row->name);
    b->display_name = reply_text(row->display_name);
    b->suite = (Chancery__V1__CryptoSuite)row->suite;
    b->fips = row->fips;
    b->authority_url = reply_text(row->authority_url);
    b->portal_url = reply_text(row->portal_url);
    b->built_in = row->built_in;
    *out = b;
    return STEP_NEXT;
}

/* --- CreateBoundary ----------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateBoundaryRequest *request = create_boundary_request(c);
    const Chancery__V1__Boundary *from = request->boundary;
    if (from == NULL) {
        return call_bad_field(c, "boundary", "It is required.");
    }
    if (!boundary_name_is_valid(slice_str(from->boundary))) {
        return call_bad_field(c, "boundary.boundary",
                              "The name must match [a-z][a-z0-9-]{0,62} and not be external.");
    }
    boundaries_of(c)->row = (struct boundary_row){
        .name = from->boundary,
        .display_name = from->display_name,
        .suite = (enum suite)from->suite,
        .fips = from->fips,
        .authority_url = from->authority_url,
        .portal_url = from->portal_url,
    };
    return step_failed(check_display_name(c, from->display_name)) ||
                   step_failed(check_suite(c, (int)from->suite)) ||
                   step_failed(check_url(c, "boundary.authority_url", from->authority_url))
               ? STEP_FAILED
               : check_url(c, "boundary.portal_url", from->portal_url);
}

static step check_create_place(struct call *c)
{
    return scope_check_place(c, boundaries_of(c)->row.name);
}

static step check_create(struct call *c)
{
    return facts_need_platform(c, check_create_place);
}

static step create(struct call *c)
{
    boundary_store_create(begin(c), &boundaries_of(c)->row);
    return wait(c);
}

static step reply_create(struct call *c)
{
    Chancery__V1__CreateBoundaryResponse *r = create_boundary_response(c);
    if (r == NULL || step_failed(boundary_write(c, &boundaries_of(c)->row, &r->boundary))) {
        return STEP_FAILED;
    }
    return create_boundary_reply(c, r);
}

const struct flow create_boundary_flow = {
    .method = "/chancery.v1.BoundaryService/CreateBoundary",
    .name = "create_boundary",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), STEP("check", check_create), COMMIT("create", create),
              STEP("reply", reply_create)},
};

/* --- UpdateBoundary ----------------------------------------------------------------------------- */

static step set_display_name(struct call *c, const Chancery__V1__Boundary *from,
                             struct boundary_change *change)
{
    change->display_name = from->display_name;
    return check_display_name(c, from->display_name);
}

static step set_suite(struct call *c, const Chancery__V1__Boundary *from,
                      struct boundary_change *change)
{
    change->suite = (enum suite)from->suite;
    return check_suite(c, (int)from->suite);
}

static step set_fips(struct call *c, const Chancery__V1__Boundary *from,
                     struct boundary_change *change)
{
    (void)c;
    change->sets_fips = true;
    change->fips = from->fips;
    return STEP_NEXT;
}

static step set_authority_url(struct call *c, const Chancery__V1__Boundary *from,
                              struct boundary_change *change)
{
    change->authority_url = from->authority_url;
    return check_url(c, "boundary.authority_url", from->authority_url);
}

static step set_portal_url(struct call *c, const Chancery__V1__Boundary *from,
                           struct boundary_change *change)
{
    change->portal_url = from->portal_url;
    return check_url(c, "boundary.portal_url", from->portal_url);
}

static step take_path(struct call *c, const char *path, const Chancery__V1__Boundary *from)
{
    static const struct {
        const char *path;
        step (*set)(struct call *c, const Chancery__V1__Boundary *from,
                    struct boundary_change *change);
    } fields[] = {{"display_name", set_display_name},
                  {"suite", set_suite},
                  {"fips", set_fips},
                  {"authority_url", set_authority_url},
                  {"portal_url", set_portal_url}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].path, path) == 0) {
            return fields[i].set(c, from, &boundaries_of(c)->change);
        }
    }
    return call_bad_field(c, "update_mask", "It names a field that can't be changed.");
}

static step parse_update(struct call *c)
{
    const Chancery__V1__UpdateBoundaryRequest *request = update_boundary_request(c);
    const Chancery__V1__Boundary *from = request->boundary;
    if (from == NULL || request->update_mask == NULL || request->update_mask->n_paths == 0) {
        return call_bad_field(c, "update_mask",
                              "A boundary and the fields to change are required.");
    }
    boundaries_of(c)->change = (struct boundary_change){.name = from->boundary};
    for (size_t i = 0; i < request->update_mask->n_paths; i++) {
        if (step_failed(take_path(c, request->update_mask->paths[i], from))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static step check_update_place(struct call *c)
{
    const char *name = boundaries_of(c)->change.name;
    if (boundary_find(&caller_of(c)->found_platform->view, name) == NULL) {
        return call_fail(c, R_NOT_FOUND, "no such boundary");
    }
    return scope_check_place(c, name);
}

static step check_update(struct call *c)
{
    return facts_need_platform(c, check_update_place);
}

static step update(struct call *c)
{
    boundary_store_update(begin(c), &boundaries_of(c)->change);
    return wait(c);
}

static step reply_update(struct call *c)
{
    Chancery__V1__UpdateBoundaryResponse *r = update_boundary_response(c);
    if (r == NULL || step_failed(boundary_write(c, &boundaries_of(c)->op.rows[0], &r->boundary))) {
        return STEP_FAILED;
    }
    return update_boundary_reply(c, r);
}

const struct flow update_boundary_flow = {
    .method = "/chancery.v1.BoundaryService/UpdateBoundary",
    .name = "update_boundary",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_update), STEP("check", check_update), COMMIT("update", update),
              STEP("reply", reply_update)},
};

/* --- ListBoundaries ----------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListBoundariesRequest *request = list_boundaries_request(c);
    struct boundaries *b = boundaries_of(c);
    if (step_failed(request_page_limit(c, request->page_size, &b->limit))) {
        return STEP_FAILED;
    }
    bool is_first = request->page_token[0] == '\0';
    if (!is_first &&
        (!request_page_token(c, request->page_token, b->after, NAME_BYTES) ||
         b->after[NAME_BYTES - 1] != '\0' || !boundary_name_is_valid(slice_str(b->after)))) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "page token");
    }
    return STEP_NEXT;
}

/* One more than asked for tells whether there is another page. */
static step list(struct call *c)
{
    const struct boundaries *b = boundaries_of(c);
    boundary_store_list(begin(c), b->after, b->limit + 1);
    return wait(c);
}

static step rule_write(struct call *c, const struct boundary_rule *rule,
                       Chancery__V1__BoundaryRule **out)
{
    Chancery__V1__BoundaryRule *r = call_message(c, &chancery__v1__boundary_rule__descriptor);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->content_boundary = reply_text(rule->content);
    r->reader_boundary = reply_text(rule->reader);
    r->rule = (Chancery__V1__DeliveryRule)rule->delivery;
    *out = r;
    return STEP_NEXT;
}

static step write_page(struct call *c, Chancery__V1__ListBoundariesResponse *r, size_t count)
{
    const struct boundary_op *op = &boundaries_of(c)->op;
    r->boundaries = ARENA_ARRAY(call_arena(c), Chancery__V1__Boundary *, count + 1);
    r->rules = ARENA_ARRAY(call_arena(c), Chancery__V1__BoundaryRule *, op->rule_count + 1);
    if (r->boundaries == NULL || r->rules == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "page");
    }
    for (; r->n_boundaries < count; r->n_boundaries++) {
        if (step_failed(
                boundary_write(c, &op->rows[r->n_boundaries], &r->boundaries[r->n_boundaries]))) {
            return STEP_FAILED;
        }
    }
    for (size_t i = 0; i < op->rule_count; i++) {
        bool is_next_pages =
            count < op->count && strcmp(op->rules[i].content, op->rows[count].name) == 0;
        if (!is_next_pages && step_failed(rule_write(c, &op->rules[i], &r->rules[r->n_rules]))) {
            return STEP_FAILED;
        }
        r->n_rules += is_next_pages ? 0 : 1;
    }
    return STEP_NEXT;
}

static step reply_list(struct call *c)
{
    const struct boundaries *b = boundaries_of(c);
    Chancery__V1__ListBoundariesResponse *r = list_boundaries_response(c);
    size_t count = b->op.count < b->limit ? b->op.count : b->limit;
    if (r == NULL || step_failed(write_page(c, r, count))) {
        return STEP_FAILED;
    }
    if (b->op.count > b->limit) {
        char last[NAME_BYTES] = "";
        (void)snprintf(last, sizeof last, "%s", b->op.rows[count - 1].name);
        r->next_page_token = reply_page_token(c, last, NAME_BYTES);
    }
    return list_boundaries_reply(c, r);
}

const struct flow list_boundaries_flow = {
    .method = "/chancery.v1.BoundaryService/ListBoundaries",
    .name = "list_boundaries",
    .state = FLOW_STATE_ON(struct boundaries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), STEP("list", list), STEP("reply", reply_list)},
};
