/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/group.h"

#include <stdlib.h>
#include <string.h>

#include "chancery/v1/declaration.pb-c.h"
#include "cli/declared/acts.h"
#include "cli/declared/make_once.h"
#include "cli/declared/waiting.h"

enum {
    ACTS_MAX = 1000,
    BYTES_MAX = 4000 * 1000 /* of 4 MiB, so that there is room for what is around */
};

static const char METHOD[] = "DeclarationService/Apply";

/* What goes in one transaction. */
struct group {
    struct plan *plan;
    struct change **changes; /* those that are to be done, and may be done already */
    size_t count;
    unsigned attempt;
    Chancery__V1__ApplyRequest request;
    struct change **of; /* whose each act is */
};

bool group_may_have(const struct change *change)
{
    bool is_made_tenant = change->kind == &KINDS[KIND_TENANT] && change->act == ACT_MAKE;
    return change->kind != &KINDS[KIND_BOUNDARY] && change->kind != &KINDS[KIND_BOUNDARY_RULE] &&
           !is_made_tenant;
}

/* --- acts --------------------------------------------------------------------------------------- */

/* The field of an act for the requests of a method. */
static const ProtobufCFieldDescriptor *field_for(const struct method *method)
{
    const ProtobufCMessageDescriptor *type = &chancery__v1__act__descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].descriptor == method->request) {
            return &type->fields[i];
        }
    }
    CH_ASSERT(false); /* every method of a kind has one */
    return NULL;
}

static Chancery__V1__Act *new_act(struct session *s, const struct act_request *from)
{
    Chancery__V1__Act *act = ARENA_NEW(s->arena, Chancery__V1__Act);
    CH_ASSERT(act != NULL); /* a session's arena is far larger */
    chancery__v1__act__init(act);
    const ProtobufCFieldDescriptor *field = field_for(from->method);
    *(uint32_t *)(void *)((char *)act + field->quantifier_offset) = field->id;
    *(ProtobufCMessage **)(void *)((char *)act + field->offset) = from->request;
    return act;
}

/* What waits already is not asked for again. */
static int add_change(struct group *g, struct change *change)
{
    struct act_request requests[CHANGE_REQUESTS_MAX];
    size_t count = change_requests(g->plan, change, g->attempt, requests);
    for (size_t i = 0; i < count; i++) {
        const char *approval = "";
        int code = waiting_find(&g->plan->state, requests[i].method, change->tenant,
                                requests[i].request, &approval);
        if (code != EXIT_OK) {
            return code;
        }
        if (approval[0] != '\0') {
            change->approval = approval;
            change->was_asked = true;
            change->result = CHANGE_WAITING;
            continue;
        }
        g->of[g->request.n_acts] = change;
        g->request.acts[g->request.n_acts++] = new_act(g->plan->state.session, &requests[i]);
    }
    return EXIT_OK;
}

static int build(struct group *g)
{
    struct session *s = g->plan->state.session;
    size_t room = CHANGE_REQUESTS_MAX * g->count + 1;
    chancery__v1__apply_request__init(&g->request);
    g->request.acts = ARENA_ARRAY(s->arena, Chancery__V1__Act *, room);
    g->of = ARENA_ARRAY(s->arena, struct change *, room);
    CH_ASSERT(g->request.acts != NULL && g->of != NULL); /* a session's arena is far larger */
    for (size_t i = 0; i < g->count; i++) {
        int code = g->changes[i]->result == CHANGE_PLANNED ? add_change(g, g->changes[i]) : EXIT_OK;
        if (code != EXIT_OK) {
            return code;
        }
    }
    return EXIT_OK;
}

/* --- what comes of them ------------------------------------------------------------------------- */

static bool makes_new(const struct group *g, const struct change *change, const char *id)
{
    return !change_makes_template(change) || id[0] == '\0' ||
           make_once_is_new(&g->plan->state, change, id);
}

/* The first act of a change says what has come of it. What an earlier request has made, and is named otherwise since, is to
 * be made by another one. */
static void take_results(struct group *g, const Chancery__V1__ApplyResponse *answer)
{
    for (size_t i = 0; i < g->request.n_acts && i < answer->n_results; i++) {
        struct change *change = g->of[i];
        const Chancery__V1__ActResult *result = answer->results[i];
        if (i > 0 && g->of[i - 1] == change) {
            continue;
        }
        if (result->approval_id[0] != '\0') {
            change->approval = result->approval_id;
            change->result = CHANGE_WAITING;
        } else if (makes_new(g, change, result->id) && change->result == CHANGE_PLANNED) {
            change->result = CHANGE_DONE;
        }
    }
}

static bool is_complete(const struct group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        if (g->changes[i]->result == CHANGE_PLANNED) {
            return false;
        }
    }
    return true;
}

/* The change whose act was refused; NULL: the error names none. */
static struct change *refused_change(const struct group *g, const chancery_error *error)
{
    const char *text = chancery_error_metadata(error, "act");
    unsigned long at = text == NULL ? g->request.n_acts : strtoul(text, NULL, 10);
    return at < g->request.n_acts ? g->of[at] : NULL;
}

/* A template of this name was made by this id of a request before, and is not there any more. */
static int find_used(struct group *g, const chancery_error *error, bool *is_used)
{
    bool is_there = false;
    struct change *change = refused_change(g, error);
    const char *reason = chancery_error_reason(error);
    *is_used = false;
    if (change == NULL || !change_makes_template(change) ||
        g->attempt + 1 >= MAKE_ONCE_ATTEMPTS_MAX ||
        (strcmp(reason, "NOT_FOUND") != 0 && strcmp(reason, "REQUEST_ID_REUSED") != 0)) {
        return EXIT_OK;
    }
    int code = make_once_find_there(&g->plan->state, change, &is_there);
    *is_used = code == EXIT_OK && !is_there;
    return code;
}

static int failed(struct group *g, chancery_error *error, bool *goes_on, struct change **culprit)
{
    struct session *s = g->plan->state.session;
    int code = find_used(g, error, goes_on);
    if (code != EXIT_OK || *goes_on) {
        chancery_error_free(error);
        return code;
    }
    *culprit = refused_change(g, error);
    return session_tell(s, error);
}

/* --- one transaction, and all ------------------------------------------------------------------- */

static int carry_out_once(struct group *g, bool *goes_on, struct change **culprit)
{
    struct session *s = g->plan->state.session;
    chancery_buffer *bytes = NULL;
    ProtobufCMessage *answer = NULL;
    *goes_on = false;
    int code = build(g);
    if (code != EXIT_OK || g->request.n_acts == 0) {
        return code;
    }
    chancery_error *error = session_request(s, METHOD, &g->request.base, &bytes);
    if (error != NULL) {
        return failed(g, error, goes_on, culprit);
    }
    code = session_take_answer(s, bytes, &chancery__v1__apply_response__descriptor, &answer);
    if (code == EXIT_OK) {
        take_results(g, (const Chancery__V1__ApplyResponse *)(void *)answer);
        *goes_on = !is_complete(g);
    }
    return code;
}

static int carry_out_part(struct group *g, struct change **culprit)
{
    bool goes_on = true;
    int code = EXIT_OK;
    for (g->attempt = 0; code == EXIT_OK && goes_on && g->attempt < MAKE_ONCE_ATTEMPTS_MAX;
         g->attempt++) {
        code = carry_out_once(g, &goes_on, culprit);
    }
    return code;
}

/* As many changes as go into one transaction. */
static size_t part_of(struct plan *plan, struct change **changes, size_t count)
{
    struct act_request requests[CHANGE_REQUESTS_MAX];
    size_t acts = 0, bytes = 0, i = 0;
    for (; i < count; i++) {
        size_t own = change_requests(plan, changes[i], 0, requests), own_bytes = 0;
        for (size_t k = 0; k < own; k++) {
            own_bytes += protobuf_c_message_get_packed_size(requests[k].request) + 16;
        }
        if (i > 0 && (acts + own > ACTS_MAX || bytes + own_bytes > BYTES_MAX)) {
            break;
        }
        acts += own;
        bytes += own_bytes;
    }
    return i;
}

int group_carry_out(struct plan *plan, struct change **changes, size_t count,
                    struct change **failed_change)
{
    int code = EXIT_OK;
    *failed_change = NULL;
    for (size_t done = 0; code == EXIT_OK && done < count;) {
        struct group part = {.plan = plan,
                             .changes = changes + done,
                             .count = part_of(plan, changes + done, count - done)};
        code = carry_out_part(&part, failed_change);
        done += part.count;
    }
    return code;
}
