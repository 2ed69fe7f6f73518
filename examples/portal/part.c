/* SPDX-License-Identifier: Apache-2.0 */
#include "part.h"

#include <stdbool.h>

#include "wiped.h"

GByteArray *part_bytes(GMimePart *part)
{
    GByteArray *array = g_byte_array_new();
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    if (content != NULL) {
        (void)g_mime_data_wrapper_write_to_stream(content, stream);
    }
    g_object_unref(stream);
    return array;
}

const char *part_charset(GMimePart *part)
{
    return g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
}

/* If what it says is not true, every byte is a character of ISO 8859-1. */
static char *convert(const char *data, gsize size, const char *charset, gsize *converted)
{
    char *text = charset == NULL ? NULL
                                 : g_convert_with_fallback(data, (gssize)size, "UTF-8",
                                                           g_mime_charset_iconv_name(charset),
                                                           "\xEF\xBF\xBD", NULL, converted, NULL);
    bool is_unicode = charset == NULL || g_ascii_strcasecmp(charset, "utf-8") == 0 ||
                      g_ascii_strcasecmp(charset, "us-ascii") == 0;
    return text == NULL && !is_unicode && !g_utf8_validate(data, (gssize)size, NULL)
               ? g_convert(data, (gssize)size, "UTF-8", "ISO-8859-1", NULL, converted, NULL)
               : text;
}

char *text_of_bytes(GBytes *bytes, const char *charset)
{
    gsize size, converted = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    if (data == NULL) { /* there are none */
        return g_strdup("");
    }
    char *text = convert(data, size, charset, &converted);
    char *valid = text == NULL ? g_utf8_make_valid(data, (gssize)size)
                               : g_utf8_make_valid(text, (gssize)converted);
    wipe_text(text);
    return valid;
}

char *part_text(GMimePart *part)
{
    GBytes *bytes = wiped_from_array(part_bytes(part));
    char *text = text_of_bytes(bytes, part_charset(part));
    g_bytes_unref(bytes);
    return text;
}
