/* SPDX-License-Identifier: Apache-2.0 */
/* grpc.health.v1: Check and Watch (grpc/grpc doc/health-checking.md). */
#include <string.h>

#include "grpc/health/v1/health.pb-c.h"
#include "methods.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

typedef Grpc__Health__V1__HealthCheckRequest Request;
typedef Grpc__Health__V1__HealthCheckResponse Response;

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

static const ProtobufCMessage *answer(struct call *c,
                                      Grpc__Health__V1__HealthCheckResponse__ServingStatus status)
{
    Response *reply = call_message(c, &grpc__health__v1__health_check_response__descriptor);
    if (reply == NULL) {
        return NULL;
    }
    reply->status = status;
    return &reply->base;
}

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

static step check(struct call *c)
{
    const Request *request = call_request(c);
    if (!is_service(request->service)) {
        return call_fail(c, R_NOT_FOUND, "health of an unknown service");
    }
    return call_reply(c, answer(c, SERVING));
}

const struct flow health_check_flow = {
    .method = "/grpc.health.v1.Health/Check",
    .name = "health_check",
    .steps = {STEP("check", check)},
};

/* Nothing to cancel: the stream just waits for its end. */
static void forget(void *op)
{
    (void)op;
}

static step watch(struct call *c)
{
    const Request *request = call_request(c);
    call_begin_message(c);
    const ProtobufCMessage *state = answer(c, is_service(request->service) ? SERVING : UNKNOWN);
    if (state == NULL || !call_send(c, state, call_err(c)).ok) {
        return call_fail(c, R_ARENA_EXHAUSTED, "health watch");
    }
    return call_wait(c, watch, forget, NULL);
}

const struct flow health_watch_flow = {
    .method = "/grpc.health.v1.Health/Watch",
    .name = "health_watch",
    .steps = {STEP("watch", watch)},
};
