/* SPDX-License-Identifier: Apache-2.0 */
/* What owners ask: revoke, restore, amend. */
#include "base/mem.h"
#include "chancery/v1/publishing.pb-c.h"
#include "chancery/v1/tracking.pb-c.h"
#include "library/buffer.h"
#include "library/handle.h"
#include "library/parts.h"
#include "library/session.h"

enum { AMENDMENT_BUDGET = 8 * 1024 * 1024 };

chancery_error *chancery_revoke(chancery_session *session, chancery_content *content,
                                const char *user, const char *reason, chancery_context *context)
{
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__RevokeRequest request;
    chancery__v1__revoke_request__init(&request);
    request.content_id = handle_id(content);
    request.publishing_license = handle_license(content);
    request.user = borrowed_text(user);
    request.reason = borrowed_text(reason);
    return session_ask(session, context, arena, "TrackingService/Revoke", &request.base,
                       &chancery__v1__revoke_response__descriptor, &response);
}

chancery_error *chancery_restore(chancery_session *session, chancery_content *content,
                                 const char *user, const char *reason, chancery_context *context)
{
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__RestoreRequest request;
    chancery__v1__restore_request__init(&request);
    request.content_id = handle_id(content);
    request.publishing_license = handle_license(content);
    request.user = borrowed_text(user);
    request.reason = borrowed_text(reason);
    return session_ask(session, context, arena, "TrackingService/Restore", &request.base,
                       &chancery__v1__restore_response__descriptor, &response);
}

/* --- amend ------------------------------------------------------------------------------------ */

struct chancery_amendment {
    struct arena *arena;
    struct err failure; /* the first thing that had no room */
    Chancery__V1__AmendPolicyRequest request;
    Chancery__V1__Expiry expiry;
    struct parts_grants grants;
};

chancery_amendment *chancery_amendment_new(void)
{
    chancery_amendment *amendment = xcalloc(1, sizeof *amendment);
    amendment->arena = arena_new_small(AMENDMENT_BUDGET);
    chancery__v1__amend_policy_request__init(&amendment->request);
    chancery__v1__expiry__init(&amendment->expiry);
    return amendment;
}

void chancery_amendment_free(chancery_amendment *amendment)
{
    if (amendment != NULL) {
        arena_free(amendment->arena);
        xfree(amendment);
    }
}

void chancery_amendment_grant(chancery_amendment *amendment, const char *principal,
                              const char *right)
{
    (void)parts_add_grant(amendment->arena, &amendment->grants, principal, right,
                          &amendment->failure);
    amendment->request.set_grants = amendment->grants.items;
    amendment->request.n_set_grants = amendment->grants.count;
}

void chancery_amendment_add_recipient(chancery_amendment *amendment, const char *address)
{
    (void)parts_add_text(amendment->arena, &amendment->request.add_recipients,
                         &amendment->request.n_add_recipients, address, &amendment->failure);
}

void chancery_amendment_remove(chancery_amendment *amendment, const char *principal)
{
    (void)parts_add_text(amendment->arena, &amendment->request.remove_principals,
                         &amendment->request.n_remove_principals, principal, &amendment->failure);
}

void chancery_amendment_set_expire_days(chancery_amendment *amendment, uint32_t days)
{
    amendment->expiry.kind_case =
        days == 0 ? CHANCERY__V1__EXPIRY__KIND__NOT_SET : CHANCERY__V1__EXPIRY__KIND_DAYS;
    amendment->expiry.days = days;
    amendment->request.expiry = &amendment->expiry;
}

void chancery_amendment_set_reason(chancery_amendment *amendment, const char *reason)
{
    char *copy = arena_strdup(amendment->arena, reason == NULL ? "" : reason);
    if (copy != NULL) {
        amendment->request.reason = copy;
    }
}

static rc check_room(const chancery_amendment *amendment, struct err *err)
{
    if (amendment->failure.reason != R_NONE || arena_is_exceeded(amendment->arena)) {
        FAIL(err, R_INPUT_INVALID, "the amendment is larger than any authority takes");
    }
    return OK;
}

chancery_error *chancery_amend(chancery_session *session, chancery_content *content,
                               const chancery_amendment *amendment, chancery_context *context,
                               chancery_buffer **approval_id)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__AmendPolicyRequest request = amendment->request;
    TELL(check_room(amendment, &err), &err);
    request.content_id = handle_id(content);
    request.publishing_license = handle_license(content);
    chancery_error *error =
        session_ask(session, context, arena, "PublishingService/AmendPolicy", &request.base,
                    &chancery__v1__amend_policy_response__descriptor, &response);
    if (error == NULL && approval_id != NULL) {
        const Chancery__V1__AmendPolicyResponse *r = (const void *)response;
        *approval_id = r->approval_id[0] == '\0' ? NULL : buffer_of(slice_str(r->approval_id));
    }
    return error;
}
