/* SPDX-License-Identifier: Apache-2.0 */
#include "library/wrapper.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "chancery/v1/branding.pb-c.h"
#include "library/handle.h"
#include "library/parts.h"
#include "library/session.h"

enum { WRAPPING_BUDGET = 64 * 1024, SENDER_NAME_MAX = 256, SUBJECT_MAX = 998 };

/* --- requests --------------------------------------------------------------------------------- */

struct chancery_wrapping {
    struct arena *arena;
    struct err failure; /* the first thing that had no room */
    Chancery__V1__RenderWrapperRequest request;
};

chancery_wrapping *chancery_wrapping_new(void)
{
    chancery_wrapping *w = xcalloc(1, sizeof *w);
    w->arena = arena_new_small(WRAPPING_BUDGET);
    chancery__v1__render_wrapper_request__init(&w->request);
    return w;
}

void chancery_wrapping_free(chancery_wrapping *w)
{
    if (w != NULL) {
        arena_free(w->arena);
        xfree(w);
    }
}

static void set(chancery_wrapping *w, char **place, const char *text)
{
    char *copy = arena_strdup(w->arena, text == NULL ? "" : text);
    if (copy != NULL) {
        *place = copy;
    }
}

void chancery_wrapping_set_sender(chancery_wrapping *w, const char *address)
{
    set(w, &w->request.sender, address);
}

/* For people: as it came in a mail it may be of any length, and have line ends. */
static void set_line(chancery_wrapping *w, char **place, const char *text, size_t most)
{
    set(w, place, utf8_line(w->arena, slice_str(text), most));
}

void chancery_wrapping_set_sender_name(chancery_wrapping *w, const char *name)
{
    set_line(w, &w->request.sender_name, name, SENDER_NAME_MAX);
}

void chancery_wrapping_set_subject(chancery_wrapping *w, const char *subject)
{
    set_line(w, &w->request.subject, subject, SUBJECT_MAX);
}

void chancery_wrapping_set_branding(chancery_wrapping *w, const char *name)
{
    set(w, &w->request.branding, name);
}

void chancery_wrapping_add_language(chancery_wrapping *w, const char *language)
{
    (void)parts_add_text(w->arena, &w->request.languages, &w->request.n_languages, language,
                         &w->failure);
}

void chancery_wrapping_set_content(chancery_wrapping *w, const char *id)
{
    set(w, &w->request.content_id, id);
}

/* --- wrappers --------------------------------------------------------------------------------- */

struct chancery_wrapper {
    struct arena *arena; /* has the answer */
    const Chancery__V1__RenderWrapperResponse *response;
};

static rc check_room(const chancery_wrapping *w, struct err *err)
{
    if (w->failure.reason != R_NONE || arena_is_exceeded(w->arena)) {
        FAIL(err, R_INPUT_INVALID, "the request is larger than any authority takes");
    }
    return OK;
}

/* Both kinds of text are what a reader without a client has. */
static rc check_answer(const Chancery__V1__RenderWrapperResponse *r, struct err *err)
{
    if (r == NULL || r->html[0] == '\0' || r->text[0] == '\0') {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its wrapper is empty");
    }
    return OK;
}

/* The arena is taken, in any case. */
static chancery_error *take_wrapper(chancery_error *error, struct arena *arena,
                                    const Chancery__V1__RenderWrapperResponse *r,
                                    chancery_wrapper **out)
{
    struct err err = {0};
    if (error == NULL && !check_answer(r, &err).ok) {
        error = failure_of(&err);
    }
    if (error != NULL) {
        arena_free(arena);
        return error;
    }
    chancery_wrapper *wrapper = xcalloc(1, sizeof *wrapper);
    *wrapper = (chancery_wrapper){arena, r};
    *out = wrapper;
    return NULL;
}

chancery_error *chancery_render_wrapper(chancery_session *session, const chancery_wrapping *w,
                                        chancery_context *context, chancery_wrapper **out)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    TELL(check_room(w, &err), &err);
    struct arena *arena = arena_new(CALL_BUDGET);
    chancery_error *error =
        session_ask(session, context, arena, "BrandingService/RenderWrapper", &w->request.base,
                    &chancery__v1__render_wrapper_response__descriptor, &response);
    return take_wrapper(error, arena, (const void *)response, out);
}

static rc check_license(const chancery_content *answer, struct err *err)
{
    if (answer->license.len == 0) {
        FAIL(err, R_INPUT_INVALID, "an answer is shown by its publishing license, not by its id");
    }
    return OK;
}

chancery_error *chancery_render_content_wrapper(chancery_session *session,
                                                const chancery_content *answer,
                                                const chancery_wrapping *w,
                                                chancery_context *context, chancery_wrapper **out)
{
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    Chancery__V1__RenderContentWrapperRequest request;
    TELL(check_room(w, &err), &err);
    TELL(check_license(answer, &err), &err);
    chancery__v1__render_content_wrapper_request__init(&request);
    request.publishing_license = handle_license(answer);
    request.sender_name = w->request.sender_name;
    request.subject = w->request.subject;
    request.languages = w->request.languages;
    request.n_languages = w->request.n_languages;
    struct arena *arena = arena_new(CALL_BUDGET);
    chancery_error *error =
        session_ask(session, context, arena, "BrandingService/RenderContentWrapper", &request.base,
                    &chancery__v1__render_content_wrapper_response__descriptor, &message);
    const Chancery__V1__RenderContentWrapperResponse *r = (const void *)message;
    return take_wrapper(error, arena, r == NULL ? NULL : r->wrapper, out);
}

const char *chancery_wrapper_html(const chancery_wrapper *wrapper)
{
    return wrapper->response->html;
}

const char *chancery_wrapper_text(const chancery_wrapper *wrapper)
{
    return wrapper->response->text;
}

const void *chancery_wrapper_logo(const chancery_wrapper *wrapper, size_t *size)
{
    const Chancery__V1__Logo *logo = wrapper->response->logo;
    *size = logo == NULL ? 0 : logo->image.len;
    return logo == NULL ? NULL : logo->image.data;
}

const char *chancery_wrapper_logo_type(const chancery_wrapper *wrapper)
{
    const Chancery__V1__Logo *logo = wrapper->response->logo;
    return logo == NULL ? "" : logo->media_type;
}

const char *chancery_wrapper_logo_id(const chancery_wrapper *wrapper)
{
    return wrapper->response->logo == NULL ? "" : wrapper->response->logo_content_id;
}

struct mail_notice wrapper_notice(const chancery_wrapper *wrapper)
{
    size_t size;
    const void *logo = chancery_wrapper_logo(wrapper, &size);
    return (struct mail_notice){.html = wrapper->response->html,
                                .text = wrapper->response->text,
                                .logo = slice_of(logo, size),
                                .logo_type = chancery_wrapper_logo_type(wrapper),
                                .logo_id = chancery_wrapper_logo_id(wrapper)};
}

void chancery_wrapper_free(chancery_wrapper *wrapper)
{
    if (wrapper != NULL) {
        arena_free(wrapper->arena);
        xfree(wrapper);
    }
}
