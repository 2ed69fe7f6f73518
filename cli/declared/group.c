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
    BYTES_MAX = 4000 * 1000, /* of 4 MiB, so that there is room for what is around */
    CONFLICTS_MAX = 3        /* with other acts of the tenant: so often it is asked for again */
};

static const char METHOD[] = "DeclarationService/Apply";

/* What goes in one transaction. */
struct group {
    struct plan *plan;
    struct change **changes; /* those that are to be done, and may be done already */
    size_t count;
    unsigned conflicts;
    bool is_exhausted; /* a template's ids of requests are all used */
    struct group_end *end;
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

/* What waits already is not asked for again. Of two requests the other one is made all the same. */
static int add_change(struct group *g, struct change *change)
{
    struct act_request requests[CHANGE_REQUESTS_MAX];
    size_t count = change_requests(g->plan, change, requests), waiting = 0;
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
            change->result = ++waiting == count ? CHANGE_WAITING : CHANGE_PLANNED;
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

/* A change of which anything waits does. What an earlier request has made, and is named otherwise since, is to be made by
 * another one. */
static void take_results(struct group *g, const Chancery__V1__ApplyResponse *answer)
{
    for (size_t i = 0; i < g->request.n_acts && i < answer->n_results; i++) {
        struct change *change = g->of[i];
        const Chancery__V1__ActResult *result = answer->results[i];
        if (result->approval_id[0] != '\0') {
            change->approval = result->approval_id;
            change->result = CHANGE_WAITING;
        } else if (!makes_new(g, change, result->id)) {
            g->is_exhausted = ++change->attempt == MAKE_ONCE_ATTEMPTS_MAX || g->is_exhausted;
        } else if (change->result == CHANGE_PLANNED) {
            change->result = change->was_asked ? CHANGE_WAITING : CHANGE_DONE;
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

/* Which act was refused; as many as there are: the error names none. */
static size_t refused_act(size_t count, const chancery_error *error)
{
    const char *text = chancery_error_metadata(error, "act");
    unsigned long at = text == NULL ? count : strtoul(text, NULL, 10);
    return at < count ? at : count;
}

static bool has_reason(const chancery_error *error, const char *reason)
{
    return strcmp(chancery_error_reason(error), reason) == 0;
}

/* A template of this name was made by this id of a request before, and is not there any more: it takes the next one. */
static int take_next_id(struct group *g, struct change *change, const chancery_error *error,
                        bool *is_taken)
{
    bool is_there = false;
    *is_taken = false;
    if (!change_makes_template(change) || change->attempt + 1 >= MAKE_ONCE_ATTEMPTS_MAX ||
        (!has_reason(error, "NOT_FOUND") && !has_reason(error, "REQUEST_ID_REUSED"))) {
        return EXIT_OK;
    }
    int code = make_once_find_there(&g->plan->state, change, &is_there);
    *is_taken = code == EXIT_OK && !is_there;
    change->attempt += *is_taken;
    return code;
}

/* The templates from this act on, and an act that is none, so that nothing of it is ever done. */
static struct group trial_of(const struct group *g, size_t from)
{
    struct session *s = g->plan->state.session;
    struct group trial = {.plan = g->plan};
    Chancery__V1__Act *none = ARENA_NEW(s->arena, Chancery__V1__Act);
    struct act_request request[CHANGE_REQUESTS_MAX];
    chancery__v1__apply_request__init(&trial.request);
    trial.request.acts = ARENA_ARRAY(s->arena, Chancery__V1__Act *, g->request.n_acts + 1);
    trial.of = ARENA_ARRAY(s->arena, struct change *, g->request.n_acts + 1);
    CH_ASSERT(none != NULL && trial.request.acts != NULL && trial.of != NULL);
    for (size_t i = from; i < g->request.n_acts; i++) {
        if (change_makes_template(g->of[i])) {
            (void)change_requests(g->plan, g->of[i], request); /* it has one */
            trial.of[trial.request.n_acts] = g->of[i];
            trial.request.acts[trial.request.n_acts++] = new_act(s, &request[0]);
        }
    }
    trial.count = trial.request.n_acts;
    chancery__v1__act__init(none);
    trial.request.acts[trial.request.n_acts++] = none;
    return trial;
}

/* Where one id is used others may be: those behind are tried, each by an act or two, before all goes again. Whatever else
 * is wrong is told of then. */
static int find_others(struct group *g, size_t from)
{
    struct session *s = g->plan->state.session;
    bool is_taken = true;
    int code = EXIT_OK;
    while (code == EXIT_OK && is_taken) {
        struct group trial = trial_of(g, from);
        chancery_buffer *bytes = NULL;
        chancery_error *error = session_request(s, METHOD, &trial.request.base, &bytes);
        size_t at = refused_act(trial.request.n_acts, error);
        is_taken = false;
        if (at < trial.count) {
            code = take_next_id(g, trial.of[at], error, &is_taken);
        }
        while (is_taken && g->of[from] != trial.of[at]) {
            from++;
        }
        chancery_error_free(error);
        chancery_buffer_free(bytes);
    }
    return code;
}

static int failed(struct group *g, chancery_error *error, bool *goes_on)
{
    size_t at = refused_act(g->request.n_acts, error);
    struct change *change = at < g->request.n_acts ? g->of[at] : NULL;
    int code = change == NULL ? EXIT_OK : take_next_id(g, change, error, goes_on);
    if (code == EXIT_OK && *goes_on) {
        code = find_others(g, at);
    } else if (code == EXIT_OK && has_reason(error, "CONFLICT")) {
        *goes_on = g->conflicts++ < CONFLICTS_MAX;
    }
    if (code == EXIT_OK && *goes_on) {
        chancery_error_free(error);
        return EXIT_OK;
    }
    *g->end = (struct group_end){
        .culprit = change, .may_be_done = change == NULL && chancery_error_may_be_done(error) != 0};
    return session_tell(g->plan->state.session, error); /* why it was refused, whatever came then */
}

/* --- one transaction, and all ------------------------------------------------------------------- */

static int carry_out_once(struct group *g, bool *goes_on)
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
        return failed(g, error, goes_on);
    }
    code = session_take_answer(s, bytes, &chancery__v1__apply_response__descriptor, &answer);
    if (code == EXIT_OK) {
        take_results(g, (const Chancery__V1__ApplyResponse *)(void *)answer);
        *goes_on = !is_complete(g) && !g->is_exhausted;
    }
    return code;
}

static int tell_exhausted(struct group *g)
{
    struct err err = {0};
    (void)err_raise(&err, R_INPUT_INVALID, __FILE__, __LINE__,
                    "a template got another name after each of %d times that it was made by its "
                    "document: make it by `chancery template create`",
                    MAKE_ONCE_ATTEMPTS_MAX);
    return fail_with(g->plan->state.session->command, &err);
}

static int carry_out_part(struct group *g)
{
    bool goes_on = true;
    int code = EXIT_OK;
    while (code == EXIT_OK && goes_on) {
        code = carry_out_once(g, &goes_on);
    }
    if (code == EXIT_OK && g->is_exhausted) {
        return tell_exhausted(g);
    }
    return code;
}

/* As many changes as go into one transaction. */
static size_t part_of(struct plan *plan, struct change **changes, size_t count)
{
    struct act_request requests[CHANGE_REQUESTS_MAX];
    size_t acts = 0, bytes = 0, i = 0;
    for (; i < count; i++) {
        size_t own = change_requests(plan, changes[i], requests), own_bytes = 0;
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

int group_carry_out(struct plan *plan, struct change **changes, size_t count, struct group_end *end)
{
    int code = EXIT_OK;
    *end = (struct group_end){0};
    for (size_t done = 0; code == EXIT_OK && done < count;) {
        struct group part = {.plan = plan,
                             .changes = changes + done,
                             .end = end,
                             .count = part_of(plan, changes + done, count - done)};
        code = carry_out_part(&part);
        done += part.count;
    }
    return code;
}
