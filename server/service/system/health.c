/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.health.v1: Check, List and Watch (grpc/grpc doc/health-checking.md). All services of a node are in
 * one state, its readiness. */
#include <string.h>

#include "context/readiness.h"
#include "context/services.h"
#include "grpc/health/v1/health.pb-c.h"
#include "methods.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

typedef Grpc__Health__V1__HealthCheckRequest Request;
typedef Grpc__Health__V1__HealthCheckResponse Response;
typedef Grpc__Health__V1__HealthListResponse ListResponse;
typedef Grpc__Health__V1__HealthListResponse__StatusesEntry Entry;
typedef Grpc__Health__V1__HealthCheckResponse__ServingStatus Status;

#define STATUS(name) GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__##name

static bool is_service(const char *name)
{
    if (name[0] == '\0') {
        return true; /* the server as a whole */
    }
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(METHODS[i].service, name) == 0) {
            return true;
        }
    }
    return false;
}

static Status status_now(const struct call *c)
{
    return services_of(c)->readiness->problem == R_NONE ? STATUS(SERVING) : STATUS(NOT_SERVING);
}

static Response *answer(struct call *c, Status status)
{
    Response *reply = call_message(c, &grpc__health__v1__health_check_response__descriptor);
    if (reply != NULL) {
        reply->status = status;
    }
    return reply;
}

/* --- Check and List ---------------------------------------------------------------------------- */

static step check(struct call *c)
{
    const Request *request = call_request(c);
    if (!is_service(request->service)) {
        return call_fail(c, R_NOT_FOUND, "health of an unknown service");
    }
    const Response *reply = answer(c, status_now(c));
    return call_reply(c, reply == NULL ? NULL : &reply->base);
}

const struct flow health_check_flow = {
    .method = "/grpc.health.v1.Health/Check",
    .name = "health_check",
    .steps = {STEP("check", check)},
};

static bool add_entry(struct call *c, ListResponse *reply, const char *service)
{
    Entry *entry =
        call_message(c, &grpc__health__v1__health_list_response__statuses_entry__descriptor);
    if (entry == NULL || (entry->value = answer(c, status_now(c))) == NULL) {
        return false;
    }
    entry->key = reply_text(service);
    reply->statuses[reply->n_statuses++] = entry;
    return true;
}

static step list(struct call *c)
{
    ListResponse *reply = call_message(c, &grpc__health__v1__health_list_response__descriptor);
    Entry **entries = ARENA_ARRAY(call_arena(c), Entry *, METHOD_COUNT + 1);
    if (reply == NULL || entries == NULL) {
        return reply_over_budget(c);
    }
    reply->statuses = entries;
    bool fits = add_entry(c, reply, "");
    for (size_t i = 0; fits && i < METHOD_COUNT; i++) { /* sorted by path, so by service too */
        if (i == 0 || strcmp(METHODS[i].service, METHODS[i - 1].service) != 0) {
            fits = add_entry(c, reply, METHODS[i].service);
        }
    }
    return fits ? call_reply(c, &reply->base) : reply_over_budget(c);
}

const struct flow health_list_flow = {
    .method = "/grpc.health.v1.Health/List",
    .name = "health_list",
    .steps = {STEP("list", list)},
};

/* --- Watch ------------------------------------------------------------------------------------- */

struct watch_state {
    struct readiness_wait wait;
    struct call *call;
    Status told; /* UNKNOWN: nothing yet */
};

static void changed(struct readiness_wait *wait)
{
    call_resume(LIST_ENTRY(wait, struct watch_state, wait)->call);
}

static void forget(void *op)
{
    readiness_wait_cancel(op);
}

static rc tell(struct call *c, Status status)
{
    static Response of[] = {
        [STATUS(SERVING)] = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT,
        [STATUS(NOT_SERVING)] = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT,
        [STATUS(SERVICE_UNKNOWN)] = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT,
    };
    of[status].status = status;
    call_begin_message(c);
    return call_send(c, &of[status].base, call_err(c));
}

/* Tell what is new, and wait for more. A node that drains has said its last word: the stream ends, so
 * that its client asks elsewhere and no stranger's stream holds the drain up. */
static step watch(struct call *c)
{
    struct watch_state *state = call_state(c);
    struct readiness *readiness = services_of(c)->readiness;
    const Request *request = call_request(c);
    Status status = is_service(request->service) ? status_now(c) : STATUS(SERVICE_UNKNOWN);
    if (status != state->told && !tell(c, status).ok) {
        return STEP_FAILED;
    }
    state->told = status;
    state->call = c;
    if (readiness->has_ended) {
        return call_fail(c, R_SHUTTING_DOWN, "health watch");
    }
    readiness_wait(readiness, &state->wait, changed);
    return call_wait(c, watch, forget, &state->wait);
}

const struct flow health_watch_flow = {
    .method = "/grpc.health.v1.Health/Watch",
    .name = "health_watch",
    .state = FLOW_STATE(struct watch_state),
    .steps = {STEP("watch", watch)},
};
