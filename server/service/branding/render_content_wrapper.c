/* SPDX-License-Identifier: Apache-2.0 */
/* BrandingService.RenderContentWrapper: what does a person see of an answer that a portal mails, and whose mail program
 * can't open it? It grants nothing and leaves no record: Answer has left that.
 *
 *   parse     the publishing license, and what is said
 *   open      its clear header, the content's tenant, its key, the sealed policy
 *   standing  may its publisher still publish?
 *   decide    pure: is it an answer of this portal's readers? (domain/decide/decide_look.c)
 *   sender    who has answered: the record says it, and no request
 *   look      the branding that the policy names, or the default, or none
 *   reply     the parts (wrapping.c) */
#include "context/wait.h"
#include "domain/decide/decide_look.h"
#include "service/branding/branding_message.h"
#include "service/branding/content_look.h"
#include "service/branding/wrapping.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "store/resource/answer_store.h"

struct render_content_wrapper {
    struct content_look look; /* first */
    struct answerer_find answerer;
    struct wrapping wrapping;
};

static struct render_content_wrapper *state_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__RenderContentWrapperRequest *request = render_content_wrapper_request(c);
    const struct wrapping_words words = {.sender_name = request->sender_name,
                                         .subject = request->subject,
                                         .languages = request->languages,
                                         .language_count = request->n_languages};
    return step_and(wrapping_read(c, &words, &state_of(c)->wrapping),
                    content_look_parse(c, request->publishing_license));
}

static step decide(struct call *c)
{
    const struct license_access *a = &state_of(c)->look.access;
    return content_look_refuse(
        c, decide_answer_look(&a->tenant->view, &a->policy, &caller_of(c)->subject.component));
}

static step found(struct call *c)
{
    struct render_content_wrapper *s = state_of(c);
    s->wrapping.mail.sender = s->answerer.reader;
    return wait_over(c, &s->answerer.op.err);
}

static step sender(struct call *c)
{
    struct render_content_wrapper *s = state_of(c);
    const struct license_access *a = &s->look.access;
    wait_store_init(c, &s->answerer.op);
    answer_store_find_answerer(&s->answerer, a->tenant->view.id, a->license.header.content);
    return wait_store(c, found, &s->answerer.op);
}

static step reply(struct call *c)
{
    struct render_content_wrapper *s = state_of(c);
    const struct license_access *a = &s->look.access;
    s->wrapping.content = a->license.header.content.u;
    s->wrapping.protected_s = a->policy.protected_at.s;
    s->wrapping.branding = a->policy.branding == NULL ? "" : a->policy.branding;
    s->wrapping.portal_url =
        boundary_portal_url(&a->platform_record->view, a->tenant->view.boundary);
    return reply_message(c, wrapping_write(c, &s->wrapping, &s->look.op));
}

const struct flow render_content_wrapper_flow = {
    .method = "/chancery.v1.BrandingService/RenderContentWrapper",
    .name = "render_content_wrapper",
    .state = FLOW_STATE(struct render_content_wrapper),
    .memory = BRANDING_MEMORY,
    .steps = {STEP("parse", parse), STEP("open", license_access_open),
              STEP("standing", content_look_standing), STEP("decide", decide),
              STEP("sender", sender), STEP("look", content_look_find), STEP("reply", reply)},
};
