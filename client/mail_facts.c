/* SPDX-License-Identifier: Apache-2.0 */
#include "client/mail_facts.h"

#include <string.h>

#include "base/utf8.h"
#include "client/mail.h"
#include "client/mail_attachment.h"
#include "client/mail_decode.h"
#include "client/mail_mime.h"
#include "client/mail_reading.h"
#include "client/mail_text.h"
#include "wire/publishing_license.h"

enum {
    DEPTH_MAX = 64,
    HEADERS_MAX = 1000,
    ATTACHMENTS_MAX = 1000,
    LABELS_MAX = 100,
    LINE_MAX_BYTES = 256,
    MESSAGE_ID_MAX = 998
};

/* Text of a header, whatever it is, as a field that has to be UTF-8. */
static ProtobufCBinaryData utf8_of(struct mail_reading *f, const char *text)
{
    struct buf buf;
    struct slice out = SLICE_NONE;
    buf_init(&buf, f->arena);
    mail_text_add(&buf, slice_str(text));
    f->has_failed = f->has_failed || !buf_finish(&buf, &out, f->err).ok;
    return (ProtobufCBinaryData){out.len, (uint8_t *)(uintptr_t)out.ptr};
}

/* The same for a field of one line: what is beyond, and what moves the text around it, is nothing that a
 * rule can name. */
static char *line_of(struct mail_reading *f, const char *text, size_t most)
{
    ProtobufCBinaryData utf8 = utf8_of(f, text);
    const char *line = utf8_line(f->arena, slice_of(utf8.data, utf8.len), most);
    return (char *)(uintptr_t)(line == NULL ? "" : line);
}

/* --- attachments ------------------------------------------------------------------------------ */

static void add_attachment(struct mail_reading *f, GMimeObject *object, const char *name,
                           struct slice bytes, bool is_unreadable)
{
    Chancery__V1__MessageAttachment *made = ARENA_NEW(f->arena, Chancery__V1__MessageAttachment);
    GMimeContentType *type = g_mime_object_get_content_type(object);
    char *media_type = g_mime_content_type_get_mime_type(type);
    if (f->out->n_attachments == ATTACHMENTS_MAX) {
        mail_facts_fail(f, "the mail has more than 1,000 attachments");
    } else if (made != NULL) {
        chancery__v1__message_attachment__init(made);
        made->name = utf8_of(f, name);
        made->type = line_of(f, media_type, LINE_MAX_BYTES);
        made->size = bytes.len;
        made->password_protected = mail_attachment_has_password(bytes) ? 1 : 0;
        made->unreadable =
            is_unreadable || mail_attachment_is_unreadable(media_type, bytes) ? 1 : 0;
        f->out->attachments[f->out->n_attachments++] = made;
    }
    g_free(media_type);
}

/* --- parts ------------------------------------------------------------------------------------ */

static bool is_signature(GMimeContentType *type)
{
    return g_mime_content_type_is_type(type, "application", "pgp-signature") ||
           g_mime_content_type_is_type(type, "application", "pkcs7-signature") ||
           g_mime_content_type_is_type(type, "application", "x-pkcs7-signature");
}

/* S/MIME in one part (RFC 8551 §3.2): what is signed so can't be read without opening it either. */
static bool is_smime(struct mail_reading *f, GMimeObject *object, GMimeContentType *type)
{
    if (!g_mime_content_type_is_type(type, "application", "pkcs7-mime") &&
        !g_mime_content_type_is_type(type, "application", "x-pkcs7-mime")) {
        return false;
    }
    const char *kind = g_mime_object_get_content_type_parameter(object, "smime-type");
    bool is_signed = kind != NULL && g_ascii_strcasecmp(kind, "signed-data") == 0;
    f->is_kind[is_signed ? CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_SIGNED
                         : CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_ENCRYPTED] = true;
    return true;
}

static void look_at_leaf(struct mail_reading *f, GMimePart *part)
{
    GMimeObject *object = GMIME_OBJECT(part);
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *disposition = g_mime_object_get_disposition(object);
    const char *name = g_mime_part_get_filename(part);
    bool is_attached =
        disposition != NULL && g_ascii_strcasecmp(disposition, GMIME_DISPOSITION_ATTACHMENT) == 0;
    bool is_text = g_mime_content_type_is_type(type, "text", "*") ||
                   g_mime_content_type_is_type(type, "application", "xhtml+xml");
    GByteArray *bytes = mail_decode_part(part);
    if (g_mime_content_type_is_type(type, "text", "calendar")) {
        f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_CALENDAR] = true;
    }
    if (is_text && !is_attached) {
        mail_facts_add_part(f, object, mail_facts_bytes(bytes));
    }
    if ((!is_text || is_attached || name != NULL) && !is_signature(type)) {
        add_attachment(f, object, name, mail_facts_bytes(bytes), is_smime(f, object, type));
    }
    g_byte_array_unref(bytes);
}

static bool has_parameter(GMimeObject *object, const char *name, const char *value)
{
    const char *said = g_mime_object_get_content_type_parameter(object, name);
    return said != NULL && g_ascii_strcasecmp(said, value) == 0;
}

static void look_at_kind(struct mail_reading *f, GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_SIGNED] |=
        g_mime_content_type_is_type(type, "multipart", "signed") != 0;
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_ENCRYPTED] |=
        g_mime_content_type_is_type(type, "multipart", "encrypted") != 0;
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_VOICEMAIL] |=
        g_mime_content_type_is_type(type, "multipart", "voice-message") != 0;
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_READ_RECEIPT] |=
        g_mime_content_type_is_type(type, "multipart", "report") &&
        (has_parameter(object, "report-type", "disposition-notification") ||
         has_parameter(object, "report-type", "delivery-status"));
}

/* Whether a field of the part's header stands there once more, and says something else. */
static bool has_two(GMimeObject *object, const char *name)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(object);
    const char *said = g_mime_object_get_header(object, name);
    for (int i = 0; said != NULL && i < g_mime_header_list_get_count(list); i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        if (g_ascii_strcasecmp(g_mime_header_get_name(header), name) == 0 &&
            g_strcmp0(g_mime_header_get_value(header), said) != 0) {
            return true;
        }
    }
    return false;
}

static bool has_two_boundaries(GMimeObject *object)
{
    int found = 0;
    GMimeParamList *list =
        g_mime_content_type_get_parameters(g_mime_object_get_content_type(object));
    for (int i = 0; i < g_mime_param_list_length(list); i++) {
        GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
        found += g_ascii_strcasecmp(g_mime_param_get_name(param), "boundary") == 0 ? 1 : 0;
    }
    return found > 1;
}

/* Programs take the first or the last of what is said twice, so rules would see another mail than people. */
static void check_ambiguity(struct mail_reading *f, GMimeObject *object)
{
    if (has_two(object, "Content-Type") || has_two(object, "Content-Transfer-Encoding") ||
        has_two_boundaries(object)) {
        mail_facts_fail(f, "the mail says in two ways how a part of it is to be read");
    }
}

static void look(struct mail_reading *f, GMimeObject *object, int depth);

/* What stands before and behind the parts is shown by programs that don't know MIME. */
static void add_beside(struct mail_reading *f, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        mail_facts_add_text(f, slice_str(text));
    }
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void look_at_parts(struct mail_reading *f, GMimeMultipart *parts, int depth)
{
    int count = g_mime_multipart_get_count(parts);
    add_beside(f, g_mime_multipart_get_prologue(parts));
    for (int i = 0; i < count && !f->has_failed; i++) {
        look(f, g_mime_multipart_get_part(parts, i), depth + 1);
    }
    add_beside(f, g_mime_multipart_get_epilogue(parts));
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void look_at_message(struct mail_reading *f, GMimeObject *part, GMimeMessage *inner,
                            int depth)
{
    const char *subject = inner == NULL ? NULL : g_mime_message_get_subject(inner);
    add_attachment(f, part, subject, SLICE_NONE, inner == NULL);
    mail_facts_add_text(f, slice_str(subject));
    look(f, inner == NULL ? NULL : g_mime_message_get_mime_part(inner), depth + 1);
}

/* A mail within must not be encoded (RFC 2046 §5.2.1), and some are; programs decode them. GMime has such a
 * one as a part that it doesn't look into. */
static bool is_encoded_message(GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    return GMIME_IS_PART(object) && (g_mime_content_type_is_type(type, "message", "rfc822") ||
                                     g_mime_content_type_is_type(type, "message", "global"));
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void look_at_encoded(struct mail_reading *f, GMimePart *part, int depth)
{
    GByteArray *bytes = mail_decode_part(part);
    GMimeMessage *inner = mail_mime_parse(mail_facts_bytes(bytes));
    look_at_message(f, GMIME_OBJECT(part), inner, depth);
    if (inner != NULL) {
        g_object_unref(inner);
    }
    g_byte_array_unref(bytes);
}

/* What is deeper than anybody's program shows is there, and could not be read. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void look(struct mail_reading *f, GMimeObject *object, int depth)
{
    if (object == NULL || f->has_failed) {
        return;
    }
    check_ambiguity(f, object);
    look_at_kind(f, object);
    if (depth > DEPTH_MAX) {
        add_attachment(f, object, NULL, SLICE_NONE, true);
    } else if (GMIME_IS_MULTIPART(object)) {
        look_at_parts(f, GMIME_MULTIPART(object), depth);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        look_at_message(f, object, g_mime_message_part_get_message(GMIME_MESSAGE_PART(object)),
                        depth);
    } else if (is_encoded_message(object)) {
        look_at_encoded(f, GMIME_PART(object), depth);
    } else if (GMIME_IS_PART(object)) {
        look_at_leaf(f, GMIME_PART(object));
    }
}

/* --- the header ------------------------------------------------------------------------------- */

static void add_header(struct mail_reading *f, const char *name, const char *value)
{
    Chancery__V1__MessageHeader *made = ARENA_NEW(f->arena, Chancery__V1__MessageHeader);
    if (f->out->n_headers == HEADERS_MAX || made == NULL) {
        mail_facts_fail(f, "the mail has more than 1,000 fields in its header");
        return;
    }
    chancery__v1__message_header__init(made);
    made->name = line_of(f, name, LINE_MAX_BYTES);
    made->value = utf8_of(f, value);
    f->out->headers[f->out->n_headers++] = made;
}

/* "MSIP_Label_<id>_Name=Confidential; …", as office programs write it. */
static void add_labels(struct mail_reading *f, const char *value)
{
    gchar **items = g_strsplit(value, ";", -1);
    for (gchar **item = items; *item != NULL && !f->has_failed; item++) {
        char *equals = strchr(g_strstrip(*item), '=');
        bool is_name = equals != NULL && g_str_has_prefix(*item, "MSIP_Label_") &&
                       equals - *item > 5 && strncasecmp(equals - 5, "_Name", 5) == 0;
        if (is_name && f->out->n_labels == LABELS_MAX) {
            mail_facts_fail(f, "the mail has more than 100 labels");
        } else if (is_name) {
            f->out->labels[f->out->n_labels++] = line_of(f, equals + 1, LINE_MAX_BYTES);
        }
    }
    g_strfreev(items);
}

static void look_at_header(struct mail_reading *f, const char *name, const char *value)
{
    bool is_submitted = g_ascii_strcasecmp(name, "Auto-Submitted") == 0;
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_OUT_OF_OFFICE] |=
        is_submitted && g_ascii_strncasecmp(value, "auto-replied", 12) == 0;
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_AUTO_FORWARD] |=
        g_ascii_strcasecmp(name, "X-MS-Exchange-Inbox-Rules-Loop") == 0 ||
        g_ascii_strcasecmp(name, "X-Forwarded-To") == 0;
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_VOICEMAIL] |=
        g_ascii_strcasecmp(name, "Message-Context") == 0 &&
        g_ascii_strcasecmp(value, "voice-message") == 0;
    if (g_ascii_strcasecmp(name, "msip_labels") == 0) {
        add_labels(f, value);
    }
}

static void look_at_headers(struct mail_reading *f, GMimeObject *of)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(of);
    int count = g_mime_header_list_get_count(list);
    for (int i = 0; i < count && !f->has_failed; i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        const char *name = g_mime_header_get_name(header);
        const char *value = g_mime_header_get_value(header);
        add_header(f, name, value == NULL ? "" : value);
        look_at_header(f, name, value == NULL ? "" : value);
    }
}

/* --- all -------------------------------------------------------------------------------------- */

static bool is_wrapper(struct slice mail)
{
    struct mail_parts parts;
    struct publishing_license license;
    AUTO(arena_free_at) struct arena *arena = arena_new(3 * (size_t)MAIL_BYTES_MAX);
    return mail_unwrap(arena, mail, &parts, NULL).ok &&
           publishing_license_parse(arena, parts.license, &license, NULL).ok &&
           mail_is_wrapper(mail, license.header.content);
}

static rc make_room(struct mail_reading *f, struct err *err)
{
    Chancery__V1__MessageFacts *out = f->out;
    out->headers = ARENA_ARRAY(f->arena, Chancery__V1__MessageHeader *, HEADERS_MAX);
    out->attachments = ARENA_ARRAY(f->arena, Chancery__V1__MessageAttachment *, ATTACHMENTS_MAX);
    out->labels = ARENA_ARRAY(f->arena, char *, LABELS_MAX);
    out->kinds = ARENA_ARRAY(f->arena, Chancery__V1__MessageKind, MAIL_KINDS);
    bool has_all = out->headers != NULL && out->attachments != NULL && out->labels != NULL &&
                   out->kinds != NULL;
    ENSURE(has_all, err, R_ARENA_EXHAUSTED);
    return OK;
}

static void look_at_all(struct mail_reading *f, GMimeMessage *message, struct slice mail)
{
    GMimeObject *top = g_mime_message_get_mime_part(message);
    const char *subject = g_mime_message_get_subject(message);
    const char *id = g_mime_message_get_message_id(message);
    f->out->subject = utf8_of(f, subject == NULL ? "" : subject);
    f->out->message_id = line_of(f, id == NULL ? "" : id, MESSAGE_ID_MAX);
    f->out->size = mail.len;
    look_at_headers(f, GMIME_OBJECT(message));
    if (top != NULL) {
        look_at_headers(f, top); /* Content-Type and the like */
    }
    look(f, top, 0);
    f->is_kind[CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_PROTECTED] = is_wrapper(mail);
    for (int kind = 1; kind < MAIL_KINDS; kind++) {
        if (f->is_kind[kind]) {
            f->out->kinds[f->out->n_kinds++] = (Chancery__V1__MessageKind)kind;
        }
    }
}

rc mail_facts_read(struct arena *arena, struct slice mail, Chancery__V1__MessageFacts *facts,
                   struct slice *text, struct err *err)
{
    struct mail_reading f = {.arena = arena, .out = facts, .err = err};
    buf_init(&f.text, arena);
    TRY(make_room(&f, err));
    TRY(mail_mime_check(mail, err));
    GMimeMessage *message = mail_mime_parse(mail);
    if (message == NULL) {
        FAIL(err, R_INPUT_INVALID, "the input is no mail");
    }
    look_at_all(&f, message, mail);
    g_object_unref(message);
    if (f.has_failed) {
        return (rc){false};
    }
    ENSURE(!arena_is_exceeded(arena), err, R_ARENA_EXHAUSTED);
    return buf_finish(&f.text, text, err);
}
