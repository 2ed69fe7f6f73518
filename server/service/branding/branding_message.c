/* SPDX-License-Identifier: Apache-2.0 */
#include "service/branding/branding_message.h"

#include <string.h>

#include "domain/values/language.h"
#include "domain/values/policy.h"
#include "service/common/etag.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "wrapper/wrapper.h"

enum {
    PARAGRAPH_MAX = 1024,
    BUTTON_MAX = 128,
    PORTAL_TEXT_MAX = 128,
    PRIVACY_URL_MAX = 512 /* bytes */
};
enum { OUTSIDE_DAYS_MAX = 730 };

/* --- reading ---------------------------------------------------------------------------------- */

step branding_name_check(struct call *c, const char *field, const char *name)
{
    size_t len = strlen(name);
    bool ok = len >= 1 && len <= BRANDING_NAME_MAX &&
              strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
    return ok ? STEP_NEXT : call_bad_field(c, field, "The name must match [a-z0-9-]{1,64}.");
}

step branding_check_languages(struct call *c, char **languages, size_t count)
{
    step all = request_count(c, "languages", count, 0, WRAPPER_LANGUAGES_MAX);
    for (size_t i = 0; !step_failed(all) && i < count; i++) {
        if (!language_tag_is_valid(slice_str(languages[i]))) {
            return call_bad_field(c, arena_printf(call_arena(c), "languages[%zu]", i),
                                  "It must be a language tag of RFC 5646, such as en or de-CH.");
        }
    }
    return all;
}

static step read_display_name(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    row->display_name = from->display_name;
    return request_text(c, "branding.display_name", from->display_name, DISPLAY_NAME_MAX);
}

static step read_logo(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    row->logo = SLICE_NONE;
    if (from->logo == NULL) {
        return STEP_NEXT;
    }
    struct slice image = slice_of(from->logo->image.data, from->logo->image.len);
    struct logo logo = logo_read(image);
    row->logo = image;
    if (image.len > LOGO_BYTES_MAX) {
        return call_bad_field(c, "branding.logo.image", "It may have 40 KiB.");
    }
    if (logo.media_type == NULL) {
        return call_bad_field(c, "branding.logo.image",
                              "It must be one whole PNG, JPEG or GIF, with nothing behind it.");
    }
    bool fits = logo.width >= 1 && logo.width <= LOGO_WIDTH_MAX && logo.height >= 1 &&
                logo.height <= LOGO_HEIGHT_MAX;
    return fits ? STEP_NEXT
                : call_bad_field(c, "branding.logo.image",
                                 "It may be 1,024 pixels wide and 512 high.");
}

static step read_color(struct call *c, const char *field, const char *text, const char **out)
{
    *out = text;
    return text[0] == '\0' || wrapper_color_is_valid(slice_str(text))
               ? STEP_NEXT
               : call_bad_field(c, field, "It must be #rrggbb, in hex digits.");
}

static step read_background(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    return read_color(c, "branding.background_color", from->background_color,
                      &row->background_color);
}

static step read_accent(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    return read_color(c, "branding.accent_color", from->accent_color, &row->accent_color);
}

static step read_privacy_url(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    row->privacy_url = from->privacy_url;
    return request_https_url(c, "branding.privacy_url", from->privacy_url, PRIVACY_URL_MAX);
}

/* The texts as they are stored: a list for each thing that is said. */
struct text_lists {
    const char **languages, **introductions, **bodies, **buttons, **disclaimers, **portal_texts;
};

static step bad_text(struct call *c, size_t index, const char *part, const char *why)
{
    return call_bad_field(c, arena_printf(call_arena(c), "branding.texts[%zu].%s", index, part),
                          why);
}

static step read_part(struct call *c, size_t index, const char *part, const char *text, size_t max,
                      const char **out)
{
    *out = text;
    return strlen(text) <= max
               ? STEP_NEXT
               : bad_text(c, index, part,
                          arena_printf(call_arena(c), "It may have %zu bytes.", max));
}

static step read_language(struct call *c, size_t index, const char *language, const char **before)
{
    if (!language_tag_is_valid(slice_str(language))) {
        return bad_text(c, index, "language",
                        "It must be a language tag of RFC 5646, such as en or de-CH.");
    }
    for (size_t i = 0; i < index; i++) {
        if (slice_eq_nocase(slice_str(before[i]), slice_str(language))) {
            return bad_text(c, index, "language", "There is another text in this language.");
        }
    }
    return STEP_NEXT;
}

static step read_text(struct call *c, size_t i, const Chancery__V1__BrandingText *from,
                      struct text_lists *lists)
{
    step all = read_language(c, i, from->language, lists->languages);
    lists->languages[i] = from->language;
    all = step_and(all, read_part(c, i, "introduction", from->introduction, PARAGRAPH_MAX,
                                  &lists->introductions[i]));
    all = step_and(all, read_part(c, i, "body", from->body, PARAGRAPH_MAX, &lists->bodies[i]));
    all = step_and(all, read_part(c, i, "button", from->button, BUTTON_MAX, &lists->buttons[i]));
    all = step_and(all, read_part(c, i, "disclaimer", from->disclaimer, PARAGRAPH_MAX,
                                  &lists->disclaimers[i]));
    return step_and(all, read_part(c, i, "portal_text", from->portal_text, PORTAL_TEXT_MAX,
                                   &lists->portal_texts[i]));
}

static bool make_room(struct call *c, size_t count, struct text_lists *lists)
{
    const char ***all[] = {&lists->languages, &lists->introductions, &lists->bodies,
                           &lists->buttons,   &lists->disclaimers,   &lists->portal_texts};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i] = ARENA_ARRAY(call_arena(c), const char *, count + 1);
        if (*all[i] == NULL) {
            return false;
        }
    }
    return true;
}

static step read_texts(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    struct text_lists lists;
    if (step_failed(request_count(c, "branding.texts", from->n_texts, 0, BRANDING_TEXTS_MAX))) {
        return STEP_FAILED;
    }
    if (!make_room(c, from->n_texts, &lists)) {
        return call_fail(c, R_ARENA_EXHAUSTED, "texts");
    }
    for (size_t i = 0; i < from->n_texts; i++) {
        if (step_failed(read_text(c, i, from->texts[i], &lists)) && !call_may_check_on(c)) {
            return STEP_FAILED;
        }
    }
    row->languages = lists.languages;
    row->introductions = lists.introductions;
    row->bodies = lists.bodies;
    row->buttons = lists.buttons;
    row->disclaimers = lists.disclaimers;
    row->portal_texts = lists.portal_texts;
    row->text_count = from->n_texts;
    return STEP_NEXT;
}

static step read_expiry(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    row->external_expiry_days = (int32_t)from->external_expiry_days;
    return from->external_expiry_days <= OUTSIDE_DAYS_MAX
               ? STEP_NEXT
               : call_bad_field(c, "branding.external_expiry_days", "It may be at most 730.");
}

static step read_sign_ins(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Branding *from = message;
    struct branding_row *row = out;
    row->sign_ins = 0;
    for (size_t i = 0; i < from->n_sign_in_kinds; i++) {
        int kind = (int)from->sign_in_kinds[i];
        bool is_known = kind >= SIGN_IN_WORK && kind <= SIGN_IN_PASSCODE;
        if (!is_known || (row->sign_ins & 1U << kind) != 0) {
            return call_bad_field(c, arena_printf(call_arena(c), "branding.sign_in_kinds[%zu]", i),
                                  is_known ? "It is there already." : "There is no such kind.");
        }
        row->sign_ins |= 1U << kind;
    }
    return STEP_NEXT;
}

static const struct resource_field fields[] = {
    IMMUTABLE("tenant"),
    IMMUTABLE("branding"),
    CHANGEABLE("display_name", read_display_name),
    CHANGEABLE("logo", read_logo),
    CHANGEABLE("background_color", read_background),
    CHANGEABLE("accent_color", read_accent),
    CHANGEABLE("texts", read_texts),
    CHANGEABLE("privacy_url", read_privacy_url),
    CHANGEABLE("external_expiry_days", read_expiry),
    CHANGEABLE("sign_in_kinds", read_sign_ins),
    OUTPUT_ONLY("etag"),
    OUTPUT_ONLY("create_time"),
    OUTPUT_ONLY("update_time"),
};

const struct resource branding_resource = {
    .name = "branding",
    .message = &chancery__v1__branding__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

/* --- writing ---------------------------------------------------------------------------------- */

Chancery__V1__Logo *branding_message_write_logo(struct call *c, struct slice image)
{
    Chancery__V1__Logo *logo =
        image.len == 0 ? NULL : call_message(c, &chancery__v1__logo__descriptor);
    if (logo != NULL) {
        logo->image = reply_bytes(image);
        logo->media_type = reply_text(logo_read(image).media_type);
    }
    return logo;
}

Chancery__V1__BrandingText *branding_message_write_text(struct call *c,
                                                        const struct branding_row *row, size_t i)
{
    Chancery__V1__BrandingText *text = call_message(c, &chancery__v1__branding_text__descriptor);
    if (text != NULL) {
        text->language = reply_text(row->languages[i]);
        text->introduction = reply_text(row->introductions[i]);
        text->body = reply_text(row->bodies[i]);
        text->button = reply_text(row->buttons[i]);
        text->disclaimer = reply_text(row->disclaimers[i]);
        text->portal_text = reply_text(row->portal_texts[i]);
    }
    return text;
}

static bool write_sign_ins(struct call *c, uint32_t sign_ins, Chancery__V1__Branding *b)
{
    b->sign_in_kinds =
        ARENA_ARRAY(call_arena(c), Chancery__V1__SignInKind, (size_t)SIGN_IN_PASSCODE + 1);
    for (int kind = SIGN_IN_WORK; b->sign_in_kinds != NULL && kind <= SIGN_IN_PASSCODE; kind++) {
        if ((sign_ins & 1U << kind) != 0) {
            b->sign_in_kinds[b->n_sign_in_kinds++] = (Chancery__V1__SignInKind)kind;
        }
    }
    return b->sign_in_kinds != NULL;
}

Chancery__V1__Branding *branding_message_write(struct call *c, const struct branding_row *row,
                                               const char *tenant)
{
    Chancery__V1__Branding *b = call_message(c, &chancery__v1__branding__descriptor);
    Chancery__V1__BrandingText **texts =
        ARENA_ARRAY(call_arena(c), Chancery__V1__BrandingText *, row->text_count + 1);
    if (b == NULL || texts == NULL) {
        return NULL;
    }
    b->tenant = reply_text(tenant);
    b->branding = reply_text(row->name);
    b->display_name = reply_text(row->display_name);
    b->logo = branding_message_write_logo(c, row->logo);
    b->background_color = reply_text(row->background_color);
    b->accent_color = reply_text(row->accent_color);
    b->privacy_url = reply_text(row->privacy_url);
    b->external_expiry_days = (uint32_t)row->external_expiry_days;
    b->texts = texts;
    for (; b->n_texts < row->text_count; b->n_texts++) {
        texts[b->n_texts] = branding_message_write_text(c, row, b->n_texts);
        if (texts[b->n_texts] == NULL) {
            return NULL;
        }
    }
    b->etag = reply_text(etag_write(c, row->mark));
    b->create_time = reply_time(c, row->created_at);
    b->update_time = reply_time(c, row->updated_at);
    bool is_whole = write_sign_ins(c, row->sign_ins, b) && (b->logo != NULL || row->logo.len == 0);
    return is_whole && !arena_is_exceeded(call_arena(c)) ? b : NULL;
}
