/* SPDX-License-Identifier: Apache-2.0 */
/* TrackingService: GetContent and ListContent. */
#include <string.h>

#include "auth/boundary_guard.h"
#include "auth/facts.h"
#include "chancery/v1/tracking.pb-c.h"
#include "context/wait.h"
#include "domain/relations/membership.h"
#include "service/common/content_access.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "store/resource/audit_store.h"

static Chancery__V1__Content *write_content(struct call *c, const struct content_row *row)
{
    Chancery__V1__Content *m = call_message(c, &chancery__v1__content__descriptor);
    if (m == NULL) {
        return NULL;
    }
    m->content_id = reply_text(reply_uuid(c, row->id.u));
    m->display_name = reply_text(row->display_name);
    m->owner = reply_text(row->owner);
    m->issuer = reply_text(row->issuer_name);
    m->template_id = reply_text(reply_uuid(c, row->template.u));
    m->create_time = reply_time(c, row->created_at);
    m->revoke_time = reply_time(c, row->revoked_at);
    m->revoked_users = reply_texts(c, row->revoked_users, row->revoked_user_count);
    m->n_revoked_users = m->revoked_users == NULL ? 0 : row->revoked_user_count;
    m->amendment_version = row->amendment_version;
    m->outside_revoked = row->outside_is_revoked;
    m->notify_owner = row->notify_owner;
    return m;
}

/* --- GetContent ------------------------------------------------------------------------------- */

struct content_get {
    struct content_access access; /* first */
    struct access_summary summary;
};

static struct content_get *get_of(const struct call *c)
{
    return call_state(c);
}

static step parse_get(struct call *c)
{
    const Chancery__V1__GetContentRequest *request = get_content_request(c);
    return content_access_parse(c, CONTENT_TRACK, request->content_id, request->publishing_license);
}

static step summarized(struct call *c)
{
    return wait_over(c, &get_of(c)->summary.op.err);
}

static step summarize(struct call *c)
{
    struct content_get *g = get_of(c);
    wait_store_init(c, &g->summary.op);
    audit_store_summarize(&g->summary, g->access.tenant, g->access.content);
    return wait_store(c, summarized, &g->summary.op);
}

static Chancery__V1__AccessSummary *write_summary(struct call *c, const struct access_summary *from)
{
    Chancery__V1__AccessSummary *m = call_message(c, &chancery__v1__access_summary__descriptor);
    if (m != NULL) {
        m->opened = from->opened;
        m->readers = from->readers;
        m->refused = from->refused;
        m->pre_licensed = from->pre_licensed;
        m->first_open_time = reply_time(c, from->first_open_at);
        m->last_open_time = reply_time(c, from->last_open_at);
        m->last_refuse_time = reply_time(c, from->last_refuse_at);
        m->partial = from->is_partial;
    }
    return m;
}

static step reply_get(struct call *c)
{
    const struct content_get *g = get_of(c);
    Chancery__V1__GetContentResponse *r = get_content_response(c);
    if (r == NULL) {
        return reply_over_budget(c);
    }
    r->content = write_content(c, &g->access.find.row);
    r->summary = write_summary(c, &g->summary);
    return r->content == NULL || r->summary == NULL ? reply_over_budget(c)
                                                    : get_content_reply(c, r);
}

const struct flow get_content_flow = {
    .method = "/chancery.v1.TrackingService/GetContent",
    .name = "get_content",
    .state = FLOW_STATE_ON(struct content_get, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_get), CONTENT_ACCESS_FIND, CONTENT_ACCESS_RIGHTS,
              STEP("summary", summarize), STEP("reply", reply_get)},
    .on_refusal = content_access_record_refusal,
};

/* --- ListContent ------------------------------------------------------------------------------ */

struct contents {
    const char *owner; /* as asked for; "" if none */
    char issuer[UUID_TEXT_BYTES];
    bool has_none; /* whoever they are, nothing here is theirs */
    struct page page;
    struct content_list list;
};

static struct contents *contents_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListContentRequest *request = list_content_request(c);
    struct contents *s = contents_of(c);
    if (step_failed(page_read(c, &s->page)) ||
        step_failed(page_after_uuid(c, &s->page, &s->list.after.u))) {
        return STEP_FAILED;
    }
    s->list.limit = page_limit(&s->page);
    return request_address(c, "owner", request->owner, &s->owner);
}

static void set_owner(struct contents *s)
{
    s->list.owners = &s->owner;
    s->list.owner_count = s->owner[0] == '\0' ? 0 : 1;
}

/* Their own, as long as they are a member of the tenant (docs/policy.md §3.4). */
static step choose_own(struct call *c)
{
    struct contents *s = contents_of(c);
    const struct subject *subject = &caller_of(c)->subject;
    if (s->owner[0] != '\0' && !subject_is_user(subject, s->owner)) {
        return call_fail(c, R_COMPONENT_ROLE, "another owner's");
    }
    s->list.owners = subject->user.addresses;
    s->list.owner_count = subject->user.address_count;
    s->has_none = !membership_of_tenant(&subject->user, s->list.tenant);
    return s->has_none ? STEP_NEXT
                       : facts_need_tenant(c, s->list.tenant, content_access_check_exclusion);
}

/* Whose contents the caller may see. */
static step choose(struct call *c)
{
    struct contents *s = contents_of(c);
    const struct subject *subject = &caller_of(c)->subject;
    s->list.tenant = caller_tenant(caller_of(c));
    if (subject_has_user(subject)) {
        return choose_own(c);
    }
    set_owner(s);
    if (subject->component.role == ROLE_TENANT_ADMIN) {
        return STEP_NEXT;
    }
    uuid_format(subject->component.id.u, s->issuer);
    s->list.issuer = s->issuer;
    return s->list.owner_count > 0
               ? STEP_NEXT
               : call_bad_field(c, "owner",
                                "A component must name the owner for whom it protected.");
}

static step scope(struct call *c)
{
    const struct caller *caller = caller_of(c);
    return ID_IS_ZERO(caller_tenant(caller))
               ? choose(c)
               : boundary_guard_then(c, caller_boundary(caller), choose);
}

static step listed(struct call *c)
{
    return wait_over(c, &contents_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct content_list *l = &contents_of(c)->list;
    if (contents_of(c)->has_none) {
        return STEP_NEXT;
    }
    wait_store_init(c, &l->op);
    content_store_list(l);
    return wait_store(c, listed, &l->op);
}

static void *write_row(struct call *c, size_t row)
{
    return write_content(c, &contents_of(c)->list.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(&contents_of(c)->list.rows[row].id, sizeof(struct content_id));
}

static step reply_list(struct call *c)
{
    struct contents *s = contents_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__content__descriptor,
                                            .count = s->list.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = s->list.op.is_cut};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_content_flow = {
    .method = "/chancery.v1.TrackingService/ListContent",
    .name = "list_content",
    .state = FLOW_STATE(struct contents),
    .steps = {STEP("parse", parse_list), STEP("scope", scope), STEP("list", list),
              STEP("reply", reply_list)},
};
