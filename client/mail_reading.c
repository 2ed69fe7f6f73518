/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_reading.h"

#include "client/mail_decode.h"
#include "client/mail_text.h"

enum { TEXT_PART_MAX = 8 * 1024 * 1024 /* with its markup */ };

void mail_facts_fail(struct mail_reading *f, const char *why)
{
    if (!f->has_failed) {
        (void)err_raise(f->err, R_INPUT_INVALID, __FILE__, __LINE__, "%s", why);
    }
    f->has_failed = true;
}

/* How a text is read beside as it is. */
enum form { FORM_PLAIN, FORM_HTML, FORM_FLOWED, FORM_FOLDED };

static void add_form(struct mail_reading *f, struct slice text, enum form form)
{
    switch (form) {
    case FORM_PLAIN:
        mail_text_add(&f->text, text);
        break;
    case FORM_HTML:
        mail_text_add_html(&f->text, text);
        break;
    case FORM_FLOWED:
        mail_text_add_flowed(&f->text, text);
        break;
    case FORM_FOLDED:
        mail_text_add_folded(&f->text, text);
        break;
    }
    buf_add_byte(&f->text, '\n');
    if (f->text.len > MAIL_FACTS_TEXT_MAX) {
        mail_facts_fail(
            f,
            "the mail has more than 1 MiB of text, which rules can't look through; attach it as a file");
    }
}

static void add_text(struct mail_reading *f, struct slice bytes, enum form form)
{
    struct buf buf;
    struct slice utf8 = SLICE_NONE;
    buf_init(&buf, f->arena);
    mail_text_add(&buf, bytes);
    f->has_failed = f->has_failed || !buf_finish(&buf, &utf8, f->err).ok;
    size_t before = f->text.len;
    add_form(f, utf8, form);
    bool is_joined =
        (form == FORM_FLOWED || form == FORM_FOLDED) && f->text.len - before != utf8.len + 1;
    if (is_joined) {
        add_form(f, utf8, FORM_PLAIN); /* as a program shows it that doesn't know the form */
    }
}

void mail_facts_add_text(struct mail_reading *f, struct slice text)
{
    add_text(f, text, FORM_PLAIN);
}

/* Lines may end within a word where they are joined again: flowed text (RFC 3676 §4.1), calendars (RFC 5545
 * §3.1) and address cards (RFC 6350 §3.2). */
static enum form form_of(GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *flowed = g_mime_content_type_get_parameter(type, "delsp");
    if (g_mime_content_type_is_type(type, "text", "html") ||
        g_mime_content_type_is_type(type, "application", "xhtml+xml")) {
        return FORM_HTML;
    }
    if (flowed != NULL && g_ascii_strcasecmp(flowed, "yes") == 0) {
        return FORM_FLOWED;
    }
    static const char *const folded[] = {"calendar", "x-vcalendar", "vcard", "x-vcard",
                                         "directory"};
    for (size_t i = 0; i < sizeof folded / sizeof folded[0]; i++) {
        if (g_mime_content_type_is_type(type, "text", folded[i])) {
            return FORM_FOLDED;
        }
    }
    return FORM_PLAIN;
}

/* Which character set it says, or begins as: a mark of the byte order has the last word in browsers (WHATWG
 * Encoding §6.1). NULL: none but UTF-8. */
static const char *charset_of(GMimeObject *object, struct slice raw)
{
    const char *charset = g_mime_object_get_content_type_parameter(object, "charset");
    if (slice_starts_with(raw, "\xff\xfe") || slice_starts_with(raw, "\xfe\xff")) {
        return "utf-16";
    }
    bool is_other = charset != NULL && g_ascii_strcasecmp(charset, "utf-8") != 0 &&
                    g_ascii_strcasecmp(charset, "us-ascii") != 0;
    return is_other ? charset : NULL;
}

/* What says that it is in another character set, and reads well as it is, may be either: mail programs
 * guess, so both are looked at. */
void mail_facts_add_part(struct mail_reading *f, GMimeObject *object, struct slice raw)
{
    enum form form = form_of(object);
    const char *charset = charset_of(object, raw);
    if (raw.len > TEXT_PART_MAX) {
        mail_facts_fail(
            f,
            "the mail has a text of more than 8 MiB, which rules can't look through; attach it as a file");
        return;
    }
    GByteArray *converted = charset == NULL ? NULL : mail_decode_charset(raw, charset);
    bool is_raw_too = converted == NULL;
    if (converted != NULL) {
        struct slice text = mail_facts_bytes(converted);
        add_text(f, text, form);
        is_raw_too = raw.len > 0 && !slice_eq(text, raw) &&
                     g_utf8_validate((const char *)raw.ptr, (gssize)raw.len, NULL);
        g_byte_array_unref(converted);
    }
    if (is_raw_too) {
        add_text(f, raw, form);
    }
}
