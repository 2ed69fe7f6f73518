/* SPDX-License-Identifier: Apache-2.0 */
/* Mail systems retype attachments, lose their names, and put whole mails into others. So the two
 * parts are known by what they are; a type only says where to look. */
#include <string.h>

#include "base/mem.h"
#include "client/mail.h"
#include "client/mail_cms.h"
#include "client/mail_mime.h"
#include "wire/publishing_license.h"

enum { DEPTH_MAX = 32 /* of parts within parts */ };

/* --- what a part is --------------------------------------------------------------------------- */

/* The content of a part, decoded; the caller unrefs the stream that has it. */
static GMimeStream *decode(GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = g_mime_stream_mem_new();
    if (content != NULL) {
        g_mime_data_wrapper_write_to_stream(content, stream);
    }
    return stream;
}

static struct slice bytes_of(GMimeStream *stream)
{
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    return slice_of(bytes->data, bytes->len);
}

static bool parses_as_license(struct slice bytes)
{
    if (bytes.len == 0 || bytes.len > LICENSE_BYTES_MAX) {
        return false;
    }
    struct publishing_license license;
    AUTO(arena_free_at) struct arena *arena = arena_new(4 * LICENSE_BYTES_MAX);
    return publishing_license_parse(arena, bytes, &license, NULL).ok;
}

/* --- the search ------------------------------------------------------------------------------- */

struct search {
    struct arena *arena;
    struct mail_parts *out;
    struct err *err;
    bool has_failed;
};

static struct slice *place_of(const struct search *search, GMimeContentType *type,
                              struct slice bytes)
{
    if (mail_cms_is_sealed(bytes)) {
        return &search->out->sealed;
    }
    bool is_license = g_mime_content_type_is_type(type, "application", MAIL_LICENSE_SUBTYPE) ||
                      parses_as_license(bytes);
    return is_license ? &search->out->license : NULL;
}

/* If another wrapper is attached to this one, its parts come later. */
static void look_at_part(struct search *search, GMimePart *part)
{
    GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    GMimeStream *stream = decode(part);
    struct slice *place = place_of(search, type, bytes_of(stream));
    if (place != NULL && place->len == 0) {
        search->has_failed = !mail_mime_take(search->arena, stream, place, search->err).ok;
    } else {
        g_object_unref(stream);
    }
}

/* As deep as DEPTH_MAX allows. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void look(struct search *search, GMimeObject *object, int depth)
{
    bool is_done = search->has_failed || depth > DEPTH_MAX ||
                   (search->out->license.len > 0 && search->out->sealed.len > 0);
    if (is_done || object == NULL) {
        return;
    }
    GMimeContentType *type = g_mime_object_get_content_type(object);
    if (GMIME_IS_MULTIPART(object)) {
        int count = g_mime_multipart_get_count(GMIME_MULTIPART(object));
        for (int i = 0; i < count; i++) {
            look(search, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
        }
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        look(search, inner == NULL ? NULL : g_mime_message_get_mime_part(inner), depth + 1);
    } else if (GMIME_IS_PART(object) && g_mime_content_type_is_type(type, "application", "*")) {
        look_at_part(search, GMIME_PART(object));
    }
}

rc mail_unwrap(struct arena *arena, struct slice wrapper, struct mail_parts *out, struct err *err)
{
    struct search search = {.arena = arena, .out = out, .err = err};
    *out = (struct mail_parts){SLICE_NONE, SLICE_NONE};
    TRY(mail_mime_check(wrapper, err));
    GMimeMessage *message = mail_mime_parse(wrapper);
    ENSURE(message != NULL, err, R_INPUT_NOT_PROTECTED);
    look(&search, g_mime_message_get_mime_part(message), 0);
    g_object_unref(message);
    if (search.has_failed) {
        return (rc){false};
    }
    ENSURE(out->license.len > 0 && out->sealed.len > 0, err, R_INPUT_NOT_PROTECTED);
    return OK;
}

/* --- wrappers, and nothing else --------------------------------------------------------------- */

static bool is_license(GMimeObject *object)
{
    if (!GMIME_IS_PART(object)) {
        return false;
    }
    GMimeStream *stream = decode(GMIME_PART(object));
    bool is_one = parses_as_license(bytes_of(stream));
    g_object_unref(stream);
    return is_one;
}

static bool is_sealed(GMimeObject *object, struct content_id content)
{
    if (!GMIME_IS_PART(object)) {
        return false;
    }
    GMimeStream *stream = decode(GMIME_PART(object));
    bool is_one = mail_cms_is_exact(bytes_of(stream), content);
    g_object_unref(stream);
    return is_one;
}

/* Text and pictures, alone or in a multipart of them. */
static bool is_shown(GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);
    bool is_shown = true;
    if (!GMIME_IS_MULTIPART(object)) {
        return GMIME_IS_PART(object) && (g_mime_content_type_is_type(type, "text", "*") ||
                                         g_mime_content_type_is_type(type, "image", "*"));
    }
    GMimePartIter *iter = g_mime_part_iter_new(object);
    for (bool has_more = true; has_more && is_shown; has_more = g_mime_part_iter_next(iter)) {
        GMimeObject *part = g_mime_part_iter_get_current(iter);
        type = part == NULL ? NULL : g_mime_object_get_content_type(part);
        is_shown = type != NULL &&
                   (g_mime_content_type_is_type(type, "text", "*") ||
                    g_mime_content_type_is_type(type, "image", "*") || GMIME_IS_MULTIPART(part));
    }
    g_mime_part_iter_free(iter);
    return is_shown;
}

static bool is_wrapper(GMimeMessage *message, struct content_id content)
{
    char id[UUID_TEXT_BYTES];
    const char *named = g_mime_object_get_header(GMIME_OBJECT(message), MAIL_CONTENT_HEADER);
    GMimeObject *top = g_mime_message_get_mime_part(message);
    uuid_format(content.u, id);
    if (named == NULL || strcmp(named, id) != 0 || !GMIME_IS_MULTIPART(top)) {
        return false;
    }
    GMimeMultipart *parts = GMIME_MULTIPART(top);
    return g_mime_multipart_get_count(parts) == 3 &&
           is_shown(g_mime_multipart_get_part(parts, 0)) &&
           is_license(g_mime_multipart_get_part(parts, 1)) &&
           is_sealed(g_mime_multipart_get_part(parts, 2), content);
}

bool mail_is_wrapper(struct slice mail, struct content_id content)
{
    GMimeMessage *message = mail_mime_parse(mail);
    bool is_one = message != NULL && is_wrapper(message, content);
    if (message != NULL) {
        g_object_unref(message);
    }
    return is_one;
}

rc mail_open(struct arena *arena, struct slice sealed, const struct secret *content_key,
             struct slice *out, struct err *err)
{
    return mail_cms_open(arena, sealed, content_key, out, err);
}
