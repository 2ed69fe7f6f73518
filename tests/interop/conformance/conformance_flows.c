/* SPDX-License-Identifier: Apache-2.0 */
/* The suite's methods: a request says what is to be answered, and the answer says what of the request came.
 *
 *     unary, idempotent unary   take → rest → answer
 *     client stream             collect → rest → answer
 *     server stream             take → play → end
 *     both stream               converse → play → end
 *
 * Source: service.proto of connectrpc.com/conformance. */
#include <string.h>

#include "conformance.h"
#include "google/protobuf/any.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/call_internal.h"

enum { REQUESTS_MAX = 8, MEMORY = 4 * 1024 * 1024 };

typedef Connectrpc__Conformance__V1__Header Header;
typedef Connectrpc__Conformance__V1__Error Error;
typedef Connectrpc__Conformance__V1__UnaryResponseDefinition UnaryDefinition;
typedef Connectrpc__Conformance__V1__StreamResponseDefinition StreamDefinition;
typedef Connectrpc__Conformance__V1__BidiStreamRequest BidiRequest;
typedef Google__Protobuf__Any Any;

/* What the first message asks for. */
struct script {
    Header **headers, **trailers;
    size_t header_count, trailer_count;
    ProtobufCBinaryData *data;
    size_t data_count;
    uint32_t delay_ms;
    Error *error; /* at the end; NULL: none */
    bool full_duplex;
};

struct exchange {
    struct script script;
    Any *requests[REQUESTS_MAX]; /* that no response has told yet */
    size_t request_count;
    bool has_begun;  /* the first message came */
    size_t sent;     /* responses */
    bool is_refused; /* by script.error */
};

/* --- what came -------------------------------------------------------------------------------- */

static void read_unary(UnaryDefinition *from, struct script *out)
{
    bool has_data = from->response_case ==
                    CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA;
    bool has_error = from->response_case ==
                     CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR;
    *out = (struct script){
        .headers = from->response_headers,
        .header_count = from->n_response_headers,
        .trailers = from->response_trailers,
        .trailer_count = from->n_response_trailers,
        .data = has_data ? &from->response_data : NULL,
        .data_count = has_data,
        .delay_ms = from->response_delay_ms,
        .error = has_error ? from->error : NULL,
    };
}

static void read_stream(const StreamDefinition *from, struct script *out)
{
    *out = (struct script){
        .headers = from->response_headers,
        .header_count = from->n_response_headers,
        .trailers = from->response_trailers,
        .trailer_count = from->n_response_trailers,
        .data = from->response_data,
        .data_count = from->n_response_data,
        .delay_ms = from->response_delay_ms,
        .error = from->error,
    };
}

static void read_script(const ProtobufCMessage *request, struct script *out)
{
    ProtobufCMessage *definition = conformance_first(request);
    if (definition == NULL) {
        return;
    }
    if (definition->descriptor ==
        &connectrpc__conformance__v1__unary_response_definition__descriptor) {
        read_unary((UnaryDefinition *)definition, out);
    } else {
        read_stream((const StreamDefinition *)definition, out);
    }
    if (request->descriptor == &connectrpc__conformance__v1__bidi_stream_request__descriptor) {
        out->full_duplex = ((const BidiRequest *)request)->full_duplex;
    }
}

typedef bool (*add_fn)(struct net_stream *stream, const char *name, const char *value);

static bool add_headers(struct call *c, add_fn add, Header *const *headers, size_t count)
{
    bool is_kept = true;
    for (size_t i = 0; i < count && !call_client_is_gone(c); i++) {
        for (size_t k = 0; k < headers[i]->n_value; k++) {
            is_kept = add(c->stream, headers[i]->name, headers[i]->value[k]) && is_kept;
        }
    }
    return is_kept;
}

/* The first message goes when the next one comes, so its script is read from a copy. */
static step begin(struct call *c, const ProtobufCMessage *message, struct slice packed)
{
    struct exchange *x = call_state(c);
    ProtobufCMessage *copy;
    if (!pb_unpack(call_arena(c), message->descriptor, packed, &copy, call_err(c)).ok) {
        return STEP_FAILED;
    }
    x->has_begun = true;
    read_script(copy, &x->script);
    if (c->codec == &CODEC_JSON) {
        c->codec = &CONFORMANCE_JSON;
    }
    bool is_kept = add_headers(c, net_stream_add_header, x->script.headers, x->script.header_count);
    is_kept = add_headers(c, net_stream_add_trailer, x->script.trailers, x->script.trailer_count) &&
              is_kept;
    return is_kept ? STEP_NEXT : call_fail(c, R_INTERNAL, "no room for the metadata asked for");
}

static Any *any_of(struct call *c, const ProtobufCMessage *message)
{
    struct slice packed;
    Any *any = call_message(c, &google__protobuf__any__descriptor);
    if (any == NULL || !pb_pack(call_arena(c), message, &packed, call_err(c)).ok) {
        return NULL;
    }
    any->type_url =
        arena_printf(call_arena(c), "type.googleapis.com/%s", message->descriptor->name);
    any->value = (ProtobufCBinaryData){packed.len, (uint8_t *)(uintptr_t)packed.ptr};
    return any->type_url == NULL ? NULL : any;
}

/* Keep a message of the request. */
static step keep(struct call *c, const ProtobufCMessage *message)
{
    struct exchange *x = call_state(c);
    Any *any = x->request_count == REQUESTS_MAX ? NULL : any_of(c, message);
    if (any == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "a request of the suite");
    }
    x->requests[x->request_count++] = any;
    return x->has_begun ? STEP_NEXT : begin(c, message, slice_of(any->value.data, any->value.len));
}

/* --- what is told of it ----------------------------------------------------------------------- */

/* Whether a header before this one has its name. */
static bool was_before(const struct net_request *facts, size_t at)
{
    size_t i = 0;
    while (strcmp(facts->headers[i].name, facts->headers[at].name) != 0) {
        i++;
    }
    return i < at;
}

static Header *header_of(struct call *c, size_t at)
{
    const struct net_request *facts = &c->facts;
    Header *header = call_message(c, &connectrpc__conformance__v1__header__descriptor);
    char **values = ARENA_ARRAY(call_arena(c), char *, facts->header_count);
    if (header == NULL || values == NULL) {
        return NULL;
    }
    header->name = (char *)(uintptr_t)facts->headers[at].name;
    header->value = values;
    for (size_t i = at; i < facts->header_count; i++) {
        if (strcmp(facts->headers[i].name, header->name) == 0) {
            values[header->n_value++] = (char *)(uintptr_t)facts->headers[i].value;
        }
    }
    return header;
}

/* What was said in front of the messages. */
static bool add_facts(struct call *c, RequestInfo *info)
{
    const struct net_request *facts = &c->facts;
    info->request_headers = ARENA_ARRAY(call_arena(c), Header *, facts->header_count);
    bool is_whole = info->request_headers != NULL;
    for (size_t i = 0; is_whole && i < facts->header_count; i++) {
        if (!was_before(facts, i)) {
            Header *header = header_of(c, i);
            info->request_headers[info->n_request_headers++] = header;
            is_whole = header != NULL;
        }
    }
    if (facts->timeout_ms > 0) {
        info->timeout_case =
            CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO__TIMEOUT_TIMEOUT_MS;
        info->timeout_ms = facts->timeout_ms;
    }
    return is_whole;
}

/* NULL: over budget. Before the first response all is told. */
static RequestInfo *request_info(struct call *c)
{
    struct exchange *x = call_state(c);
    RequestInfo *info = call_message(
        c, &connectrpc__conformance__v1__conformance_payload__request_info__descriptor);
    if (info == NULL || (x->sent == 0 && !add_facts(c, info))) {
        return NULL;
    }
    info->requests = x->requests;
    info->n_requests = x->request_count;
    return info;
}

/* The next response, in what call_arena is; NULL over budget. */
static ProtobufCMessage *next_response(struct call *c)
{
    struct exchange *x = call_state(c);
    ProtobufCMessage *response = call_message(c, call_method(c)->response);
    Payload *payload =
        call_message(c, &connectrpc__conformance__v1__conformance_payload__descriptor);
    if (response == NULL || payload == NULL) {
        return NULL;
    }
    if (x->sent < x->script.data_count) {
        payload->data = x->script.data[x->sent];
    }
    if (x->sent == 0 || x->script.full_duplex) {
        payload->request_info = request_info(c);
    }
    if (x->sent == 0 && payload->request_info == NULL) {
        return NULL;
    }
    conformance_set_first(response, payload);
    return response;
}

/* --- how it ends ------------------------------------------------------------------------------ */

static step refuse(struct call *c)
{
    struct exchange *x = call_state(c);
    x->is_refused = true;
    return call_fail(c, R_NOT_FOUND, "as the request asks");
}

/* The suite's codes are gRPC's; what it has no name for is none. */
static enum grpc_code code_of(const Error *error)
{
    bool is_known = error->code > CONNECTRPC__CONFORMANCE__V1__CODE__CODE_UNSPECIFIED &&
                    error->code <= CONNECTRPC__CONFORMANCE__V1__CODE__CODE_UNAUTHENTICATED;
    return is_known ? (enum grpc_code)error->code : GRPC_UNKNOWN;
}

/* The details that are asked for, and the request where no response told of it. Empty over budget, which
 * the suite then finds. */
static struct slice details_of(struct call *c, const Error *error)
{
    const struct exchange *x = call_state(c);
    Google__Rpc__Status status;
    struct slice packed = SLICE_NONE;
    google__rpc__status__init(&status);
    status.code = (int32_t)code_of(error);
    status.message = error->message;
    status.details = ARENA_ARRAY(call_arena(c), Any *, error->n_details + 1);
    RequestInfo *info = x->sent == 0 ? request_info(c) : NULL;
    Any *about = info == NULL ? NULL : any_of(c, &info->base);
    if (status.details == NULL || (x->sent == 0 && about == NULL)) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < error->n_details; i++) {
        status.details[status.n_details++] = error->details[i];
    }
    if (about != NULL) {
        status.details[status.n_details++] = about;
    }
    return pb_pack(call_arena(c), &status.base, &packed, NULL).ok ? packed : SLICE_NONE;
}

/* Stand-ins of server/rpc/call_status.c (ld --wrap). The engine tells its reason in two details, and the suite fails for
 * details that it does not ask for: so a refusal of the engine's has its own code and sentence here, and no more. */
void __real_call_status_finish(struct call *c);
void __wrap_call_status_finish(struct call *c);
struct slice __wrap_call_status_details(struct arena *arena, const char *request_id,
                                        enum reason reason);

void __wrap_call_status_finish(struct call *c)
{
    const struct exchange *x = c->state;
    const struct reason_info *info = reason_info(c->err.reason);
    if (c->err.reason == R_NONE) {
        __real_call_status_finish(c);
    } else if (x != NULL && x->is_refused && c->err.reason == R_NOT_FOUND) {
        net_stream_finish(c->stream, code_of(x->script.error), x->script.error->message,
                          details_of(c, x->script.error));
    } else {
        net_stream_finish(c->stream, info->code, info->text, SLICE_NONE);
    }
}

struct slice __wrap_call_status_details(struct arena *arena, const char *request_id,
                                        enum reason reason)
{
    (void)arena;
    (void)request_id;
    (void)reason;
    return SLICE_NONE;
}

/* --- one response ----------------------------------------------------------------------------- */

static step take(struct call *c)
{
    return keep(c, call_request(c));
}

static step collected(struct call *c)
{
    const ProtobufCMessage *message = call_request(c);
    if (message == NULL) {
        return STEP_NEXT;
    }
    return step_failed(keep(c, message)) ? STEP_FAILED : call_next_message(c, collected);
}

static step collect(struct call *c)
{
    return call_next_message(c, collected);
}

static step go_on(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

static step rest(struct call *c)
{
    const struct exchange *x = call_state(c);
    return x->script.delay_ms == 0 ? STEP_NEXT : call_rest(c, go_on, x->script.delay_ms);
}

static step answer(struct call *c)
{
    const struct exchange *x = call_state(c);
    return x->script.error != NULL ? refuse(c) : call_reply(c, next_response(c));
}

/* --- a stream of them ------------------------------------------------------------------------- */

static step send_next(struct call *c)
{
    struct exchange *x = call_state(c);
    call_begin_message(c);
    const ProtobufCMessage *response = next_response(c);
    if (response == NULL || !call_send(c, response, call_err(c)).ok) {
        return STEP_FAILED;
    }
    x->sent++;
    x->request_count = 0;
    return STEP_NEXT;
}

static step play(struct call *c);

static step play_one(struct call *c)
{
    return step_failed(send_next(c)) ? STEP_FAILED : call_await_room(c, play);
}

static step play(struct call *c)
{
    const struct exchange *x = call_state(c);
    if (x->sent >= x->script.data_count) {
        return STEP_NEXT;
    }
    return x->script.delay_ms == 0 ? play_one(c) : call_rest(c, play_one, x->script.delay_ms);
}

static step end(struct call *c)
{
    const struct exchange *x = call_state(c);
    return x->script.error != NULL ? refuse(c) : STEP_NEXT;
}

/* --- a conversation --------------------------------------------------------------------------- */

static step heard(struct call *c);

static step respond(struct call *c)
{
    return step_failed(send_next(c)) ? STEP_FAILED : call_next_message(c, heard);
}

/* Full duplex: a response to each message, as long as there are any. Otherwise all of them at the end. */
static step heard(struct call *c)
{
    const struct exchange *x = call_state(c);
    const ProtobufCMessage *message = call_request(c);
    if (message == NULL) {
        return STEP_NEXT;
    }
    if (step_failed(keep(c, message))) {
        return STEP_FAILED;
    }
    if (!x->script.full_duplex) {
        return call_next_message(c, heard);
    }
    if (x->sent >= x->script.data_count) {
        return STEP_NEXT;
    }
    return x->script.delay_ms == 0 ? respond(c) : call_rest(c, respond, x->script.delay_ms);
}

static step converse(struct call *c)
{
    return call_next_message(c, heard);
}

/* --- flows ------------------------------------------------------------------------------------ */

#define SERVICE "/connectrpc.conformance.v1.ConformanceService/"

const struct flow UNARY_FLOW = {
    .method = SERVICE "Unary",
    .name = "unary",
    .state = FLOW_STATE(struct exchange),
    .memory = MEMORY,
    .steps = {STEP("take", take), STEP("rest", rest), STEP("answer", answer)},
};

const struct flow IDEMPOTENT_UNARY_FLOW = {
    .method = SERVICE "IdempotentUnary",
    .name = "idempotent_unary",
    .state = FLOW_STATE(struct exchange),
    .memory = MEMORY,
    .steps = {STEP("take", take), STEP("rest", rest), STEP("answer", answer)},
};

const struct flow CLIENT_STREAM_FLOW = {
    .method = SERVICE "ClientStream",
    .name = "client_stream",
    .state = FLOW_STATE(struct exchange),
    .memory = MEMORY,
    .steps = {STEP("collect", collect), STEP("rest", rest), STEP("answer", answer)},
};

const struct flow SERVER_STREAM_FLOW = {
    .method = SERVICE "ServerStream",
    .name = "server_stream",
    .state = FLOW_STATE(struct exchange),
    .memory = MEMORY,
    .steps = {STEP("take", take), STEP("play", play), STEP("end", end)},
};

const struct flow BIDI_STREAM_FLOW = {
    .method = SERVICE "BidiStream",
    .name = "bidi_stream",
    .state = FLOW_STATE(struct exchange),
    .memory = MEMORY,
    .steps = {STEP("converse", converse), STEP("play", play), STEP("end", end)},
};
