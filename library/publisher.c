/* SPDX-License-Identifier: Apache-2.0 */
#include "library/publisher.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/texts.h"
#include "chancery/v1/publishing.pb-c.h"
#include "library/buffer.h"
#include "library/session.h"
#include "library/start.h"
#include "wire/publisher_file.h"
#include "wire/publisher_proof.h"

enum { PUBLISHER_BUDGET = 512 * 1024, FILE_BUDGET = 4 * PUBLISHER_FILE_MAX };

void chancery_publisher_free(chancery_publisher *publisher)
{
    if (publisher != NULL) {
        jwk_private_free(publisher->key);
        jwk_public_free(publisher->exchange);
        arena_free(publisher->arena);
        xfree(publisher);
    }
}

static chancery_publisher *publisher_empty(void)
{
    chancery_publisher *publisher = xcalloc(1, sizeof *publisher);
    publisher->arena = arena_new_small(PUBLISHER_BUDGET);
    return publisher;
}

/* --- what belongs together -------------------------------------------------------------------- */

static bool is_named(struct slice kid, const struct jwk_public *key)
{
    char text[2 * JWK_THUMBPRINT_BYTES];
    size_t len = base64url_encode(jwk_thumbprint(key), text);
    return slice_eq(kid, slice_of(text, len));
}

static rc certifies(const struct publisher_certificate *certificate, const struct jwk_private *key,
                    struct err *err)
{
    struct jwk_public *named = NULL;
    TRY(jwk_public_parse(certificate->keys.publisher_jwk, R_INPUT_INVALID, &named, err));
    bool is_ours = slice_eq(jwk_thumbprint(named), jwk_thumbprint(jwk_private_public(key)));
    jwk_public_free(named);
    ENSURE(is_ours, err, R_INPUT_INVALID);
    return OK;
}

/* The certificate says for which key it is, and to which key is encrypted: nobody swaps either. */
static rc take(chancery_publisher *p, const char *certificate, const char *exchange,
               const char *authority, const char *portal, struct err *err)
{
    p->certificate_text = slice_str(arena_strdup(p->arena, certificate));
    p->exchange_jwk = arena_strdup(p->arena, exchange);
    p->authority_url = arena_strdup(p->arena, authority);
    p->portal_url = arena_strdup(p->arena, portal);
    ENSURE(!arena_is_exceeded(p->arena), err, R_ARENA_EXHAUSTED);
    TRY(publisher_certificate_read(p->arena, p->certificate_text, &p->certificate, err));
    TRY(jwk_public_parse(slice_str(exchange), R_INPUT_INVALID, &p->exchange, err));
    TRY(certifies(&p->certificate, p->key, err));
    ENSURE(is_named(p->certificate.keys.exchange_kid, p->exchange), err, R_INPUT_INVALID);
    uuid_format(p->certificate.publisher.serial, p->serial);
    return OK;
}

/* --- asking ----------------------------------------------------------------------------------- */

static rc make_proof(struct arena *arena, const char *authority, const struct jwk_private *key,
                     char **out, struct err *err)
{
    struct slice claims, proof;
    TRY(publisher_proof_claims(arena, authority, clock_unix(), &claims, err));
    TRY(jws_sign(arena, key, PUBLISHER_PROOF_TYP, claims, &proof, err));
    *out = arena_dup(arena, proof);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc take_answer(chancery_publisher *p, const void *response, struct err *err)
{
    const Chancery__V1__GetPublisherCertificateResponse *r = response;
    struct err why = {0};
    if (!take(p, r->certificate, r->exchange_public_jwk, r->authority_url, r->portal_url, &why)
             .ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its certificate can't be used");
    }
    return OK;
}

static chancery_error *ask(chancery_session *session, chancery_context *context,
                           struct arena *arena,
                           Chancery__V1__GetPublisherCertificateRequest *request,
                           chancery_publisher *p)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    chancery_buffer *url = NULL;
    chancery_error *error = chancery_authority_url(session, context, &url);
    if (error != NULL) {
        return error;
    }
    const char *authority = arena_strdup(arena, chancery_buffer_data(url));
    chancery_buffer_free(url);
    TELL(jwk_private_generate(JWK_EC_P256, &p->key, &err), &err);
    request->publisher_public_jwk = jwk_public_json(arena, jwk_private_public(p->key), NULL, NULL);
    TELL(make_proof(arena, authority, p->key, &request->proof, &err), &err);
    error = session_ask(session, context, arena, "PublishingService/GetPublisherCertificate",
                        &request->base,
                        &chancery__v1__get_publisher_certificate_response__descriptor, &response);
    if (error != NULL) {
        return error;
    }
    TELL(take_answer(p, response, &err), &err);
    return NULL;
}

chancery_error *chancery_publisher_request_for(chancery_session *session,
                                               const char *const *domains,
                                               const char *const *templates,
                                               chancery_context *context, chancery_publisher **out)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__GetPublisherCertificateRequest request;
    chancery_publisher *publisher = publisher_empty();
    chancery__v1__get_publisher_certificate_request__init(&request);
    request.sender_domains = (char **)(uintptr_t)domains;
    request.n_sender_domains = texts_count(domains);
    request.template_ids = (char **)(uintptr_t)templates;
    request.n_template_ids = texts_count(templates);
    chancery_error *error = ask(session, context, arena, &request, publisher);
    if (error != NULL) {
        chancery_publisher_free(publisher);
        return error;
    }
    *out = publisher;
    return NULL;
}

chancery_error *chancery_publisher_request(chancery_session *session, chancery_context *context,
                                           chancery_publisher **out)
{
    return chancery_publisher_request_for(session, NULL, NULL, context, out);
}

/* --- keeping ---------------------------------------------------------------------------------- */

static rc save(const chancery_publisher *p, struct arena *arena, struct slice *out, struct err *err)
{
    AUTO(secret_free_at) struct secret *pem = NULL;
    TRY(jwk_private_to_pem(p->key, &pem, err));
    const struct publisher_file file = {
        .key_pem = arena_dup(arena, secret_use(pem)),
        .certificate = (const char *)p->certificate_text.ptr,
        .exchange_jwk = p->exchange_jwk,
        .authority_url = p->authority_url,
        .portal_url = p->portal_url,
    };
    ARENA_ENSURE(file.key_pem, err);
    return publisher_file_write(arena, &file, out, err);
}

chancery_error *chancery_publisher_save(const chancery_publisher *publisher, chancery_buffer **out)
{
    struct err err = {0};
    struct slice saved;
    AUTO(arena_free_at) struct arena *arena = arena_new(FILE_BUDGET);
    TELL(save(publisher, arena, &saved, &err), &err);
    *out = buffer_of(saved);
    return NULL;
}

static rc load(chancery_publisher *p, struct arena *arena, struct slice bytes, struct err *err)
{
    struct publisher_file file;
    TRY(library_start(err));
    TRY(publisher_file_read(arena, bytes, &file, err));
    AUTO(secret_free_at) struct secret *pem = secret_copy(slice_str(file.key_pem));
    TRY(jwk_private_from_pem(pem, &p->key, err));
    return take(p, file.certificate, file.exchange_jwk, file.authority_url, file.portal_url, err);
}

chancery_error *chancery_publisher_load(const void *saved, size_t size, chancery_publisher **out)
{
    struct err why = {0}, err = {0};
    AUTO(arena_free_at) struct arena *arena = arena_new(FILE_BUDGET);
    chancery_publisher *publisher = publisher_empty();
    if (!load(publisher, arena, slice_of(saved, size), &why).ok) {
        chancery_publisher_free(publisher);
        (void)err_raise(&err, R_INPUT_INVALID, __FILE__, __LINE__,
                        "it is not what a publisher was saved as");
        return failure_of(&err);
    }
    *out = publisher;
    return NULL;
}

/* --- what is known of it ---------------------------------------------------------------------- */

const char *chancery_publisher_certificate_id(const chancery_publisher *publisher)
{
    return publisher->serial;
}

int64_t chancery_publisher_expire_time(const chancery_publisher *publisher)
{
    return publisher->certificate.publisher.expires_at.s;
}

const char *chancery_publisher_name(const chancery_publisher *publisher)
{
    return publisher->certificate.publisher.name;
}

size_t chancery_publisher_owner_count(const chancery_publisher *publisher)
{
    const struct publisher *p = &publisher->certificate.publisher;
    return p->address_count > 0 ? p->address_count : p->domain_count;
}

const char *chancery_publisher_owner(const chancery_publisher *publisher, size_t index)
{
    const struct publisher *p = &publisher->certificate.publisher;
    if (index >= chancery_publisher_owner_count(publisher)) {
        return NULL;
    }
    return p->address_count > 0 ? p->addresses[index] : p->domains[index];
}
