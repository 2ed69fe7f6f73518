/* SPDX-License-Identifier: Apache-2.0 */
#include "service/scim/scim_change.h"

#include <stdlib.h>
#include <string.h>

#include "context/wait.h"
#include "domain/values/address.h"

step scim_change_parse(struct call *c, const Chancery__V1__ScimExchange *exchange,
                       enum scim_kind kind)
{
    struct scim_request *request = &scim_change_of(c)->request;
    scope_of(c)->tenant_name = "";
    if (step_failed(scim_request_read(c, exchange, request))) {
        return STEP_FAILED;
    }
    return request->verb != SCIM_GET && request->kind == kind
               ? STEP_NEXT
               : call_fail(c, R_NOT_FOUND, "not changed by this method");
}

/* --- the entry as it is --------------------------------------------------------------------------- */

static step found(struct call *c)
{
    struct scim_change_state *s = scim_change_of(c);
    if (s->find.op.err.reason != R_NONE) {
        return wait_failed(c, &s->find.op.err);
    }
    if (s->find.count == 0) {
        return call_fail(c, R_NOT_FOUND, "no entry has this id");
    }
    s->row = &s->find.rows[0];
    const char *etag = scim_resource_etag(c, s->request.kind, s->row->state, s->row->epoch);
    return etag == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "etag")
                        : scim_request_check_match(c, &s->request, etag);
}

step scim_change_find(struct call *c)
{
    struct scim_change_state *s = scim_change_of(c);
    s->row = NULL;
    if (s->request.verb == SCIM_POST) {
        return STEP_NEXT;
    }
    s->find = (struct scim_find){
        .tenant = scope_of(c)->tenant_id,
        .kind = s->request.kind == SCIM_USERS ? DIRECTORY_USER : DIRECTORY_GROUP,
        .id = s->request.id,
        .address = "",
        .name = "",
        .external_id = "",
        .limit = 1,
    };
    wait_store_init(c, &s->find.op);
    scim_store_find(&s->find);
    return wait_store(c, found, &s->find.op);
}

/* --- what is to become of it ---------------------------------------------------------------------- */

step scim_change_body(struct call *c, struct arena *scratch, json_t **out)
{
    struct scim_fault fault = {0};
    if (scratch == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "body");
    }
    return scim_json_parse(scratch, scim_change_of(c)->request.body, out, &fault)
               ? STEP_NEXT
               : scim_request_refuse(c, &fault);
}

const char *scim_change_address(struct call *c, const char *text)
{
    const char *address = NULL;
    bool is_one = text[0] != '\0' &&
                  address_normalize(call_arena(c), slice_str(text), &address, NULL).ok &&
                  tenant_has_domain(&scope_of(c)->tenant->view, address_domain(address));
    return is_one ? address : NULL;
}

const char *scim_change_new_id(struct call *c)
{
    char text[UUID_TEXT_BYTES];
    uuid_format(uuid_random(), text);
    return arena_strdup(call_arena(c), text);
}

step scim_change_prepare(struct call *c, const char *what)
{
    struct scim_change_state *s = scim_change_of(c);
    struct scim_put *put = &s->put;
    put->tenant = scope_of(c)->tenant_id;
    put->who = caller_of(c)->who;
    put->kind = s->request.kind == SCIM_USERS ? DIRECTORY_USER : DIRECTORY_GROUP;
    put->was = s->row == NULL ? "" : s->row->address;
    put->seen = s->row == NULL ? "" : s->row->state;
    put->target =
        arena_printf(call_arena(c), "%s: %s", put->address == NULL ? put->was : put->address, what);
    return put->target == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "target") : STEP_NEXT;
}

/* --- the act -------------------------------------------------------------------------------------- */

/* What was refused is told in the words of the request, or of the directory. */
static step refused(struct call *c)
{
    const struct scim_change_state *s = scim_change_of(c);
    struct scim_fault fault = {0};
    if (s->put.op.err.reason == R_FIELD_INVALID) {
        (void)scim_fail(&fault, "invalidValue", "members", "An id is nobody's in this directory.");
        return scim_request_refuse(c, &fault);
    }
    if (s->put.op.err.reason == R_ALREADY_EXISTS && s->put.outcome.what != NULL) {
        call_error_metadata(c, "address", s->put.outcome.what);
        call_error_metadata(c, "holder", s->put.outcome.holder);
    }
    return wait_failed(c, &s->put.op.err);
}

/* Whoever sent no if-match means the entry as it is, whatever it has become: it is read again. */
static step done(struct call *c)
{
    struct scim_change_state *s = scim_change_of(c);
    bool has_moved = s->put.op.err.reason == R_ETAG_MISMATCH && s->request.if_match[0] == '\0';
    if (s->put.op.err.reason == R_NONE) {
        return STEP_NEXT;
    }
    return has_moved ? call_again_from(c, scim_change_find) : refused(c);
}

step scim_change_submit(struct call *c)
{
    struct scim_change_state *s = scim_change_of(c);
    wait_store_init(c, &s->put.op);
    if (s->request.verb == SCIM_DELETE) {
        scim_store_delete(&s->put, call_flow_name(c));
    } else {
        scim_store_put(&s->put, call_flow_name(c));
    }
    return wait_store(c, done, &s->put.op);
}

struct scim_row scim_change_result(struct call *c)
{
    const struct scim_put *put = &scim_change_of(c)->put;
    return (struct scim_row){.address = put->address,
                             .id = put->id,
                             .display_name = put->display_name,
                             .is_disabled = put->is_disabled,
                             .group_id = put->group_id,
                             .external_id = put->external_id,
                             .document = put->document,
                             .state = put->outcome.what,
                             .epoch = strtoll(put->outcome.holder, NULL, 10)};
}
