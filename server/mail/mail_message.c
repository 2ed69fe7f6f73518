/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mail_message.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/encode.h"
#include "domain/values/address.h"
#include "domain/values/language_lookup.h"

enum { LANGUAGES_MAX = 64, LINE_MAX_ENCODED = 73 /* and "=" and CRLF: RFC 2045 §6.7 (5) */ };

/* --- headers ---------------------------------------------------------------------------------- */

/* Local parts of our addresses are dot-atoms but for their dots (domain/values/address.h), and RFC 5321 §4.1.2 wants
 * those quoted. */
const char *mail_message_address(struct arena *arena, const char *address)
{
    const char *at = strrchr(address, '@');
    int len = at == NULL ? 0 : (int)(at - address);
    bool is_dot_atom = len > 0 && address[0] != '.' && at[-1] != '.' &&
                       memmem(address, (size_t)len, "..", 2) == NULL;
    return is_dot_atom ? arena_strdup(arena, address)
                       : arena_printf(arena, "\"%.*s\"%s", len, address, address + len);
}

static bool is_plain(const char *text)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -_") ==
           strlen(text);
}

/* A text of a header, as an encoded word where it is not plain (RFC 2047). */
static void add_words(struct buf *buf, struct arena *arena, const char *text)
{
    if (is_plain(text)) {
        buf_add_str(buf, text);
        return;
    }
    char *encoded = base64_dup(arena, slice_str(text));
    buf->failed = buf->failed || encoded == NULL;
    buf_printf(buf, "=?utf-8?B?%s?=", encoded == NULL ? "" : encoded);
}

/* RFC 5322 §3.3; not by strftime, whose names are those of a locale. */
static void add_date(struct buf *buf, struct unix_time now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)now.s;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    buf_printf(buf, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
               months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_from(struct buf *buf, struct arena *arena, const struct mail_head *m)
{
    buf_add_str(buf, "From: ");
    if (m->from_name[0] != '\0') {
        add_words(buf, arena, m->from_name);
        buf_add_byte(buf, ' ');
    }
    buf_printf(buf, "<%s>\r\n", m->from);
}

/* What keeps programs from answering: RFC 3834 §5, and Exchange's own. */
static void add_headers(struct buf *buf, struct arena *arena, const struct mail_head *m,
                        const char *subject, const char *languages)
{
    char id[UUID_TEXT_BYTES];
    const char *to = mail_message_address(arena, m->to);
    buf->failed = buf->failed || to == NULL;
    uuid_format(m->id, id);
    add_date(buf, m->now);
    add_from(buf, arena, m);
    buf_printf(buf, "To: <%s>\r\nMessage-ID: <%s@%s>\r\nSubject: ", to == NULL ? "" : to, id,
               address_domain(m->from));
    add_words(buf, arena, subject);
    buf_printf(buf,
               "\r\nAuto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n"
               "MIME-Version: 1.0\r\nContent-Language: %s\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
               languages);
}

/* --- body ------------------------------------------------------------------------------------- */

/* What a placeholder stands for (scripts/gen-mail-texts). */
typedef void (*add_value_fn)(struct buf *buf, const void *message, struct slice name);

static void add_passcode_value(struct buf *buf, const void *message, struct slice name)
{
    const struct passcode_message *m = message;
    if (slice_eq_str(name, "code")) {
        buf_printf(buf, "%.4s %s", m->code, m->code + 4); /* as people read it */
    } else if (slice_eq_str(name, "reference")) {
        buf_add_str(buf, m->reference);
    } else {
        buf_printf(buf, "%u", m->minutes);
    }
}

static void add_notice_value(struct buf *buf, const void *message, struct slice name)
{
    const struct notice_message *m = message;
    char id[UUID_TEXT_BYTES];
    if (slice_eq_str(name, "name")) {
        buf_add_str(buf, m->name[0] == '\0' ? "-" : m->name);
    } else if (slice_eq_str(name, "content")) {
        uuid_format(m->content.u, id);
        buf_add_str(buf, id);
    } else {
        buf_printf(buf, "%lld", (long long)(slice_eq_str(name, "opened") ? m->opened : m->refused));
    }
}

static void fill_in(struct buf *buf, const void *message, add_value_fn add_value, const char *body)
{
    while (*body != '\0') {
        size_t len = strcspn(body, "{");
        buf_add(buf, slice_of(body, len));
        body += len;
        if (*body == '{') {
            len = strcspn(body, "}");
            add_value(buf, message, slice_of(body + 1, len - 1));
            body += len + 1;
        }
    }
}

/* Quoted-printable (RFC 2045 §6.7): lines end in LF here, and in CRLF there. */
static void add_quoted(struct buf *buf, struct slice text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool ends = i + 1 == text.len || text.ptr[i + 1] == '\n';
        bool is_literal = (c > ' ' && c <= '~' && c != '=') || (c == ' ' && !ends);
        if (c == '\n') {
            buf_add_str(buf, "\r\n");
            column = 0;
            continue;
        }
        if (column >= LINE_MAX_ENCODED) {
            buf_add_str(buf, "=\r\n");
            column = 0;
        }
        if (is_literal) {
            buf_add_byte(buf, c);
        } else {
            buf_printf(buf, "=%02X", c);
        }
        column += is_literal ? 1 : 3;
    }
}

static const struct mail_text *text_in(const struct mail_text *texts, size_t text_count,
                                       const char *language)
{
    const char *tags[LANGUAGES_MAX];
    size_t count = text_count < LANGUAGES_MAX ? text_count : LANGUAGES_MAX;
    for (size_t i = 0; i < count; i++) {
        tags[i] = texts[i].language;
    }
    return &texts[language_lookup(language, tags, count)];
}

rc mail_message_passcode(struct arena *arena, const struct passcode_message *message,
                         struct slice *out, struct err *err)
{
    const struct mail_text *text = text_in(PASSCODE_TEXTS, PASSCODE_TEXT_COUNT, message->language);
    struct buf body, all;
    struct slice filled;
    buf_init(&body, arena);
    fill_in(&body, message, add_passcode_value, text->body);
    TRY(buf_finish(&body, &filled, err));
    buf_init(&all, arena);
    add_headers(&all, arena, &message->envelope, text->subject, text->language);
    add_quoted(&all, filled);
    return buf_finish(&all, out, err);
}

/* --- notices ---------------------------------------------------------------------------------- */

/* "de, en" (RFC 3282). */
static const char *notice_languages(struct arena *arena)
{
    const char *all = NOTICE_TEXTS[0].language;
    for (size_t i = 1; all != NULL && i < NOTICE_TEXT_COUNT; i++) {
        all = arena_printf(arena, "%s, %s", all, NOTICE_TEXTS[i].language);
    }
    return all;
}

static void add_events(struct buf *buf, const struct notice_message *m)
{
    for (size_t i = 0; i < m->event_count; i++) {
        buf_printf(buf, "%s\n", m->events[i]);
    }
    if ((int64_t)m->event_count < m->opened + m->refused) {
        buf_add_str(buf, "…\n");
    }
}

rc mail_message_notice(struct arena *arena, const struct notice_message *message, struct slice *out,
                       struct err *err)
{
    const char *languages = notice_languages(arena);
    const struct mail_text *plain =
        text_in(NOTICE_TEXTS, NOTICE_TEXT_COUNT, ""); /* a mail has one subject */
    struct buf body, all;
    struct slice filled;
    ARENA_ENSURE(languages, err);
    buf_init(&body, arena);
    for (size_t i = 0; i < NOTICE_TEXT_COUNT; i++) {
        fill_in(&body, message, add_notice_value, NOTICE_TEXTS[i].body);
        buf_add_str(&body, "\n");
    }
    add_events(&body, message);
    TRY(buf_finish(&body, &filled, err));
    buf_init(&all, arena);
    add_headers(&all, arena, &message->envelope, plain->subject, languages);
    add_quoted(&all, filled);
    return buf_finish(&all, out, err);
}
