/* SPDX-License-Identifier: Apache-2.0 */
/* BrandingService.RenderWrapper: what does a person see of a protected mail whose program can't open
 * it? It grants nothing and leaves no record: Protect has left that.
 *
 *   parse    the mail
 *   tenant   the sender's; or for an admin their own
 *   decide   pure: may this caller protect for the sender? (domain/decide/decide_publisher.c)
 *   look     the branding, or the default, or none
 *   reply    the parts (lib/wrapper) */
#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/hash.h"
#include "domain/decide/decide_publisher.h"
#include "domain/values/address.h"
#include "service/branding/branding_message.h"
#include "service/common/flows.h"
#include "service/common/publisher_scope.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "wrapper/wrapper.h"

enum {
    SENDER_NAME_MAX = 256, /* bytes */
    SUBJECT_MAX = 998,     /* bytes (RFC 5322 §2.1.1) */
    LINK_MAX = 1024,
};

struct wrapping {
    struct scope scope; /* first */
    struct wrapper_mail mail;
    struct uuid content;
    struct wrapper wrapper;
};

static struct wrapping *wrapping_of(const struct call *c)
{
    return call_state(c);
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
    w->mail.sender_name = request->sender_name;
    w->mail.subject = request->subject;
    w->mail.languages = (const char *const *)request->languages;
    w->mail.language_count = request->n_languages;
    step all = request_address(c, "sender", request->sender, &w->mail.sender);
    all = step_and(all, request_text(c, "sender_name", request->sender_name, SENDER_NAME_MAX));
    all = step_and(all, request_text(c, "subject", request->subject, SUBJECT_MAX));
    all = step_and(all, request_uuid(c, "content_id", request->content_id, &w->content));
    all = step_and(all, branding_check_languages(c, request->languages, request->n_languages));
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

/* --- the parts -------------------------------------------------------------------------------- */

/* The portal of the tenant's boundary, which opens its content for readers from elsewhere. */
static const char *link_to_portal(struct call *c)
{
    const struct boundary *boundary =
        boundary_find(&caller_of(c)->found_platform->view, scope_of(c)->tenant->view.boundary);
    const char *url = boundary == NULL ? "" : boundary->portal_url;
    struct uuid content = wrapping_of(c)->content;
    char id[UUID_TEXT_BYTES];
    if (url[0] == '\0' || uuid_is_zero(content)) {
        return url;
    }
    uuid_format(content, id);
    return arena_printf(call_arena(c), "%s%ccontent=%s", url, strchr(url, '?') == NULL ? '?' : '&',
                        id);
}

/* The same logo has the same id, and no other has it (RFC 2392). */
static const char *logo_id(struct call *c, struct slice logo)
{
    uint8_t hash[SHA256_BYTES];
    enum { SHOWN = 16 };
    if (logo.len == 0) {
        return "";
    }
    const char *hex = hash_sha256(logo, hash, call_err(c)).ok
                          ? hex_dup(call_arena(c), slice_of(hash, SHOWN))
                          : NULL;
    return hex == NULL ? NULL : arena_printf(call_arena(c), "logo.%s@chancery.invalid", hex);
}

static const struct wrapper_texts *texts_of(struct call *c, const struct branding_row *row)
{
    struct wrapper_texts *texts =
        ARENA_ARRAY(call_arena(c), struct wrapper_texts, row->text_count + 1);
    for (size_t i = 0; texts != NULL && i < row->text_count; i++) {
        texts[i] = (struct wrapper_texts){.language = row->languages[i],
                                          .title = row->introductions[i],
                                          .body = row->bodies[i],
                                          .button = row->buttons[i],
                                          .disclaimer = row->disclaimers[i]};
    }
    return texts;
}

/* The day on which readers outside lose it, of content that was protected with this branding. */
static const char *expiry_of(struct call *c, const struct branding_row *row)
{
    struct uuid content = wrapping_of(c)->content;
    bool is_named = strcmp(row->name, render_wrapper_request(c)->branding) == 0;
    if (!is_named || uuid_is_zero(content) || row->external_expiry_days == 0) {
        return "";
    }
    char text[RFC3339_BYTES];
    enum { DAY_BYTES = sizeof "2026-12-24" - 1 };
    int64_t days_us = (int64_t)row->external_expiry_days * 24 * 60 * 60 * 1000000;
    clock_rfc3339((int64_t)uuid_v7_ms(content) * 1000 + days_us, text);
    return arena_dup(call_arena(c), slice_of(text, DAY_BYTES));
}

static bool write_parts(struct call *c, const char *id)
{
    struct wrapping *w = wrapping_of(c);
    const struct branding_row *row = &scope_of(c)->op.brandings[0];
    const struct wrapper_look look = {
        .name = row->display_name[0] != '\0' ? row->display_name : scope_of(c)->op.text,
        .background_color = row->background_color,
        .accent_color = row->accent_color,
        .logo_id = id,
        .privacy_url = row->privacy_url,
        .texts = texts_of(c, row),
        .text_count = row->text_count,
    };
    w->mail.link = link_to_portal(c);
    w->mail.expiry = expiry_of(c, row);
    return look.texts != NULL && w->mail.link != NULL && w->mail.expiry != NULL &&
           wrapper_write(call_arena(c), &look, &w->mail, &w->wrapper, call_err(c)).ok;
}

static step reply(struct call *c)
{
    const struct branding_row *row = &scope_of(c)->op.brandings[0];
    const struct wrapper *wrapper = &wrapping_of(c)->wrapper;
    const char *id = logo_id(c, row->logo);
    Chancery__V1__RenderWrapperResponse *r = render_wrapper_response(c);
    if (r == NULL || id == NULL || !write_parts(c, id)) {
        return reply_over_budget(c);
    }
    r->html = reply_slice(c, wrapper->html);
    r->text = reply_slice(c, wrapper->text);
    r->logo = branding_message_write_logo(c, row->logo);
    r->logo_content_id = reply_text(id);
    r->branding = reply_text(row->name);
    r->languages = reply_texts(c, wrapper->languages, wrapper->language_count);
    r->n_languages = wrapper->language_count;
    bool is_whole = !arena_is_exceeded(call_arena(c));
    return is_whole ? render_wrapper_reply(c, r) : reply_over_budget(c);
}

const struct flow render_wrapper_flow = {
    .method = "/chancery.v1.BrandingService/RenderWrapper",
    .name = "render_wrapper",
    .state = FLOW_STATE_ON(struct wrapping, BASE_SCOPE, struct scope, scope),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse), STEP("sender", sender), STEP("tenant", tenant),
              STEP("decide", decide), STEP("look", look), STEP("reply", reply)},
};
