/* SPDX-License-Identifier: Apache-2.0 */
#include "service/branding/wrapping.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "crypto/hash.h"
#include "service/branding/branding_message.h"
#include "service/common/reply.h"
#include "service/common/request.h"

enum {
    SENDER_NAME_MAX = 256, /* bytes */
    SUBJECT_MAX = 998,     /* bytes (RFC 5322 §2.1.1) */
};

step wrapping_read(struct call *c, const struct wrapping_words *words, struct wrapping *out)
{
    out->mail.sender_name = words->sender_name;
    out->mail.subject = words->subject;
    out->mail.languages = (const char *const *)words->languages;
    out->mail.language_count = words->language_count;
    step all = request_text(c, "sender_name", words->sender_name, SENDER_NAME_MAX);
    all = step_and(all, request_text(c, "subject", words->subject, SUBJECT_MAX));
    return step_and(all, branding_check_languages(c, words->languages, words->language_count));
}

static const char *link_to_portal(struct call *c, const struct wrapping *w)
{
    const char *url = w->portal_url;
    char id[UUID_TEXT_BYTES];
    if (url[0] == '\0' || uuid_is_zero(w->content)) {
        return url;
    }
    uuid_format(w->content, id);
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
static const char *expiry_of(struct call *c, const struct wrapping *w,
                             const struct branding_row *row)
{
    bool is_named = strcmp(row->name, w->branding) == 0;
    if (!is_named || uuid_is_zero(w->content) || row->external_expiry_days == 0) {
        return "";
    }
    char text[RFC3339_BYTES];
    enum { DAY_BYTES = sizeof "2026-12-24" - 1 };
    int64_t ends_s = w->protected_s + (int64_t)row->external_expiry_days * 24 * 60 * 60;
    clock_rfc3339(ends_s * 1000000, text);
    return arena_dup(call_arena(c), slice_of(text, DAY_BYTES));
}

static bool write_parts(struct call *c, struct wrapping *w, const struct change_op *look,
                        const char *id, struct wrapper *out)
{
    const struct branding_row *row = &look->brandings[0];
    const struct wrapper_look shown = {
        .name = row->display_name[0] != '\0' ? row->display_name : look->text,
        .background_color = row->background_color,
        .accent_color = row->accent_color,
        .logo_id = id,
        .privacy_url = row->privacy_url,
        .texts = texts_of(c, row),
        .text_count = row->text_count,
    };
    w->mail.link = link_to_portal(c, w);
    w->mail.expiry = expiry_of(c, w, row);
    return shown.texts != NULL && w->mail.link != NULL && w->mail.expiry != NULL &&
           wrapper_write(call_arena(c), &shown, &w->mail, out, call_err(c)).ok;
}

Chancery__V1__RenderWrapperResponse *wrapping_write(struct call *c, struct wrapping *wrapping,
                                                    const struct change_op *look)
{
    const struct branding_row *row = &look->brandings[0];
    struct wrapper wrapper = {.html = {NULL, 0}};
    const char *id = logo_id(c, row->logo);
    Chancery__V1__RenderWrapperResponse *r =
        call_message(c, &chancery__v1__render_wrapper_response__descriptor);
    if (r == NULL || id == NULL || !write_parts(c, wrapping, look, id, &wrapper)) {
        return NULL;
    }
    r->html = reply_slice(c, wrapper.html);
    r->text = reply_slice(c, wrapper.text);
    r->logo = branding_message_write_logo(c, row->logo);
    r->logo_content_id = reply_text(id);
    r->branding = reply_text(row->name);
    r->languages = reply_texts(c, wrapper.languages, wrapper.language_count);
    r->n_languages = wrapper.language_count;
    return arena_is_exceeded(call_arena(c)) ? NULL : r;
}
