/* SPDX-License-Identifier: Apache-2.0 */
#include <chancery/transit.h>

#include "chancery/v1/caller.pb-c.h"
#include "library/session.h"

/* What a later version may want more is not guessed. */
static rc take(const Chancery__V1__GetCallerResponse *r, int *out, struct err *err)
{
    int setting = (int)r->transport_decryption;
    if (setting < CHANCERY_TRANSPORT_DECRYPTION_UNKNOWN ||
        setting > CHANCERY_TRANSPORT_DECRYPTION_MANDATORY) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its tenant wants what this version can't do");
    }
    *out = setting;
    return OK;
}

chancery_error *chancery_transport_setting(chancery_session *session, chancery_context *context,
                                           int *out)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__GetCallerRequest request;
    chancery__v1__get_caller_request__init(&request);
    chancery_error *error =
        session_ask(session, context, arena, "CallerService/GetCaller", &request.base,
                    &chancery__v1__get_caller_response__descriptor, &response);
    if (error != NULL) {
        return error;
    }
    TELL(take((const void *)response, out, &err), &err);
    return NULL;
}
