/* SPDX-License-Identifier: Apache-2.0 */
/* Use licenses and what one may do: acquire, inspect. */
#include <chancery/transit.h>

#include "chancery/v1/licensing.pb-c.h"
#include "client/license_open.h"
#include "library/batch.h"
#include "library/handle.h"
#include "library/session.h"

/* What both answers say of the caller. */
struct said {
    const Chancery__V1__Right *rights;
    size_t right_count;
    char *const *custom_rights;
    size_t custom_count;
    const char *owner;
};

/* "RIGHT_VIEW" is VIEW, as licenses name it; NULL for a right that this version doesn't know. */
static const char *right_name(Chancery__V1__Right number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&chancery__v1__right__descriptor, (int)number);
    return value == NULL || value->value == CHANCERY__V1__RIGHT__RIGHT_UNSPECIFIED
               ? NULL
               : value->name + sizeof "RIGHT_" - 1;
}

static rc take_said(chancery_content *content, const struct said *said, struct err *err)
{
    struct arena *arena = handle_answer(content);
    const char **rights =
        ARENA_ARRAY(arena, const char *, said->right_count + said->custom_count + 1);
    size_t count = 0;
    ARENA_ENSURE(rights, err);
    for (size_t i = 0; i < said->right_count; i++) {
        const char *name = right_name(said->rights[i]);
        if (name != NULL) {
            rights[count++] = name;
        }
    }
    for (size_t i = 0; i < said->custom_count; i++) {
        rights[count] = arena_strdup(arena, said->custom_rights[i]);
        ARENA_ENSURE(rights[count], err);
        count++;
    }
    const char *owner = arena_strdup(arena, said->owner);
    ARENA_ENSURE(owner, err);
    content->owner = owner;
    content->rights = rights;
    content->right_count = count;
    return OK;
}

static rc need_license(const chancery_content *content, struct err *err)
{
    if (content->license.len == 0) {
        FAIL(err, R_INPUT_INVALID, "only the publishing license leads to a key, not the id");
    }
    return OK;
}

/* --- acquire ---------------------------------------------------------------------------------- */

static rc take_license(struct client *client, struct arena *arena, const chancery_session *session,
                       chancery_content *content, const Chancery__V1__AcquireLicenseResponse *r,
                       struct err *err)
{
    struct secret *key = NULL;
    const char *reader;
    const struct license_wanted wanted = {.text = slice_str(r->use_license),
                                          .publishing_license = content->license,
                                          .key = session_key(session),
                                          .now = clock_unix()};
    const struct said said = {r->rights, r->n_rights, r->custom_rights, r->n_custom_rights,
                              r->owner};
    TRY(license_open(client, arena, &wanted, &key, &reader, err));
    secret_free(content->key);
    content->key = key;
    TRY(take_said(content, &said, err));
    content->reader = arena_strdup(content->answer, reader);
    ARENA_ENSURE(content->reader, err);
    content->may_cache = r->may_cache != 0;
    content->attachments_freed = r->attachments_freed != 0;
    content->expire_time = r->expire_time == NULL ? 0 : r->expire_time->seconds;
    return OK;
}

static rc request_of(const chancery_session *session, const chancery_content *content,
                     Chancery__V1__LicensePurpose purpose, Chancery__V1__AcquireLicenseRequest *out,
                     struct err *err)
{
    TRY(need_license(content, err));
    chancery__v1__acquire_license_request__init(out);
    out->publishing_license = handle_license(content);
    out->client_public_jwk = session_public_jwk(session);
    out->purpose = purpose;
    return OK;
}

/* What was known before is not of this answer: a refusal leaves neither key nor rights. */
static void forget(chancery_content *content)
{
    secret_free(content->key);
    content->key = NULL;
    (void)handle_answer(content);
}

static chancery_error *acquire_on(struct client *client, const chancery_session *session,
                                  const Chancery__V1__AcquireLicenseRequest *request,
                                  chancery_content *content)
{
    struct err err = {0};
    struct client_refusal refusal;
    ProtobufCMessage *message = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    if (!client_call(client, arena, "LicensingService/AcquireLicense", &request->base,
                     &chancery__v1__acquire_license_response__descriptor, &message, &refusal, &err)
             .ok) {
        return failure_of_call(&err, &refusal);
    }
    TELL(take_license(client, arena, session, content, (const void *)message, &err), &err);
    return NULL;
}

static chancery_error *acquire(chancery_session *session, chancery_content *content,
                               Chancery__V1__LicensePurpose purpose, chancery_context *context)
{
    struct err err = {0};
    struct line *line = NULL;
    Chancery__V1__AcquireLicenseRequest request;
    TELL(request_of(session, content, purpose, &request, &err), &err);
    TELL(session_take(session, context, &line, &err), &err);
    forget(content);
    chancery_error *error = acquire_on(line->client, session, &request, content);
    session_give(session, line);
    return error;
}

chancery_error *chancery_acquire(chancery_session *session, chancery_content *content,
                                 chancery_context *context)
{
    return acquire(session, content, CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_UNSPECIFIED,
                   context);
}

chancery_error *chancery_acquire_unprotected(chancery_session *session, chancery_content *content,
                                             chancery_context *context)
{
    return acquire(session, content,
                   CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_TAKE_PROTECTION_OFF, context);
}

/* Other purposes have functions of their own, and what a later version means by a number isn't known here. */
chancery_error *chancery_acquire_for(chancery_session *session, chancery_content *content,
                                     int purpose, chancery_context *context)
{
    struct err err = {0};
    if (purpose != CHANCERY_PURPOSE_TRANSPORT_SCAN && purpose != CHANCERY_PURPOSE_JOURNAL) {
        (void)err_raise(&err, R_INPUT_INVALID, __FILE__, __LINE__, "it is no purpose");
        return failure_of(&err);
    }
    return acquire(session, content, (Chancery__V1__LicensePurpose)purpose, context);
}

/* --- many at once ----------------------------------------------------------------------------- */

static rc requests_of(const chancery_session *session, chancery_content *const *contents,
                      Chancery__V1__BatchAcquireLicenseRequest *batch,
                      Chancery__V1__AcquireLicenseRequest *items, struct err *err)
{
    for (size_t i = 0; i < batch->n_requests; i++) {
        TRY(request_of(session, contents[i],
                       CHANCERY__V1__LICENSE_PURPOSE__LICENSE_PURPOSE_UNSPECIFIED, &items[i], err));
        batch->requests[i] = &items[i];
    }
    return OK;
}

static chancery_error *take_item(struct client *client, const chancery_session *session,
                                 chancery_content *content,
                                 const Chancery__V1__BatchAcquireLicenseResult *result)
{
    struct err err = {0};
    if (result->outcome_case == CHANCERY__V1__BATCH_ACQUIRE_LICENSE_RESULT__OUTCOME_ERROR) {
        return failure_of_item(result->error);
    }
    if (result->outcome_case != CHANCERY__V1__BATCH_ACQUIRE_LICENSE_RESULT__OUTCOME_RESPONSE) {
        return failure_of_item(NULL);
    }
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    TELL(take_license(client, arena, session, content, result->response, &err), &err);
    return NULL;
}

static chancery_error *acquire_batch(struct client *client, const chancery_session *session,
                                     const Chancery__V1__BatchAcquireLicenseRequest *batch,
                                     chancery_content *const *contents, chancery_error **errors)
{
    struct err err = {0};
    struct client_refusal refusal;
    ProtobufCMessage *message = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    if (!client_call(client, arena, "LicensingService/BatchAcquireLicense", &batch->base,
                     &chancery__v1__batch_acquire_license_response__descriptor, &message, &refusal,
                     &err)
             .ok) {
        return failure_of_call(&err, &refusal);
    }
    const Chancery__V1__BatchAcquireLicenseResponse *r = (const void *)message;
    if (r->n_results != batch->n_requests) {
        return failure_of_item(NULL);
    }
    for (size_t i = 0; i < r->n_results; i++) {
        errors[i] = take_item(client, session, contents[i], r->results[i]);
    }
    return NULL;
}

chancery_error *chancery_acquire_many(chancery_session *session, chancery_content *const *contents,
                                      size_t count, chancery_context *context,
                                      chancery_error **errors)
{
    struct err err = {0};
    struct line *line = NULL;
    Chancery__V1__AcquireLicenseRequest items[CHANCERY_BATCH_MAX];
    Chancery__V1__AcquireLicenseRequest *places[CHANCERY_BATCH_MAX];
    Chancery__V1__BatchAcquireLicenseRequest batch;
    TELL(batch_check(count, &err), &err);
    chancery__v1__batch_acquire_license_request__init(&batch);
    batch.n_requests = count;
    batch.requests = places;
    TELL(requests_of(session, contents, &batch, items, &err), &err);
    TELL(session_take(session, context, &line, &err), &err);
    for (size_t i = 0; i < count; i++) {
        forget(contents[i]);
    }
    chancery_error *error = acquire_batch(line->client, session, &batch, contents, errors);
    session_give(session, line);
    return error;
}

/* --- inspect ---------------------------------------------------------------------------------- */

chancery_error *chancery_inspect(chancery_session *session, chancery_content *content,
                                 chancery_context *context)
{
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__InspectContentRequest request;
    TELL(need_license(content, &err), &err);
    chancery__v1__inspect_content_request__init(&request);
    request.publishing_license = handle_license(content);
    (void)handle_answer(content);
    chancery_error *error =
        session_ask(session, context, arena, "LicensingService/InspectContent", &request.base,
                    &chancery__v1__inspect_content_response__descriptor, &message);
    if (error != NULL) {
        return error;
    }
    const Chancery__V1__InspectContentResponse *r = (const void *)message;
    const struct said said = {r->rights, r->n_rights, r->custom_rights, r->n_custom_rights,
                              r->owner};
    TELL(take_said(content, &said, &err), &err);
    return NULL;
}
