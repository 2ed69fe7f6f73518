/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService: AddExclusion, ListExclusions. Changes hold from the next license on: the tenant's
 * epoch is raised in the same transaction.
 *
 * Names of applications and platforms are stored as they are given and compared without regard to
 * case, so that what is meant is looked for among what there is. Should two requests store a name
 * twice at the same moment, both exclude, and one RemoveExclusion lifts both. */
#include "service/tenant/exclusions.h"

#include <stdlib.h>
#include <string.h>

#include "chancery/v1/tenant.pb-c.h"
#include "domain/relations/exclusion.h"
#include "domain/values/client_name.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

/* --- what is meant ---------------------------------------------------------------------------- */

static step read_name(struct call *c, const char *field, const char *text, size_t max,
                      const char **out)
{
    struct slice name = client_name_trim(text);
    if (name.len == 0) {
        return call_bad_field(c, field, "It must hold more than white space.");
    }
    *out = arena_dup(call_arena(c), name);
    return *out == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "name")
                        : request_text(c, field, text, max);
}

step exclusion_read(struct call *c, const char *user, const char *application, const char *platform,
                    struct exclusion *out)
{
    int given = (user[0] != '\0') + (application[0] != '\0') + (platform[0] != '\0');
    if (given != 1) {
        return call_bad_field(c, "user",
                              "Exactly one of user, application and platform is needed.");
    }
    if (user[0] != '\0') {
        out->kind = EXCLUDED_USER;
        return request_address(c, "user", user, &out->value);
    }
    if (application[0] != '\0') {
        out->kind = EXCLUDED_APPLICATION;
        return read_name(c, "application", application, APPLICATION_MAX, &out->value);
    }
    out->kind = EXCLUDED_PLATFORM;
    return read_name(c, "platform", platform, PLATFORM_MAX, &out->value);
}

step exclusion_find(struct call *c, const struct tenant_view *tenant,
                    const struct exclusion *exclusion, struct exclusion_values *out)
{
    out->values = ARENA_ARRAY(call_arena(c), const char *, tenant->exclusion_count + 1);
    out->count = 0;
    for (size_t i = 0; out->values != NULL && i < tenant->exclusion_count; i++) {
        if (exclusion_equals(&tenant->exclusions[i], exclusion)) {
            out->values[out->count++] = tenant->exclusions[i].value;
        }
    }
    return out->values == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "exclusions") : STEP_NEXT;
}

/* --- AddExclusion ----------------------------------------------------------------------------- */

struct exclusion_addition {
    struct scope scope; /* first */
    struct exclusion exclusion;
    struct exclusion_values found;
};

static struct exclusion_addition *addition_of(const struct call *c)
{
    return call_state(c);
}

static step parse_add(struct call *c)
{
    const Chancery__V1__AddExclusionRequest *request = add_exclusion_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return exclusion_read(c, request->user, request->application, request->platform,
                          &addition_of(c)->exclusion);
}

static step find(struct call *c)
{
    struct exclusion_addition *s = addition_of(c);
    return exclusion_find(c, &s->scope.tenant->view, &s->exclusion, &s->found);
}

static step exclude(struct call *c)
{
    const struct exclusion_addition *s = addition_of(c);
    if (s->found.count > 0) {
        return call_fail(c, R_ALREADY_EXISTS, "excluded already");
    }
    tenant_store_exclude(scope_begin(c), &s->exclusion);
    return scope_wait(c);
}

const struct flow add_exclusion_flow = {
    .method = "/chancery.v1.TenantService/AddExclusion",
    .name = "add_exclusion",
    .state = FLOW_STATE_ON(struct exclusion_addition, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_TENANT_STEP, STEP("find", find),
              COMMIT("exclude", exclude), STEP("reply", reply_empty)},
};

/* --- ListExclusions --------------------------------------------------------------------------- */

struct exclusions {
    struct scope scope; /* first */
    struct page page;
    struct exclusion *rows; /* from the page's beginning, in order */
    size_t count;
};

static struct exclusions *exclusions_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListExclusionsRequest *request = list_exclusions_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return page_read(c, &exclusions_of(c)->page);
}

static int compare(const void *a, const void *b)
{
    const struct exclusion *left = a, *right = b;
    return left->kind != right->kind ? (left->kind > right->kind) - (left->kind < right->kind)
                                     : strcmp(left->value, right->value);
}

/* A digit for the kind, then the value: in the order of `compare`. */
static struct slice key_of(struct call *c, const struct exclusion *row)
{
    return slice_str(arena_printf(call_arena(c), "%d%s", (int)row->kind, row->value));
}

/* They are a part of what every decision on the tenant reads, so they are here already. */
static step list(struct call *c)
{
    struct exclusions *e = exclusions_of(c);
    const struct tenant_view *tenant = &e->scope.tenant->view;
    e->rows = ARENA_ARRAY(call_arena(c), struct exclusion, tenant->exclusion_count + 1);
    for (size_t i = 0; e->rows != NULL && i < tenant->exclusion_count; i++) {
        const struct exclusion *row = &tenant->exclusions[i];
        if (slice_compare(key_of(c, row), e->page.after) > 0) {
            e->rows[e->count++] = *row;
        }
    }
    if (e->rows == NULL) {
        return reply_over_budget(c);
    }
    qsort(e->rows, e->count, sizeof e->rows[0], compare);
    return STEP_NEXT;
}

static void *write_row(struct call *c, size_t row)
{
    const struct exclusion *from = &exclusions_of(c)->rows[row];
    Chancery__V1__Exclusion *e = call_message(c, &chancery__v1__exclusion__descriptor);
    if (e == NULL) {
        return NULL;
    }
    switch (from->kind) {
    case EXCLUDED_USER:
        e->user = reply_text(from->value);
        break;
    case EXCLUDED_APPLICATION:
        e->application = reply_text(from->value);
        break;
    case EXCLUDED_PLATFORM:
        e->platform = reply_text(from->value);
        break;
    }
    return e;
}

static struct slice row_key(struct call *c, size_t row)
{
    return key_of(c, &exclusions_of(c)->rows[row]);
}

static step reply_list(struct call *c)
{
    struct exclusions *e = exclusions_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__exclusion__descriptor,
                                            .count = e->count,
                                            .write = write_row},
                                   .key = row_key};
    return page_send(c, &e->page, &rows, reply_list);
}

const struct flow list_exclusions_flow = {
    .method = "/chancery.v1.TenantService/ListExclusions",
    .name = "list_exclusions",
    .state = FLOW_STATE_ON(struct exclusions, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};
