/* SPDX-License-Identifier: Apache-2.0 */
/* BrandingService.GetContentBranding: whose mail is it that a portal was given, and how does it look?
 * (docs/policy.md §3.10)
 *
 *   parse     the publishing license
 *   open      its clear header, the content's tenant, its key, the sealed policy
 *   standing  may its publisher still publish?
 *   decide    pure: may this portal show it? (domain/decide/decide_look.c)
 *   look      the branding that the policy names, or the default, or none
 *   reply
 *
 * Who has no genuine license learns by it of no tenant and of no branding. It grants nothing, and leaves no record. */
#include "domain/decide/decide_look.h"
#include "domain/values/language_lookup.h"
#include "service/branding/branding_message.h"
#include "service/branding/content_look.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "wrapper/wrapper.h"

static step parse(struct call *c)
{
    const Chancery__V1__GetContentBrandingRequest *request = get_content_branding_request(c);
    step all = branding_check_languages(c, request->languages, request->n_languages);
    return step_and(all, content_look_parse(c, request->publishing_license));
}

static step decide(struct call *c)
{
    const struct license_access *a = &content_look_of(c)->access;
    return content_look_refuse(c, decide_look(&a->tenant->view, &caller_of(c)->subject.component));
}

/* --- reply ------------------------------------------------------------------------------------ */

static bool write_texts(struct call *c, const struct branding_row *row,
                        Chancery__V1__GetContentBrandingResponse *r)
{
    const Chancery__V1__GetContentBrandingRequest *request = get_content_branding_request(c);
    size_t count = row->text_count == 0 ? 0 : request->n_languages;
    r->texts = ARENA_ARRAY(call_arena(c), Chancery__V1__BrandingText *, count + 1);
    for (size_t i = 0; r->texts != NULL && i < count; i++) {
        size_t at = language_lookup(request->languages[i], row->languages, row->text_count);
        r->texts[i] = branding_message_write_text(c, row, at);
        if (r->texts[i] == NULL) {
            return false;
        }
        r->n_texts++;
    }
    return r->texts != NULL;
}

static const char *text_color(const char *background)
{
    return background[0] == '\0' ? "" : wrapper_color_on(background);
}

static step reply(struct call *c)
{
    const struct change_op *op = &content_look_of(c)->op;
    const struct branding_row *row = &op->brandings[0];
    Chancery__V1__GetContentBrandingResponse *r = get_content_branding_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->branding = reply_text(row->name);
    r->display_name = reply_text(row->display_name[0] != '\0' ? row->display_name : op->text);
    r->logo = branding_message_write_logo(c, row->logo);
    r->background_color = reply_text(row->background_color);
    r->background_text_color = reply_text(text_color(row->background_color));
    r->accent_color = reply_text(row->accent_color);
    r->accent_text_color = reply_text(text_color(row->accent_color));
    r->privacy_url = reply_text(row->privacy_url);
    bool is_whole = write_texts(c, row, r) && !arena_is_exceeded(call_arena(c));
    return is_whole ? get_content_branding_reply(c, r) : reply_over_budget(c);
}

const struct flow get_content_branding_flow = {
    .method = "/chancery.v1.BrandingService/GetContentBranding",
    .name = "get_content_branding",
    .state = FLOW_STATE(struct content_look),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse), STEP("open", license_access_open),
              STEP("standing", content_look_standing), STEP("decide", decide),
              STEP("look", content_look_find), STEP("reply", reply)},
};
