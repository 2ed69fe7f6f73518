/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/reply.h"

#include <string.h>

#include "base/encode.h"
#include "domain/values/address.h"
#include "methods.h"

void *reply_new(struct call *c)
{
    return call_message(c, call_method(c)->response);
}

step reply_empty(struct call *c)
{
    void *message = reply_new(c);
    return message == NULL ? STEP_FAILED : call_reply(c, message);
}

char *reply_text(const char *text)
{
    return (char *)(uintptr_t)(text == NULL ? "" : text);
}

char *reply_slice(struct call *c, struct slice text)
{
    return arena_dup(call_arena(c), text);
}

ProtobufCBinaryData reply_bytes(struct slice bytes)
{
    return (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.ptr};
}

char *reply_uuid(struct call *c, struct uuid id)
{
    char *text = arena_alloc(call_arena(c), UUID_TEXT_BYTES);
    if (text != NULL) {
        uuid_format(id, text);
        text[uuid_is_zero(id) ? 0 : UUID_TEXT_BYTES - 1] = '\0';
    }
    return text;
}

Google__Protobuf__Timestamp *reply_time(struct call *c, int64_t unix_us)
{
    Google__Protobuf__Timestamp *time =
        unix_us == 0 ? NULL : ARENA_NEW(call_arena(c), Google__Protobuf__Timestamp);
    if (time != NULL) {
        google__protobuf__timestamp__init(time);
        time->seconds = unix_us / 1000000;
        time->nanos = (int32_t)(unix_us % 1000000) * 1000;
    }
    return time;
}

size_t reply_rights(struct call *c, const struct rights *rights, int **out)
{
    size_t count = 0;
    *out = ARENA_ARRAY(call_arena(c), int, RIGHTS_STANDARD);
    for (size_t i = 0; *out != NULL && i < RIGHTS_STANDARD; i++) {
        if ((rights->bits & 1U << i) != 0) {
            (*out)[count++] = (int)i + 1;
        }
    }
    return count;
}

char **reply_texts(struct call *c, const char *const *texts, size_t count)
{
    char **list = ARENA_ARRAY(call_arena(c), char *, count + 1);
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = reply_text(texts[i]);
    }
    return list;
}

size_t reply_custom_rights(struct call *c, const struct rights *rights, char ***out)
{
    *out = reply_texts(c, rights->custom, rights->custom_count);
    return *out == NULL ? 0 : rights->custom_count;
}

size_t reply_split(struct call *c, const char *list, char ***out)
{
    size_t count = 0, most = RIGHTS_STANDARD + RIGHTS_CUSTOM_MAX;
    char *copy = arena_strdup(call_arena(c), list);
    *out = ARENA_ARRAY(call_arena(c), char *, most);
    if (copy == NULL || *out == NULL) {
        return 0;
    }
    for (char *save = NULL, *word = strtok_r(copy, ",", &save); word != NULL && count < most;
         word = strtok_r(NULL, ",", &save)) {
        (*out)[count++] = word;
    }
    return count;
}

char *reply_page_token(struct call *c, const void *bytes, size_t len)
{
    return base64url_dup(call_arena(c), slice_of(bytes, len));
}

bool request_page_token(struct call *c, const char *token, void *bytes, size_t len)
{
    struct slice found;
    if (!base64url_decode(call_arena(c), slice_str(token), &found, NULL).ok || found.len != len) {
        return false;
    }
    memcpy(bytes, found.ptr, len);
    return true;
}

bool request_page_size(int32_t asked, size_t usual, size_t most, size_t *out)
{
    *out = asked == 0 ? usual : (size_t)asked;
    return asked >= 0 && *out <= most;
}

step request_page_limit(struct call *c, int32_t asked, size_t *limit)
{
    return request_page_size(asked, PAGE_USUAL, PAGE_MOST, limit)
               ? STEP_NEXT
               : call_bad_field(c, "page_size", "It must be 0 to 200.");
}

step request_page(struct call *c, int32_t size, const char *token, size_t *limit,
                  struct uuid *after)
{
    if (step_failed(request_page_limit(c, size, limit))) {
        return STEP_FAILED;
    }
    return token[0] == '\0' || request_page_token(c, token, after, sizeof *after)
               ? STEP_NEXT
               : call_fail(c, R_PAGE_TOKEN_INVALID, "page token");
}

step request_uuid(struct call *c, const char *field, const char *text, struct uuid *out)
{
    memset(out, 0, sizeof *out);
    if (text[0] != '\0' && !uuid_parse(slice_str(text), out, NULL).ok) {
        return call_bad_field(c, field,
                              "It must be a UUID such as 0197b7c0-7e5c-7c3e-8f4e-0123456789ab.");
    }
    return STEP_NEXT;
}

step request_uuid_required(struct call *c, const char *field, const char *text, struct uuid *out)
{
    return text[0] == '\0' ? call_bad_field(c, field, "It is required.")
                           : request_uuid(c, field, text, out);
}

step request_text(struct call *c, const char *field, const char *text, size_t max)
{
    if (strlen(text) > max) {
        return call_bad_field(c, field,
                              arena_printf(call_arena(c), "It may have at most %zu bytes.", max));
    }
    return STEP_NEXT;
}

step request_address(struct call *c, const char *field, const char *text, const char **out)
{
    *out = "";
    if (text[0] != '\0' && !address_normalize(call_arena(c), slice_str(text), out, NULL).ok) {
        return call_bad_field(c, field, "It must be a mail address such as bob@fabrikam.com.");
    }
    return STEP_NEXT;
}
