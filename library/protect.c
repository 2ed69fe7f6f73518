/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "chancery/v1/publishing.pb-c.h"
#include "crypto/jwe.h"
#include "library/batch.h"
#include "library/handle.h"
#include "library/parts.h"
#include "library/protection.h"
#include "library/session.h"

enum { REQUEST_BUDGET = 8 * 1024 * 1024 };

/* The request itself, filled in as it is set. */
struct chancery_protection {
    struct arena *arena;
    struct err failure; /* the first thing that had no room */
    Chancery__V1__ProtectRequest request;
    Chancery__V1__DoNotForward do_not_forward;
    Chancery__V1__EncryptOnly encrypt_only;
    Chancery__V1__CustomPolicy custom;
    Chancery__V1__Expiry expiry;
    struct parts_grants grants;
    bool is_named;  /* a template, Do Not Forward or Encrypt-Only was set */
    bool has_terms; /* an end or offline days were */
};

/* --- requests --------------------------------------------------------------------------------- */

static void set(chancery_protection *p, char **place, const char *text)
{
    char *copy = arena_strdup(p->arena, text == NULL ? "" : text);
    if (copy != NULL) {
        *place = copy;
    }
}

chancery_protection *chancery_protection_new(void)
{
    char id[UUID_TEXT_BYTES];
    chancery_protection *p = xcalloc(1, sizeof *p);
    p->arena = arena_new_small(REQUEST_BUDGET);
    chancery__v1__protect_request__init(&p->request);
    chancery__v1__do_not_forward__init(&p->do_not_forward);
    chancery__v1__encrypt_only__init(&p->encrypt_only);
    chancery__v1__custom_policy__init(&p->custom);
    chancery__v1__expiry__init(&p->expiry);
    uuid_format(uuid_random(), id);
    set(p, &p->request.request_id, id);
    return p;
}

void chancery_protection_free(chancery_protection *p)
{
    if (p != NULL) {
        arena_free(p->arena);
        xfree(p);
    }
}

void chancery_protection_set_template(chancery_protection *p, const char *template_id)
{
    p->request.policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_TEMPLATE_ID;
    p->request.template_id = borrowed_text("");
    set(p, &p->request.template_id, template_id);
    p->is_named = true;
}

void chancery_protection_set_do_not_forward(chancery_protection *p)
{
    p->request.policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_DO_NOT_FORWARD;
    p->request.do_not_forward = &p->do_not_forward;
    p->is_named = true;
}

void chancery_protection_set_encrypt_only(chancery_protection *p)
{
    p->request.policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_ENCRYPT_ONLY;
    p->request.encrypt_only = &p->encrypt_only;
    p->is_named = true;
}

static void set_custom(chancery_protection *p)
{
    p->request.policy_case = CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM;
    p->request.custom = &p->custom;
}

void chancery_protection_grant(chancery_protection *p, const char *principal, const char *right)
{
    set_custom(p);
    (void)parts_add_grant(p->arena, &p->grants, principal, right, &p->failure);
    p->custom.grants = p->grants.items;
    p->custom.n_grants = p->grants.count;
}

void chancery_protection_set_expire_days(chancery_protection *p, uint32_t days)
{
    p->expiry.kind_case = CHANCERY__V1__EXPIRY__KIND_DAYS;
    p->expiry.days = days;
    p->custom.expiry = days == 0 ? NULL : &p->expiry;
    p->has_terms = true;
}

void chancery_protection_set_offline_days(chancery_protection *p, uint32_t days)
{
    p->custom.offline_access = days == 0 ? CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_NONE
                                         : CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_DAYS;
    p->custom.offline_days = days;
    p->has_terms = true;
}

void chancery_protection_add_recipient(chancery_protection *p, const char *address)
{
    (void)parts_add_text(p->arena, &p->request.recipients, &p->request.n_recipients, address,
                         &p->failure);
}

void chancery_protection_set_owner(chancery_protection *p, const char *address)
{
    set(p, &p->request.owner, address);
}

void chancery_protection_set_display_name(chancery_protection *p, const char *name)
{
    set(p, &p->request.display_name, name);
}

void chancery_protection_set_branding(chancery_protection *p, const char *name)
{
    set(p, &p->request.branding, name);
}

void chancery_protection_set_notify_owner(chancery_protection *p, int notify)
{
    p->request.notify_owner = notify != 0;
}

void chancery_protection_set_request_id(chancery_protection *p, const char *uuid)
{
    set(p, &p->request.request_id, uuid);
}

const char *chancery_protection_request_id(const chancery_protection *p)
{
    return p->request.request_id;
}

/* --- answers ---------------------------------------------------------------------------------- */

rc protection_told(chancery_content *content, const char *const *refused, size_t count,
                   const char *portal_url, int64_t expire_time, struct err *err)
{
    char **texts = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        TRY(parts_add_text(content->arena, &texts, &kept, refused[i], err));
    }
    content->refused = (const char *const *)texts;
    content->refused_count = kept;
    content->portal_url = arena_strdup(content->arena, portal_url);
    content->expire_time = expire_time;
    ARENA_ENSURE(content->portal_url, err);
    return OK;
}

static rc take_texts(chancery_content *content, const Chancery__V1__ProtectResponse *r,
                     struct err *err)
{
    return protection_told(content, (const char *const *)r->refused_recipients,
                           r->n_refused_recipients, r->portal_url,
                           r->expire_time == NULL ? 0 : r->expire_time->seconds, err);
}

static rc take_key(chancery_content *content, const Chancery__V1__ProtectResponse *r,
                   const struct jwk_private *key, struct err *err)
{
    struct content_id said;
    if (!uuid_parse(slice_str(r->content_id), &said.u, NULL).ok ||
        !uuid_eq(said.u, content->id.u) ||
        !jwe_decrypt(key, slice_str(r->wrapped_content_key), R_CRYPTO_FAILED, &content->key, NULL)
             .ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its content id or content key can't be used");
    }
    return OK;
}

rc protection_answer(const chancery_session *session, const Chancery__V1__ProtectResponse *r,
                     chancery_content **out, struct err *err)
{
    struct slice license = slice_of(r->publishing_license.data, r->publishing_license.len);
    chancery_content *content = NULL;
    if (!handle_new(license, &content, NULL).ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its publishing license can't be used");
    }
    rc result = take_texts(content, r, err);
    result = result.ok ? take_key(content, r, session_key(session), err) : result;
    if (!result.ok) {
        chancery_content_free(content);
        return result;
    }
    *out = content;
    return OK;
}

/* What is said and can't be kept must not be left out: a content without the end that was wanted would be
 * open for ever. */
rc protection_request(const chancery_protection *p, const Chancery__V1__ProtectRequest **out,
                      struct err *err)
{
    bool is_custom = p->request.policy_case == CHANCERY__V1__PROTECT_REQUEST__POLICY_CUSTOM;
    *out = &p->request;
    if (p->failure.reason != R_NONE || arena_is_exceeded(p->arena)) {
        FAIL(err, R_INPUT_INVALID, "the request is larger than any authority takes");
    }
    if (!is_custom && (p->has_terms || p->grants.count > 0)) {
        FAIL(
            err, R_INPUT_INVALID,
            "grants, an end and offline days are of a policy of one's own, not of a template, Do Not "
            "Forward or Encrypt-Only");
    }
    if (p->grants.count > 0 && p->is_named) {
        FAIL(err, R_INPUT_INVALID, "it has grants and another policy; choose one");
    }
    return OK;
}

chancery_error *chancery_protect(chancery_session *session, const chancery_protection *p,
                                 chancery_context *context, chancery_content **out)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    const Chancery__V1__ProtectRequest *asked;
    TELL(protection_request(p, &asked, &err), &err);
    Chancery__V1__ProtectRequest request = *asked;
    request.client_public_jwk = session_public_jwk(session);
    chancery_error *error =
        session_ask(session, context, arena, "PublishingService/Protect", &request.base,
                    &chancery__v1__protect_response__descriptor, &response);
    if (error != NULL) {
        return error;
    }
    TELL(protection_answer(session, (const void *)response, out, &err), &err);
    return NULL;
}

/* --- many at once ----------------------------------------------------------------------------- */

static rc requests_of(const chancery_session *session,
                      const chancery_protection *const *protections,
                      Chancery__V1__BatchProtectRequest *batch, Chancery__V1__ProtectRequest *items,
                      struct err *err)
{
    for (size_t i = 0; i < batch->n_requests; i++) {
        const Chancery__V1__ProtectRequest *asked;
        TRY(protection_request(protections[i], &asked, err));
        items[i] = *asked;
        items[i].client_public_jwk = session_public_jwk(session);
        batch->requests[i] = &items[i];
    }
    return OK;
}

static chancery_error *take_item(const chancery_session *session,
                                 const Chancery__V1__BatchProtectResult *result,
                                 chancery_content **out)
{
    struct err err = {0};
    if (result->outcome_case == CHANCERY__V1__BATCH_PROTECT_RESULT__OUTCOME_ERROR) {
        return failure_of_item(result->error);
    }
    if (result->outcome_case != CHANCERY__V1__BATCH_PROTECT_RESULT__OUTCOME_RESPONSE) {
        return failure_of_item(NULL);
    }
    TELL(protection_answer(session, result->response, out, &err), &err);
    return NULL;
}

chancery_error *chancery_protect_many(chancery_session *session,
                                      const chancery_protection *const *protections, size_t count,
                                      chancery_context *context, chancery_content **contents,
                                      chancery_error **errors)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__ProtectRequest items[CHANCERY_BATCH_MAX], *places[CHANCERY_BATCH_MAX];
    Chancery__V1__BatchProtectRequest batch;
    TELL(batch_check(count, &err), &err);
    chancery__v1__batch_protect_request__init(&batch);
    batch.n_requests = count;
    batch.requests = places;
    TELL(requests_of(session, protections, &batch, items, &err), &err);
    chancery_error *error =
        session_ask(session, context, arena, "PublishingService/BatchProtect", &batch.base,
                    &chancery__v1__batch_protect_response__descriptor, &response);
    if (error != NULL) {
        return error;
    }
    const Chancery__V1__BatchProtectResponse *r = (const void *)response;
    if (r->n_results != count) {
        return failure_of_item(NULL);
    }
    for (size_t i = 0; i < count; i++) {
        contents[i] = NULL;
        errors[i] = take_item(session, r->results[i], &contents[i]);
    }
    return NULL;
}
