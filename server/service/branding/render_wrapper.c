/* SPDX-License-Identifier: Apache-2.0 */
/* BrandingService.RenderWrapper: what does a person see of a protected mail whose program can't open
 * it? It grants nothing and leaves no record: Protect has left that.
 *
 *   parse    the mail
 *   tenant   the sender's; or for an admin their own
 *   decide   pure: may this caller protect for the sender? (domain/decide/decide_publisher.c)
 *   look     the branding, or the default, or none
 *   reply    the parts (wrapping.c) */
#include <string.h>

#include "domain/decide/decide_publisher.h"
#include "domain/values/address.h"
#include "service/branding/branding_message.h"
#include "service/branding/wrapping.h"
#include "service/common/flows.h"
#include "service/common/publisher_scope.h"
#include "service/common/reply.h"
#include "service/common/request.h"

struct render_wrapper {
    struct scope scope; /* first */
    struct wrapping wrapping;
};

static struct wrapping *wrapping_of(const struct call *c)
{
    struct render_wrapper *s = call_state(c);
    return &s->wrapping;
}

static bool is_preview(const struct call *c)
{
    return caller_of(c)->subject.component.role == ROLE_TENANT_ADMIN;
}

static step parse(struct call *c)
{
    const Chancery__V1__RenderWrapperRequest *request = render_wrapper_request(c);
    struct wrapping *w = wrapping_of(c);
    scope_of(c)->tenant_name = request->tenant;
    const struct wrapping_words words = {.sender_name = request->sender_name,
                                         .subject = request->subject,
                                         .languages = request->languages,
                                         .language_count = request->n_languages};
    step all = request_address(c, "sender", request->sender, &w->mail.sender);
    all = step_and(all, wrapping_read(c, &words, w));
    all = step_and(all, request_uuid(c, "content_id", request->content_id, &w->content));
    if (request->branding[0] != '\0') {
        all = step_and(all, branding_name_check(c, "branding", request->branding));
    }
    return all;
}

/* Once it is known who asks: their own mail is meant. */
static step sender(struct call *c)
{
    struct wrapping *w = wrapping_of(c);
    if (w->mail.sender[0] == '\0' && subject_has_user(&caller_of(c)->subject)) {
        w->mail.sender = caller_of(c)->who.user;
    }
    return w->mail.sender[0] != '\0' ? STEP_NEXT : call_bad_field(c, "sender", "It is required.");
}

static step check_named_tenant(struct call *c)
{
    const char *named = render_wrapper_request(c)->tenant;
    return named[0] == '\0' || strcmp(named, scope_tenant_name(c)) == 0
               ? STEP_NEXT
               : call_fail(c, R_COMPONENT_TENANT, "another tenant was named");
}

static step tenant(struct call *c)
{
    if (is_preview(c)) {
        return scope_resolve_tenant(c);
    }
    call_then(c, check_named_tenant);
    return publisher_scope(c, "sender", wrapping_of(c)->mail.sender);
}

static step decide(struct call *c)
{
    const struct publisher_question question = {.tenant = &scope_of(c)->tenant->view,
                                                .subject = &caller_of(c)->subject,
                                                .owner = wrapping_of(c)->mail.sender};
    enum reason reason = is_preview(c) ? R_NONE : decide_publisher(&question);
    return reason == R_NONE ? STEP_NEXT : call_fail(c, reason, "decided");
}

static step look(struct call *c)
{
    branding_store_find_look(scope_begin(c), render_wrapper_request(c)->branding);
    return scope_wait(c);
}

/* --- reply ------------------------------------------------------------------------------------ */

static step reply(struct call *c)
{
    struct wrapping *w = wrapping_of(c);
    w->protected_s = (int64_t)(uuid_v7_ms(w->content) / 1000);
    w->branding = render_wrapper_request(c)->branding;
    w->portal_url = boundary_portal_url(&caller_of(c)->found_platform->view,
                                        scope_of(c)->tenant->view.boundary);
    const Chancery__V1__RenderWrapperResponse *r = wrapping_write(c, w, &scope_of(c)->op);
    return r == NULL ? reply_over_budget(c) : render_wrapper_reply(c, r);
}

const struct flow render_wrapper_flow = {
    .method = "/chancery.v1.BrandingService/RenderWrapper",
    .name = "render_wrapper",
    .state = FLOW_STATE_ON(struct render_wrapper, BASE_SCOPE, struct scope, scope),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse), STEP("sender", sender), STEP("tenant", tenant),
              STEP("decide", decide), STEP("look", look), STEP("reply", reply)},
};
