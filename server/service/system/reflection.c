/* SPDX-License-Identifier: Apache-2.0 */
/* Server reflection, v1 and v1alpha (grpc/grpc doc/server-reflection.md): the two have the same
 * messages by field numbers, so one implementation serves both. */
#include <stdlib.h>
#include <string.h>

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "methods.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest Request;
typedef Grpc__Reflection__V1__ServerReflectionResponse Response;

enum { FILES_MAX = 64 };

static int compare_symbol(const void *key, const void *row)
{
    return strcmp(key, ((const struct proto_symbol *)row)->name);
}

static bool file_of_symbol(const char *name, size_t *index)
{
    const struct proto_symbol *found =
        bsearch(name, PROTO_SYMBOLS, PROTO_SYMBOL_COUNT, sizeof PROTO_SYMBOLS[0], compare_symbol);
    if (found != NULL) {
        *index = found->file;
    }
    return found != NULL;
}

static bool file_of_name(const char *name, size_t *index)
{
    for (size_t i = 0; i < PROTO_FILE_COUNT; i++) {
        if (strcmp(PROTO_FILES[i].name, name) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* The file and all that it imports, each once. */
static size_t closure(size_t first, size_t out[FILES_MAX])
{
    bool seen[FILES_MAX] = {false};
    size_t count = 0;
    CH_ASSERT(PROTO_FILE_COUNT <= FILES_MAX);
    out[count++] = first;
    seen[first] = true;
    for (size_t i = 0; i < count; i++) {
        const struct proto_file *file = &PROTO_FILES[out[i]];
        for (size_t d = 0; d < file->dependency_count; d++) {
            if (!seen[file->dependencies[d]]) {
                seen[file->dependencies[d]] = true;
                out[count++] = file->dependencies[d];
            }
        }
    }
    return count;
}

static step answer_files(struct call *c, size_t first, Response *reply)
{
    size_t files[FILES_MAX];
    size_t count = closure(first, files);
    Grpc__Reflection__V1__FileDescriptorResponse *list =
        call_message(c, &grpc__reflection__v1__file_descriptor_response__descriptor);
    ProtobufCBinaryData *bytes = ARENA_ARRAY(call_arena(c), ProtobufCBinaryData, count);
    if (list == NULL || bytes == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reflection");
    }
    for (size_t i = 0; i < count; i++) {
        const struct proto_file *file = &PROTO_FILES[files[i]];
        bytes[i] = reply_bytes(slice_of(file->bytes, file->len));
    }
    list->n_file_descriptor_proto = count;
    list->file_descriptor_proto = bytes;
    reply->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
    reply->file_descriptor_response = list;
    return STEP_NEXT;
}

/* METHODS is sorted by path, so the methods of a service are together. */
static step answer_services(struct call *c, Response *reply)
{
    Grpc__Reflection__V1__ListServiceResponse *list =
        call_message(c, &grpc__reflection__v1__list_service_response__descriptor);
    Grpc__Reflection__V1__ServiceResponse **rows =
        ARENA_ARRAY(call_arena(c), Grpc__Reflection__V1__ServiceResponse *, METHOD_COUNT);
    if (list == NULL || rows == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reflection");
    }
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (i > 0 && strcmp(METHODS[i - 1].service, METHODS[i].service) == 0) {
            continue;
        }
        Grpc__Reflection__V1__ServiceResponse *row =
            call_message(c, &grpc__reflection__v1__service_response__descriptor);
        if (row == NULL) {
            return STEP_FAILED;
        }
        row->name = reply_text(METHODS[i].service);
        rows[list->n_service++] = row;
    }
    list->service = rows;
    reply->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
    reply->list_services_response = list;
    return STEP_NEXT;
}

static step answer_error(struct call *c, enum grpc_code code, const char *why, Response *reply)
{
    Grpc__Reflection__V1__ErrorResponse *error =
        call_message(c, &grpc__reflection__v1__error_response__descriptor);
    if (error == NULL) {
        return STEP_FAILED;
    }
    error->error_code = (int32_t)code;
    error->error_message = reply_text(why);
    reply->message_response_case =
        GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
    reply->error_response = error;
    return STEP_NEXT;
}

static step answer(struct call *c, const Request *request, Response *reply)
{
    size_t file = 0;
    switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
        return answer_services(c, reply);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
        return file_of_name(request->file_by_filename, &file)
                   ? answer_files(c, file, reply)
                   : answer_error(c, GRPC_NOT_FOUND, "no such file", reply);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
        return file_of_symbol(request->file_containing_symbol, &file)
                   ? answer_files(c, file, reply)
                   : answer_error(c, GRPC_NOT_FOUND, "no such symbol", reply);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
        return answer_error(c, GRPC_NOT_FOUND, "no such extension", reply);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
    case _GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__CASE_IS_INT_SIZE:
        break;
    }
    return answer_error(c, GRPC_INVALID_ARGUMENT, "no question", reply);
}

/* Answer every question of the stream, until the client ends it. */
static step reflect(struct call *c)
{
    const Request *request = call_request(c);
    if (request == NULL) {
        return STEP_NEXT;
    }
    call_begin_message(c);
    Response *reply =
        call_message(c, &grpc__reflection__v1__server_reflection_response__descriptor);
    if (reply == NULL) {
        return STEP_FAILED;
    }
    reply->valid_host = request->host;
    reply->original_request = (Request *)(uintptr_t)request;
    if (step_failed(answer(c, request, reply)) || !call_send(c, &reply->base, call_err(c)).ok) {
        return STEP_FAILED;
    }
    return call_next_message(c, reflect);
}

static step first_question(struct call *c)
{
    return call_next_message(c, reflect);
}

const struct flow reflection_flow = {
    .method = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    .name = "reflection",
    .steps = {STEP("reflect", first_question)},
};

const struct flow reflection_v1alpha_flow = {
    .method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    .name = "reflection_v1alpha",
    .steps = {STEP("reflect", first_question)},
};
