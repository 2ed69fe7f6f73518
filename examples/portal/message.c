/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <gmime/gmime.h>
#include <string.h>

#include "clean_html.h"
#include "part.h"
#include "pdf.h"
#include "shown.h"
#include "wiped.h"

enum { DEPTH_MAX = 32, PARTS_MAX = 512, NAME_MAX_BYTES = 150, EMBEDDED_MAX = 24 * 1024 * 1024 };

/* What is made of a mail while it is walked. */
struct walk {
    struct message *message;
    GHashTable *pictures; /* Content-ID → struct attachment */
    GPtrArray *texts;     /* GMimePart *, in order */
    int parts;
    gsize embedded; /* bytes of pictures in the body so far */
};

/* --- texts ------------------------------------------------------------------------------------ */

static void add_plain(GString *out, const char *text)
{
    g_string_append(out, "<div class=\"plain\">");
    add_escaped(out, text);
    g_string_append(out, "</div>");
}

/* --- attachments ------------------------------------------------------------------------------ */

/* A name that leads nowhere: the last part of a path, without what hides or turns its end around. */
static char *file_name(const char *given, const char *fallback)
{
    char *valid = shown(given == NULL || given[0] == '\0' ? fallback : given);
    const char *last = valid;
    for (const char *at = valid; *at != '\0'; at++) {
        last = *at == '/' || *at == '\\' ? at + 1 : last;
    }
    GString *name = g_string_new(NULL);
    for (const char *at = last; *at != '\0' && name->len < NAME_MAX_BYTES;
         at += g_utf8_skip[(unsigned char)*at]) { /* g_utf8_next_char casts const away */
        gunichar letter = g_utf8_get_char(at);
        bool is_hidden = g_unichar_type(letter) == G_UNICODE_FORMAT || g_unichar_iscntrl(letter);
        bool is_special = letter < 128 && strchr("\"<>:|?*%;\n\t", (int)letter) != NULL;
        bool is_leading = name->len == 0 && (letter == '.' || letter == ' ' || letter == '~');
        if (!is_hidden && !is_leading) {
            g_string_append_unichar(name, is_special ? '_' : letter);
        }
    }
    while (name->len > 0 && strchr(". ", name->str[name->len - 1]) != NULL) {
        g_string_truncate(name, name->len - 1);
    }
    if (name->len == 0) {
        g_string_append(name, fallback);
    }
    g_free(valid);
    return g_string_free(name, FALSE);
}

/* What the bytes are, not what they are called: NULL if no browser shows them as a picture. */
static const char *picture_type(const GByteArray *data)
{
    const struct {
        const char *magic;
        guint size, at;
        const char *type;
    } known[] = {{"\x89PNG\r\n\x1A\n", 8, 0, "image/png"},
                 {"\xFF\xD8\xFF", 3, 0, "image/jpeg"},
                 {"GIF8", 4, 0, "image/gif"},
                 {"WEBP", 4, 8, "image/webp"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (data->len >= known[i].at + known[i].size &&
            memcmp(data->data + known[i].at, known[i].magic, known[i].size) == 0) {
            return known[i].type;
        }
    }
    return NULL;
}

/* Types of text that is read as it stands. HTML isn't among them: nobody reads its tags. */
static bool is_plain(GMimeContentType *type)
{
    static const char *const subtypes[] = {"plain", "csv", "tab-separated-values", "markdown"};
    for (size_t i = 0; i < sizeof subtypes / sizeof subtypes[0]; i++) {
        if (g_mime_content_type_is_type(type, "text", subtypes[i])) {
            return true;
        }
    }
    return false;
}

static struct attachment *add_attachment(struct walk *walk, char *name, const char *type,
                                         GByteArray *data, enum look look)
{
    const char *picture = picture_type(data);
    struct attachment *attachment = g_new0(struct attachment, 1);
    attachment->name = name;
    attachment->type = shown(picture != NULL ? picture : type);
    attachment->look = picture != NULL                     ? LOOK_PICTURE
                       : pdf_is_one(data->data, data->len) ? LOOK_PDF
                                                           : look;
    attachment->data = wiped_from_array(data);
    g_ptr_array_add(walk->message->attachments, attachment);
    return attachment;
}

static void attachment_free(void *data)
{
    struct attachment *attachment = data;
    g_free(attachment->name);
    g_free(attachment->type);
    g_free(attachment->charset);
    g_bytes_unref(attachment->data);
    g_free(attachment);
}

static void attach_part(struct walk *walk, GMimePart *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    char *type_name = g_mime_content_type_get_mime_type(type);
    const char *id = g_mime_object_get_content_id(GMIME_OBJECT(part));
    char *name = file_name(g_mime_part_get_filename(part), "attachment");
    struct attachment *made = add_attachment(walk, name, type_name, part_bytes(part),
                                             is_plain(type) ? LOOK_TEXT : LOOK_NONE);
    made->charset = g_strdup(part_charset(part));
    if (id != NULL && made->look == LOOK_PICTURE) {
        g_hash_table_insert(walk->pictures, g_strdup(id), made);
    }
    g_free(type_name);
}

/* A whole thing as it stands: a mail within the mail, or what is nested too deep. */
static void attach_object(struct walk *walk, GMimeObject *object, const char *fallback)
{
    GByteArray *data = g_byte_array_new();
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(data);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    const char *subject = NULL;
    if (GMIME_IS_MESSAGE_PART(object) &&
        g_mime_message_part_get_message(GMIME_MESSAGE_PART(object)) != NULL) {
        GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        subject = g_mime_message_get_subject(inner);
        (void)g_mime_object_write_to_stream(GMIME_OBJECT(inner), NULL, stream);
    } else {
        (void)g_mime_object_write_to_stream(object, NULL, stream);
    }
    g_object_unref(stream);
    char *named = subject == NULL || subject[0] == '\0' ? NULL : g_strconcat(subject, ".eml", NULL);
    (void)add_attachment(walk, file_name(named, fallback), "message/rfc822", data, LOOK_NONE);
    g_free(named);
}

/* --- the walk --------------------------------------------------------------------------------- */

static bool is_shown_text(GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    const char *disposition = g_mime_object_get_disposition(object);
    bool is_attached = disposition != NULL && g_ascii_strcasecmp(disposition, "attachment") == 0;
    return !is_attached && GMIME_IS_PART(object) &&
           (g_mime_content_type_is_type(type, "text", "plain") ||
            g_mime_content_type_is_type(type, "text", "html"));
}

static void look_for_text(GMimeObject *parent, GMimeObject *part, void *found)
{
    (void)parent;
    *(bool *)found = *(bool *)found || is_shown_text(part);
}

static bool has_text(GMimeObject *object)
{
    bool found = false;
    if (!GMIME_IS_MULTIPART(object)) {
        return is_shown_text(object);
    }
    g_mime_multipart_foreach(GMIME_MULTIPART(object), look_for_text, &found);
    return found;
}

/* How deep it goes is bounded by DEPTH_MAX. NOLINTBEGIN(misc-no-recursion) */
static void walk_object(struct walk *walk, GMimeObject *object, int depth);

/* The last one that can be shown is the best (RFC 2046 §5.1.4). What is no text, such as an invitation,
 * is attached. */
static void walk_alternative(struct walk *walk, GMimeMultipart *multipart, int depth)
{
    int best = -1;
    for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
        best = has_text(g_mime_multipart_get_part(multipart, i)) ? i : best;
    }
    for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
        GMimeObject *part = g_mime_multipart_get_part(multipart, i);
        if (i == best || !has_text(part)) {
            walk_object(walk, part, depth + 1);
        }
    }
}

static void walk_object(struct walk *walk, GMimeObject *object, int depth)
{
    if (walk->parts++ >= PARTS_MAX) {
        walk->message->is_cut = true;
        return;
    }
    if (depth >= DEPTH_MAX && GMIME_IS_MULTIPART(object)) {
        walk->message->is_cut = true;
        attach_object(walk, object, "nested.eml");
        return;
    }
    if (GMIME_IS_MULTIPART(object)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(object);
        GMimeContentType *type = g_mime_object_get_content_type(object);
        if (g_mime_content_type_is_type(type, "multipart", "alternative")) {
            walk_alternative(walk, multipart, depth);
            return;
        }
        for (int i = 0; i < g_mime_multipart_get_count(multipart); i++) {
            walk_object(walk, g_mime_multipart_get_part(multipart, i), depth + 1);
        }
        return;
    }
    if (is_shown_text(object)) {
        g_ptr_array_add(walk->texts, object);
    } else if (GMIME_IS_PART(object)) {
        attach_part(walk, GMIME_PART(object));
    } else {
        attach_object(walk, object, "message.eml");
    }
}

/* NOLINTEND(misc-no-recursion) */

/* --- the body --------------------------------------------------------------------------------- */

/* As a "data:" address: a page in a sandbox has no cookie, so it could not ask for it. */
static char *picture_of(void *arg, const char *content_id)
{
    struct walk *walk = arg;
    char *id = g_uri_unescape_string(content_id, NULL);
    const struct attachment *found = id == NULL ? NULL : g_hash_table_lookup(walk->pictures, id);
    g_free(id);
    gsize size = 0;
    const guchar *data = found == NULL ? NULL : g_bytes_get_data(found->data, &size);
    if (data == NULL || size > EMBEDDED_MAX - walk->embedded) { /* one may be named often */
        return NULL;
    }
    walk->embedded += size;
    char *digits = g_base64_encode(data, size);
    char *address = g_strconcat("data:", found->type, ";base64,", digits, NULL);
    wipe_text(digits);
    return address;
}

static GBytes *write_body(struct walk *walk, bool is_remote_allowed, bool *has_remote)
{
    GString *out = g_string_new(NULL);
    const struct clean_options options = {picture_of, walk, is_remote_allowed};
    walk->embedded = 0;
    for (guint i = 0; i < walk->texts->len; i++) {
        GMimePart *part = g_ptr_array_index(walk->texts, i);
        GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
        char *text = part_text(part);
        if (i > 0) {
            g_string_append(out, "<hr>");
        }
        if (g_mime_content_type_is_type(type, "text", "html")) {
            struct clean_result result;
            clean_html(text, strlen(text), &options, out, &result);
            *has_remote = *has_remote || result.has_remote;
            walk->message->is_cut = walk->message->is_cut || result.is_cut;
        } else {
            add_plain(out, text);
        }
        wipe_text(text);
    }
    return wiped_from_string(out);
}

static void write_bodies(struct walk *walk)
{
    bool has_remote = false, ignored = false;
    walk->message->body = write_body(walk, false, &has_remote);
    walk->message->body_with_pictures = has_remote ? write_body(walk, true, &ignored) : NULL;
}

/* --- mails ------------------------------------------------------------------------------------ */

static char *addresses(GMimeMessage *mail, GMimeAddressType type)
{
    InternetAddressList *list = g_mime_message_get_addresses(mail, type);
    char *text = list == NULL ? NULL : internet_address_list_to_string(list, NULL, FALSE);
    char *made = shown(text);
    g_free(text);
    return made;
}

static void read_header(struct message *message, GMimeMessage *mail)
{
    message->id = shown(g_mime_message_get_message_id(mail));
    message->references = shown(g_mime_object_get_header(GMIME_OBJECT(mail), "References"));
    message->to_people = people_of(mail, GMIME_ADDRESS_TYPE_TO);
    message->cc_people = people_of(mail, GMIME_ADDRESS_TYPE_CC);
    GDateTime *date = g_mime_message_get_date(mail);
    message->from = addresses(mail, GMIME_ADDRESS_TYPE_FROM);
    message->to = addresses(mail, GMIME_ADDRESS_TYPE_TO);
    message->cc = addresses(mail, GMIME_ADDRESS_TYPE_CC);
    message->subject = shown(g_mime_message_get_subject(mail));
    message->date = date == NULL ? g_strdup("") : g_date_time_format(date, "%Y-%m-%d %H:%M %:z");
}

struct message *message_read(GBytes *mail)
{
    gsize size;
    const char *data = g_bytes_get_data(mail, &size);
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, size);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *parsed = g_mime_parser_construct_message(parser, NULL);
    struct message *message = NULL;
    if (parsed != NULL) {
        message = g_new0(struct message, 1);
        message->attachments = g_ptr_array_new_with_free_func(attachment_free);
        struct walk walk = {.message = message,
                            .pictures =
                                g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                            .texts = g_ptr_array_new()};
        read_header(message, parsed);
        GMimeObject *root = g_mime_message_get_mime_part(parsed);
        if (root != NULL) {
            walk_object(&walk, root, 0);
        }
        write_bodies(&walk);
        g_ptr_array_unref(walk.texts);
        g_hash_table_unref(walk.pictures);
        g_object_unref(parsed);
    }
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

void message_free(struct message *message)
{
    if (message == NULL) {
        return;
    }
    char *texts[] = {message->from,    message->to, message->cc,        message->date,
                     message->subject, message->id, message->references};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        wipe_text(texts[i]);
    }
    g_ptr_array_unref(message->to_people);
    g_ptr_array_unref(message->cc_people);
    g_bytes_unref(message->body);
    if (message->body_with_pictures != NULL) {
        g_bytes_unref(message->body_with_pictures);
    }
    g_ptr_array_unref(message->attachments);
    g_free(message);
}
