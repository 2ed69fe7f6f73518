/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wrapper.h"

#include "base/texts.h"
#include "chancery/v1/branding.pb-c.h"

const struct mail_notice *wrapper_ask(struct session *s, const struct wrapper_ask *ask)
{
    Chancery__V1__RenderWrapperRequest request;
    ProtobufCMessage *response = NULL;
    chancery__v1__render_wrapper_request__init(&request);
    request.sender = text_field(ask->sender);
    request.sender_name = text_field(ask->sender_name);
    request.branding = text_field(ask->branding);
    request.content_id = text_field(ask->content_id);
    request.languages = (char **)(uintptr_t)ask->languages;
    request.n_languages = texts_count(ask->languages);
    int code = session_call(s, "BrandingService/RenderWrapper", &request.base,
                            &chancery__v1__render_wrapper_response__descriptor, &response);
    struct mail_notice *notice = code == EXIT_OK ? ARENA_NEW(s->arena, struct mail_notice) : NULL;
    if (notice == NULL) {
        fprintf(stderr, "chancery %s: the mail is protected, and wrapped in a plain text\n",
                s->command->name);
        return NULL;
    }
    const Chancery__V1__RenderWrapperResponse *r = (const void *)response;
    *notice = (struct mail_notice){.html = r->html, .text = r->text};
    if (r->logo != NULL) {
        notice->logo = slice_of(r->logo->image.data, r->logo->image.len);
        notice->logo_type = r->logo->media_type;
        notice->logo_id = r->logo_content_id;
    }
    return notice;
}
