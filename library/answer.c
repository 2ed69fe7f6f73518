/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of readers, through the portal (docs/policy.md §5.3). */
#include <chancery/answer.h>

#include "base/mem.h"
#include "chancery/v1/publishing.pb-c.h"
#include "library/batch.h"
#include "library/handle.h"
#include "library/parts.h"
#include "library/protection.h"
#include "library/session.h"

enum { REQUEST_BUDGET = 1024 * 1024 };

/* The request itself, but for the license and the key that are of one call. */
struct chancery_answering {
    struct arena *arena;
    struct err failure; /* the first thing that had no room */
    Chancery__V1__AnswerRequest request;
};

/* --- requests --------------------------------------------------------------------------------- */

static void set(chancery_answering *answering, char **place, const char *text)
{
    char *copy = arena_strdup(answering->arena, text == NULL ? "" : text);
    if (copy != NULL) {
        *place = copy;
    }
}

chancery_answering *chancery_answering_new(chancery_answer_kind kind)
{
    char id[UUID_TEXT_BYTES];
    chancery_answering *answering = xcalloc(1, sizeof *answering);
    answering->arena = arena_new_small(REQUEST_BUDGET);
    chancery__v1__answer_request__init(&answering->request);
    answering->request.kind = (Chancery__V1__AnswerKind)kind;
    uuid_format(uuid_random(), id);
    set(answering, &answering->request.request_id, id);
    return answering;
}

void chancery_answering_free(chancery_answering *answering)
{
    if (answering != NULL) {
        arena_free(answering->arena);
        xfree(answering);
    }
}

void chancery_answering_add_recipient(chancery_answering *answering, const char *address)
{
    Chancery__V1__AnswerRequest *request = &answering->request;
    (void)parts_add_text(answering->arena, &request->recipients, &request->n_recipients, address,
                         &answering->failure);
}

void chancery_answering_set_display_name(chancery_answering *answering, const char *name)
{
    set(answering, &answering->request.display_name, name);
}

void chancery_answering_set_request_id(chancery_answering *answering, const char *uuid)
{
    set(answering, &answering->request.request_id, uuid);
}

const char *chancery_answering_request_id(const chancery_answering *answering)
{
    return answering->request.request_id;
}

/* --- asking ----------------------------------------------------------------------------------- */

static rc request_of(const chancery_session *session, const chancery_content *content,
                     const chancery_answering *answering, Chancery__V1__AnswerRequest *out,
                     struct err *err)
{
    if (content->license.len == 0) {
        FAIL(err, R_INPUT_INVALID, "content is answered by its publishing license, not by its id");
    }
    if (answering->failure.reason != R_NONE || arena_is_exceeded(answering->arena)) {
        FAIL(err, R_INPUT_INVALID, "the request is larger than any authority takes");
    }
    *out = answering->request;
    out->publishing_license = handle_license(content);
    out->client_public_jwk = session_public_jwk(session);
    return OK;
}

chancery_error *chancery_answer(chancery_session *session, const chancery_content *content,
                                const chancery_answering *answering, chancery_context *context,
                                chancery_content **out)
{
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__AnswerRequest request;
    TELL(request_of(session, content, answering, &request, &err), &err);
    chancery_error *error =
        session_ask(session, context, arena, "PublishingService/Answer", &request.base,
                    &chancery__v1__answer_response__descriptor, &message);
    if (error != NULL) {
        return error;
    }
    const Chancery__V1__AnswerResponse *r = (const void *)message;
    if (r->response == NULL) {
        return failure_of_item(NULL);
    }
    TELL(protection_answer(session, r->response, out, &err), &err);
    return NULL;
}
