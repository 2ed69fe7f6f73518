/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "client/mail.h"
#include "client/mail_cms.h"
#include "client/mail_mime.h"
#include "client/mail_notice.h"

/* --- Bcc -------------------------------------------------------------------------------------- */

/* The next line of a header with its end; what it continues on other lines is theirs. */
static struct slice next_line(struct slice *rest)
{
    ptrdiff_t end = slice_find(*rest, '\n');
    struct slice line = slice_cut(*rest, 0, end < 0 ? rest->len : (size_t)end + 1);
    *rest = slice_cut(*rest, line.len, rest->len);
    return line;
}

/* RFC 5322 §4.5.3 has white space before the colon. */
static bool is_field(struct slice line, const char *name)
{
    size_t len = strlen(name);
    bool has_name = line.len > len && slice_eq_nocase(slice_cut(line, 0, len), slice_str(name));
    while (has_name && len < line.len && (line.ptr[len] == ' ' || line.ptr[len] == '\t')) {
        len++;
    }
    return has_name && len < line.len && line.ptr[len] == ':';
}

static bool is_end(struct slice line)
{
    return line.len == 0 || line.ptr[0] == '\n' || (line.ptr[0] == '\r' && line.len <= 2);
}

/* The mail without Bcc and Resent-Bcc, otherwise byte for byte: whoever reads it does not see who
 * else got it (RFC 5322 §3.6.3). */
static rc without_bcc(struct arena *arena, struct slice mail, struct slice *out, struct err *err)
{
    struct buf kept;
    struct slice rest = mail, line = next_line(&rest);
    bool is_bcc = false, any = false;
    buf_init(&kept, arena);
    for (; !is_end(line); line = next_line(&rest)) {
        bool goes_on = line.ptr[0] == ' ' || line.ptr[0] == '\t';
        is_bcc = goes_on ? is_bcc : is_field(line, "Bcc") || is_field(line, "Resent-Bcc");
        any = any || is_bcc;
        if (!is_bcc) {
            buf_add(&kept, line);
        }
    }
    *out = mail;
    if (!any) {
        return OK;
    }
    buf_add(&kept, line);
    buf_add(&kept, rest);
    return buf_finish(&kept, out, err);
}

/* --- wrapping --------------------------------------------------------------------------------- */

static GMimeObject *attachment(const char *type, const char *subtype, const char *name,
                               struct slice bytes)
{
    GMimePart *part = g_mime_part_new_with_type(type, subtype);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes.ptr, bytes.len);
    GMimeDataWrapper *content =
        g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);
    g_mime_part_set_content(part, content);
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
    g_mime_part_set_filename(part, name);
    g_object_unref(content);
    g_object_unref(stream);
    return GMIME_OBJECT(part);
}

static GMimeObject *notice(const char *portal_url)
{
    GMimeTextPart *part = g_mime_text_part_new_with_subtype("plain");
    char text[2048];
    if (!utf8_is_printable(slice_str(portal_url))) { /* it would write lines of its own */
        portal_url = "";
    }
    snprintf(
        text, sizeof text,
        "This message is protected.\r\n\r\nOpen it with a mail program that knows Chancery%s%s.\r\n",
        portal_url[0] == '\0' ? "" : ", or in your browser at\r\n", portal_url);
    g_mime_text_part_set_text(part, text);
    return GMIME_OBJECT(part);
}

static void add(GMimeMultipart *multipart, GMimeObject *part)
{
    g_mime_multipart_add(multipart, part);
    g_object_unref(part);
}

/* A field as it came is ASCII, and its line ends where folding has them. */
static bool is_as_it_came(const char *raw)
{
    for (const unsigned char *at = (const unsigned char *)raw; *at != '\0'; at++) {
        bool is_end = at[0] == '\r' && at[1] == '\n';
        bool is_folded = at[0] == '\n' && (at[1] == ' ' || at[1] == '\t' || at[1] == '\0');
        if (*at > '~' || (*at < ' ' && *at != '\t' && !is_end && !is_folded)) {
            return false;
        }
    }
    return true;
}

/* The field in the same words, with LF alone. */
static void copy_raw(GMimeMessage *to, const char *name, const char *raw)
{
    GString *value = g_string_new(NULL);
    for (const char *at = raw; *at != '\0'; at++) {
        if (*at != '\r') {
            g_string_append_c(value, *at);
        }
    }
    if (value->len == 0 || value->str[value->len - 1] != '\n') {
        g_string_append_c(value, '\n');
    }
    g_mime_object_set_header(GMIME_OBJECT(to), name, "", "utf-8");
    GMimeHeader *header =
        g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(to)), name);
    g_mime_header_set_raw_value(header, value->str);
    g_string_free(value, TRUE);
}

/* Of addresses, each by itself: their names may have commas and colons. False for another field. */
static bool copy_addresses(GMimeMessage *from, GMimeMessage *to, const char *name)
{
    static const struct {
        const char *name;
        GMimeAddressType type;
    } kinds[] = {{"From", GMIME_ADDRESS_TYPE_FROM},
                 {"Sender", GMIME_ADDRESS_TYPE_SENDER},
                 {"Reply-To", GMIME_ADDRESS_TYPE_REPLY_TO},
                 {"To", GMIME_ADDRESS_TYPE_TO},
                 {"Cc", GMIME_ADDRESS_TYPE_CC}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            internet_address_list_append(g_mime_message_get_addresses(to, kinds[i].type),
                                         g_mime_message_get_addresses(from, kinds[i].type));
            return true;
        }
    }
    return false;
}

/* Decoding and encoding again would change what a field means: a name with a comma would be two people, and
 * an encoded line end in a Message-ID a line of the header. So it is done only for text that needs it. */
static void copy_header(GMimeMessage *from, GMimeMessage *to, const char *name)
{
    static const char *const texts[] = {"Subject", "Thread-Topic"};
    GMimeHeader *header =
        g_mime_header_list_get_header(g_mime_object_get_header_list(GMIME_OBJECT(from)), name);
    const char *raw = header == NULL ? NULL : g_mime_header_get_raw_value(header);
    const char *value = header == NULL ? NULL : g_mime_header_get_value(header);
    if (raw == NULL || value == NULL) {
        return;
    }
    if (is_as_it_came(raw)) {
        copy_raw(to, name, raw);
    } else if (!copy_addresses(from, to, name)) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            if (strcmp(texts[i], name) == 0) {
                g_mime_object_set_header(GMIME_OBJECT(to), name, value, "utf-8");
            }
        }
    }
}

/* What mail systems and mail programs need of the mail's own header: who it is from and for, to which
 * thread it belongs, whether a program sent it and no other should answer (RFC 3834), and how to
 * leave a list (RFC 2369, RFC 2919, RFC 8058). Nothing else of it is readable in the wrapper. */
static void copy_headers(GMimeMessage *from, GMimeMessage *to)
{
    static const char *const names[] = {"From",
                                        "Sender",
                                        "Reply-To",
                                        "To",
                                        "Cc",
                                        "Subject",
                                        "Date",
                                        "Message-Id",
                                        "In-Reply-To",
                                        "References",
                                        "Thread-Topic",
                                        "Thread-Index",
                                        "Importance",
                                        "Priority",
                                        "X-Priority",
                                        "Sensitivity",
                                        "Precedence",
                                        "Auto-Submitted",
                                        "X-Auto-Response-Suppress",
                                        "List-Id",
                                        "List-Help",
                                        "List-Subscribe",
                                        "List-Unsubscribe",
                                        "List-Unsubscribe-Post",
                                        "List-Post",
                                        "List-Owner",
                                        "List-Archive"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        copy_header(from, to, names[i]);
    }
}

static GMimeMessage *build(const struct mail_wrapping *w, struct slice sealed)
{
    GMimeMessage *wrapper = g_mime_message_new(TRUE);
    GMimeMessage *original = mail_mime_parse(w->header.len > 0 ? w->header : w->mail);
    GMimeMultipart *parts = g_mime_multipart_new_with_subtype("mixed");
    char content[UUID_TEXT_BYTES];
    if (original != NULL) {
        copy_headers(original, wrapper);
        g_object_unref(original);
    }
    uuid_format(w->content.u, content);
    g_mime_object_set_header(GMIME_OBJECT(wrapper), MAIL_CONTENT_HEADER, content, "utf-8");
    add(parts, w->notice == NULL ? notice(w->portal_url) : mail_notice_part(w->notice));
    add(parts, attachment("application", MAIL_LICENSE_SUBTYPE, "license.bin", w->license));
    GMimeObject *message = attachment("application", "pkcs7-mime", "message.p7m", sealed);
    g_mime_object_set_content_type_parameter(message, "smime-type", "authEnveloped-data");
    add(parts, message);
    g_mime_message_set_mime_part(wrapper, GMIME_OBJECT(parts));
    g_object_unref(parts);
    return wrapper;
}

static rc write_out(struct arena *arena, GMimeObject *object, struct slice *out, struct err *err)
{
    GMimeStream *stream = g_mime_stream_mem_new();
    g_mime_object_write_to_stream(object, NULL, stream);
    return mail_mime_take(arena, stream, out, err);
}

rc mail_wrap(struct arena *arena, const struct mail_wrapping *w, const struct secret *content_key,
             struct slice *out, struct err *err)
{
    struct slice plain, sealed;
    ENSURE(w->mail.len <= MAIL_BYTES_MAX, err, R_MESSAGE_TOO_LARGE);
    mail_mime_start();
    TRY(without_bcc(arena, w->mail, &plain, err));
    TRY(mail_cms_seal(arena, plain, w->content, content_key, &sealed, err));
    GMimeMessage *wrapper = build(w, sealed);
    rc result = write_out(arena, GMIME_OBJECT(wrapper), out, err);
    g_object_unref(wrapper);
    return result;
}

/* A mail within another one is not encoded (RFC 2046 §5.2.1). */
static GMimeObject *mail_part(struct slice mail, const char *name)
{
    GMimeObject *part = attachment("message", "rfc822", name, mail);
    g_mime_part_set_content_encoding(GMIME_PART(part), GMIME_CONTENT_ENCODING_8BIT);
    return part;
}

rc mail_journal(struct arena *arena, struct slice closed, struct slice clear, struct slice *out,
                struct err *err)
{
    mail_mime_start();
    GMimeMessage *original = mail_mime_parse(closed);
    ENSURE(original != NULL, err, R_INPUT_INVALID);
    GMimeMessage *both = g_mime_message_new(TRUE);
    GMimeMultipart *parts = g_mime_multipart_new_with_subtype("mixed");
    copy_headers(original, both);
    add(parts, mail_part(clear, "clear.eml"));
    add(parts, mail_part(closed, "protected.eml"));
    g_mime_message_set_mime_part(both, GMIME_OBJECT(parts));
    rc result = write_out(arena, GMIME_OBJECT(both), out, err);
    g_object_unref(parts);
    g_object_unref(both);
    g_object_unref(original);
    return result;
}

rc mail_rewrap(struct arena *arena, const struct mail_wrapping *w, struct slice sealed,
               struct slice *out, struct err *err)
{
    GMimeMessage *wrapper = build(w, sealed);
    rc result = write_out(arena, GMIME_OBJECT(wrapper), out, err);
    g_object_unref(wrapper);
    return result;
}
