/* SPDX-License-Identifier: Apache-2.0 */
/* What a command asks of the authority, and reading what it answers. */
#include <string.h>

#include "cli/failure.h"
#include "cli/invocation.h"
#include "cli/session.h"
#include "wire/pb.h"

/* Read an answer of the authority. */
static rc unpack(struct session *s, const chancery_buffer *answer,
                 const ProtobufCMessageDescriptor *type, ProtobufCMessage **out, struct err *err)
{
    struct err why = {0};
    struct slice bytes;
    TRY(arena_dup_slice(s->arena,
                        slice_of(chancery_buffer_data(answer), chancery_buffer_size(answer)),
                        &bytes, err));
    if (!pb_unpack(s->arena, type, bytes, out, &why).ok) {
        FAIL(err, why.reason == R_ARENA_EXHAUSTED ? why.reason : R_AUTHORITY_UNREACHABLE,
             "what %s answers is no valid %s (%s)", s->profile->server, type->name, why.detail);
    }
    return OK;
}

static void tell_method(const char *method)
{
    if (invocation()->is_verbose) {
        fprintf(stderr, "chancery: asks %s\n", method);
    }
}

chancery_error *session_request(struct session *s, const char *method,
                                const ProtobufCMessage *request, chancery_buffer **answer)
{
    struct slice packed;
    rc is_packed = pb_pack(s->arena, request, &packed, NULL);
    CH_ASSERT(is_packed.ok); /* a session's arena is far larger than a request */
    tell_method(method);
    return chancery_call(s->library, method, packed.ptr, packed.len, NULL, answer);
}

chancery_error *session_stream(struct session *s, const char *method,
                               const ProtobufCMessage *request, chancery_message_fn take, void *arg)
{
    struct slice packed;
    rc is_packed = pb_pack(s->arena, request, &packed, NULL);
    CH_ASSERT(is_packed.ok); /* a session's arena is far larger than a request */
    tell_method(method);
    return chancery_call_stream(s->library, method, packed.ptr, packed.len, NULL, take, arg);
}

int session_take_answer(struct session *s, chancery_buffer *answer,
                        const ProtobufCMessageDescriptor *response_type,
                        ProtobufCMessage **response)
{
    struct err err = {0};
    bool is_read = unpack(s, answer, response_type, response, &err).ok;
    chancery_buffer_free(answer);
    return is_read ? EXIT_OK : fail_with(s->command, &err);
}

int session_call(struct session *s, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response)
{
    chancery_buffer *answer = NULL;
    int code = session_tell(s, session_request(s, method, request, &answer));
    return code == EXIT_OK ? session_take_answer(s, answer, response_type, response) : code;
}

int session_try(struct session *s, const char *method, const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *response_type, const char *const *reasons,
                ProtobufCMessage **response)
{
    chancery_buffer *answer = NULL;
    chancery_error *error = session_request(s, method, request, &answer);
    *response = NULL;
    for (size_t i = 0; error != NULL && reasons[i] != NULL; i++) {
        if (strcmp(chancery_error_reason(error), reasons[i]) == 0) {
            chancery_error_free(error);
            return EXIT_OK;
        }
    }
    int code = session_tell(s, error);
    return code == EXIT_OK ? session_take_answer(s, answer, response_type, response) : code;
}

int session_find(struct session *s, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, ProtobufCMessage **response)
{
    static const char *const reasons[] = {"NOT_FOUND", NULL};
    return session_try(s, method, request, response_type, reasons, response);
}
