/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail.h"

#include <gmime/gmime.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "client/mail_cms.h"

static const char LICENSE_TYPE[] = "x-chancery-license";

static void start_gmime(void)
{
    static bool is_started;
    if (!is_started) {
        g_mime_init();
        is_started = true;
    }
}

static GMimeMessage *parse(struct slice bytes)
{
    start_gmime();
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes.ptr, bytes.len);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

/* Copy what was written to a memory stream, then free the stream, and with it the array. */
static rc take_stream(struct arena *arena, GMimeStream *stream, struct slice *out, struct err *err)
{
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    rc result = arena_dup_slice(arena, slice_of(bytes->data, bytes->len), out, err);
    g_object_unref(stream);
    return result;
}

/* --- envelope --------------------------------------------------------------------------------- */

static rc take_addresses(struct arena *arena, InternetAddressList *list, struct mail_envelope *out,
                         struct err *err)
{
    int count = list == NULL ? 0 : internet_address_list_length(list);
    for (int i = 0; i < count; i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
            const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
            out->to[out->to_count] = arena_strdup(arena, text == NULL ? "" : text);
            ARENA_ENSURE(out->to[out->to_count], err);
            out->to_count++;
        }
    }
    return OK;
}

static rc read_envelope(struct arena *arena, GMimeMessage *message, struct mail_envelope *out,
                        struct err *err)
{
    InternetAddressList *from = g_mime_message_get_from(message);
    InternetAddressList *to = g_mime_message_get_to(message), *cc = g_mime_message_get_cc(message);
    const char *subject = g_mime_message_get_subject(message), *sender = "";
    if (from != NULL && internet_address_list_length(from) > 0) {
        InternetAddress *first = internet_address_list_get_address(from, 0);
        if (INTERNET_ADDRESS_IS_MAILBOX(first)) {
            sender = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(first));
        }
    }
    size_t most = (to == NULL ? 0 : (size_t)internet_address_list_length(to)) +
                  (cc == NULL ? 0 : (size_t)internet_address_list_length(cc));
    out->to = ARENA_ARRAY(arena, const char *, most + 1);
    out->from = arena_strdup(arena, sender == NULL ? "" : sender);
    out->subject = arena_strdup(arena, subject == NULL ? "" : subject);
    ARENA_ENSURE(out->to, err);
    ARENA_ENSURE(out->from, err);
    ARENA_ENSURE(out->subject, err);
    TRY(take_addresses(arena, to, out, err));
    return take_addresses(arena, cc, out, err);
}

rc mail_read_envelope(struct arena *arena, struct slice mail, struct mail_envelope *out,
                      struct err *err)
{
    *out = (struct mail_envelope){.from = "", .subject = ""};
    GMimeMessage *message = parse(mail);
    ENSURE(message != NULL, err, R_LICENSE_MALFORMED);
    rc result = read_envelope(arena, message, out, err);
    g_object_unref(message);
    return result;
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

/* What mail systems need of the mail's own header. Nothing else of it is readable in the
 * wrapper. */
static void copy_headers(GMimeMessage *from, GMimeMessage *to)
{
    static const char *const names[] = {"From",    "To",   "Cc",        "Reply-To",
                                        "Subject", "Date", "Message-Id"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = g_mime_object_get_header(GMIME_OBJECT(from), names[i]);
        if (value != NULL) {
            g_mime_object_set_header(GMIME_OBJECT(to), names[i], value, "utf-8");
        }
    }
}

static GMimeMessage *build(const struct mail_wrapping *w, struct slice sealed)
{
    GMimeMessage *wrapper = g_mime_message_new(TRUE);
    GMimeMessage *original = parse(w->mail);
    GMimeMultipart *parts = g_mime_multipart_new_with_subtype("mixed");
    if (original != NULL) {
        copy_headers(original, wrapper);
        g_object_unref(original);
    }
    add(parts, notice(w->portal_url));
    add(parts, attachment("application", LICENSE_TYPE, "license.bin", w->license));
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
    return take_stream(arena, stream, out, err);
}

rc mail_wrap(struct arena *arena, const struct mail_wrapping *w, const struct secret *content_key,
             struct slice *out, struct err *err)
{
    struct slice sealed;
    ENSURE(w->mail.len <= MAIL_BYTES_MAX, err, R_MESSAGE_TOO_LARGE);
    start_gmime();
    TRY(mail_cms_seal(arena, w->mail, w->content, content_key, &sealed, err));
    GMimeMessage *wrapper = build(w, sealed);
    rc result = write_out(arena, GMIME_OBJECT(wrapper), out, err);
    g_object_unref(wrapper);
    return result;
}

/* --- unwrapping ------------------------------------------------------------------------------- */

struct search {
    struct arena *arena;
    struct mail_parts *out;
    struct err *err;
    bool has_failed;
};

static rc decode(struct arena *arena, GMimePart *part, struct slice *out, struct err *err)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = g_mime_stream_mem_new();
    if (content != NULL) {
        g_mime_data_wrapper_write_to_stream(content, stream);
    }
    return take_stream(arena, stream, out, err);
}

/* If another wrapper is attached to this one, its parts come later. */
static void look(GMimeObject *parent, GMimeObject *object, gpointer user)
{
    struct search *search = user;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool is_license = g_mime_content_type_is_type(type, "application", LICENSE_TYPE);
    bool is_sealed = g_mime_content_type_is_type(type, "application", "pkcs7-mime");
    struct slice *out = is_license ? &search->out->license : &search->out->sealed;
    (void)parent;
    if (!GMIME_IS_PART(object) || (!is_license && !is_sealed) || out->len > 0 ||
        search->has_failed) {
        return;
    }
    search->has_failed = !decode(search->arena, GMIME_PART(object), out, search->err).ok;
}

rc mail_unwrap(struct arena *arena, struct slice wrapper, struct mail_parts *out, struct err *err)
{
    struct search search = {.arena = arena, .out = out, .err = err};
    *out = (struct mail_parts){SLICE_NONE, SLICE_NONE};
    GMimeMessage *message = parse(wrapper);
    ENSURE(message != NULL, err, R_LICENSE_MALFORMED);
    g_mime_message_foreach(message, look, &search);
    g_object_unref(message);
    if (search.has_failed) {
        return (rc){false};
    }
    ENSURE(out->license.len > 0 && out->sealed.len > 0, err, R_LICENSE_MALFORMED);
    return OK;
}

rc mail_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
             struct slice *out, struct err *err)
{
    return mail_cms_open(arena, sealed, content_key, out, err);
}
