/* SPDX-License-Identifier: Apache-2.0 */
/* Protecting without asking: docs/formats.md §6.2. */
#include "base/utf8.h"
#include "domain/decide/decide_offline.h"
#include "library/handle.h"
#include "library/protection.h"
#include "library/publisher.h"
#include "library/session.h"
#include "wire/offline_license.h"
#include "wire/policy_request.h"

enum { OFFLINE_BUDGET = 4 * 1024 * 1024, DAY_S = 24 * 60 * 60 };

/* Whom the policy means, when nobody else is named: whoever can't be meant can't open it. */
static bool needs_recipients(const struct policy *policy)
{
    return policy->kind == POLICY_DO_NOT_FORWARD || policy->kind == POLICY_ENCRYPT_ONLY;
}

/* The authority asks the same at the first license, when it is too late. */
static rc complete(const struct publisher *publisher, const Chancery__V1__ProtectRequest *request,
                   int64_t now_ms, struct policy *policy, struct err *err)
{
    uint32_t days = policy_request_days(request);
    policy->issuer = publisher->name;
    policy->protected_at.s = now_ms / 1000;
    if (policy->owner[0] == '\0' && publisher->address_count > 0) {
        policy->owner = publisher->addresses[0];
    }
    if (days > 0) {
        policy->expires_at.s = policy->protected_at.s + (int64_t)days * DAY_S;
    }
    const struct offline_question question = {
        .publisher = publisher, .policy = policy, .now = policy->protected_at};
    enum reason reason = decide_offline(&question);
    if (reason != R_NONE) {
        FAIL(err, reason, "by its certificate");
    }
    ENSURE(policy->recipient_count > 0 || !needs_recipients(policy), err, R_RECIPIENTS_MISSING);
    return OK;
}

static rc check_name(const char *name, struct err *err)
{
    if (strlen(name) > LICENSE_DISPLAY_NAME_MAX || !utf8_is_printable(slice_str(name))) {
        FAIL(err, R_INPUT_INVALID, "a display name is one line of at most 256 bytes");
    }
    return OK;
}

/* --- the license ------------------------------------------------------------------------------ */

static rc seal(struct arena *arena, const chancery_publisher *p, const struct policy *policy,
               const struct secret *key, struct offline_seal *out, struct err *err)
{
    struct slice sealed;
    TRY(sealed_policy_encode(arena, policy, &sealed, err));
    ENSURE(sealed.len <= OFFLINE_POLICY_MAX, err, R_LIMIT_EXCEEDED);
    return offline_seal(arena, p->exchange, jwk_thumbprint(jwk_private_public(p->key)), key, sealed,
                        out, err);
}

static rc make(struct arena *arena, const chancery_publisher *p,
               const Chancery__V1__ProtectRequest *request, const struct policy *policy,
               int64_t now_ms, const struct secret *key, struct slice *license, struct err *err)
{
    struct offline_making making = {
        .header = {.authority_url = p->authority_url,
                   .boundary = p->certificate.publisher.boundary,
                   .tenant = p->certificate.publisher.tenant,
                   .display_name = request->display_name},
        .protected_ms = now_ms,
        .certificate = p->certificate_text,
        .key = p->key,
    };
    TRY(check_name(request->display_name, err));
    TRY(seal(arena, p, policy, key, &making.seal, err));
    return offline_license_make(arena, &making, license, err);
}

static rc protect(const chancery_publisher *p, const chancery_protection *protection,
                  chancery_content **out, struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(OFFLINE_BUDGET);
    AUTO(secret_free_at) struct secret *key = secret_random(OFFLINE_KEY_BYTES);
    const Chancery__V1__ProtectRequest *request;
    struct policy policy;
    struct policy_refused refused;
    struct slice license;
    const int64_t now_ms = clock_unix_us() / 1000;
    TRY(protection_request(protection, &request, err));
    TRY(policy_request_read(arena, request, &policy, &refused, err));
    TRY(complete(&p->certificate.publisher, request, now_ms, &policy, err));
    TRY(make(arena, p, request, &policy, now_ms, key, &license, err));
    TRY(handle_new(license, out, err));
    (*out)->key = key;
    key = NULL;
    return protection_told(*out, refused.items, refused.count, p->portal_url, policy.expires_at.s,
                           err);
}

chancery_error *chancery_protect_offline(const chancery_publisher *publisher,
                                         const chancery_protection *protection,
                                         chancery_content **out)
{
    struct err err = {0};
    chancery_content *content = NULL;
    if (!protect(publisher, protection, &content, &err).ok) {
        chancery_content_free(content);
        return failure_of(&err);
    }
    *out = content;
    return NULL;
}

chancery_error *chancery_register(chancery_session *session, const chancery_content *content,
                                  chancery_context *context)
{
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__RegisterContentRequest request;
    chancery__v1__register_content_request__init(&request);
    request.publishing_license = handle_license(content);
    return session_ask(session, context, arena, "PublishingService/RegisterContent", &request.base,
                       &chancery__v1__register_content_response__descriptor, &response);
}
