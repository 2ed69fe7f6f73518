/* SPDX-License-Identifier: Apache-2.0 */
#include "library/handle.h"

#include <string.h>

#include "base/mem.h"
#include "library/session.h"
#include "wire/publishing_license.h"

enum { CONTENT_BUDGET = 4 * LICENSE_BYTES_MAX, ANSWER_BUDGET = 4 * 1024 * 1024 };

static chancery_content *handle_empty(void)
{
    chancery_content *content = xcalloc(1, sizeof *content);
    *content = (chancery_content){.arena = arena_new_small(CONTENT_BUDGET),
                                  .id_text = "",
                                  .display_name = "",
                                  .owner = "",
                                  .reader = "",
                                  .portal_url = ""};
    return content;
}

static rc read_license(chancery_content *content, struct slice license, struct err *err)
{
    struct publishing_license parsed;
    char *id = arena_alloc(content->arena, UUID_TEXT_BYTES);
    ARENA_ENSURE(id, err);
    TRY(arena_dup_slice(content->arena, license, &content->license, err));
    TRY(publishing_license_parse(content->arena, content->license, &parsed, err));
    uuid_format(parsed.header.content.u, id);
    content->id = parsed.header.content;
    content->id_text = id;
    content->display_name = parsed.header.display_name;
    return OK;
}

rc handle_new(struct slice license, chancery_content **out, struct err *err)
{
    struct err why = {0};
    if (license.len == 0 || license.len > LICENSE_BYTES_MAX) {
        FAIL(err, R_INPUT_NOT_PROTECTED, "a publishing license has up to 256 KiB");
    }
    chancery_content *content = handle_empty();
    if (!read_license(content, license, &why).ok) {
        chancery_content_free(content);
        FAIL(err, R_INPUT_NOT_PROTECTED, "the publishing license is incomplete or damaged");
    }
    *out = content;
    return OK;
}

chancery_error *chancery_content_from_license(const void *license, size_t size,
                                              chancery_content **out)
{
    struct err err = {0};
    TELL(handle_new(slice_of(license, size), out, &err), &err);
    return NULL;
}

static rc from_id(const char *id, chancery_content **out, struct err *err)
{
    struct content_id parsed;
    if (!uuid_parse(slice_str(id), &parsed.u, NULL).ok) {
        FAIL(err, R_INPUT_INVALID, "a content's id is a UUID");
    }
    chancery_content *content = handle_empty();
    char *text = arena_alloc(content->arena, UUID_TEXT_BYTES);
    CH_ASSERT(text != NULL); /* the first of its arena */
    uuid_format(parsed.u, text);
    content->id = parsed;
    content->id_text = text;
    *out = content;
    return OK;
}

chancery_error *chancery_content_from_id(const char *id, chancery_content **out)
{
    struct err err = {0};
    TELL(from_id(id, out, &err), &err);
    return NULL;
}

void chancery_content_free(chancery_content *content)
{
    if (content != NULL) {
        secret_free(content->key);
        arena_free(content->answer);
        arena_free(content->arena);
        xfree(content);
    }
}

struct arena *handle_answer(chancery_content *content)
{
    arena_free(content->answer);
    content->answer = arena_new_small(ANSWER_BUDGET);
    content->owner = content->reader = "";
    content->rights = NULL;
    content->right_count = 0;
    content->may_cache = content->attachments_freed = false;
    content->expire_time = 0;
    return content->answer;
}

ProtobufCBinaryData handle_license(const chancery_content *content)
{
    return (ProtobufCBinaryData){content->license.len, (uint8_t *)(uintptr_t)content->license.ptr};
}

char *handle_id(const chancery_content *content)
{
    return borrowed_text(content->license.len > 0 ? "" : content->id_text);
}

rc handle_key(const chancery_content *content, const struct secret **out, struct err *err)
{
    if (content->key == NULL) {
        FAIL(err, R_INPUT_INVALID, "the content's key is not there; acquire it first");
    }
    *out = content->key;
    return OK;
}

/* --- what is known of it ---------------------------------------------------------------------- */

const char *chancery_content_id(const chancery_content *content)
{
    return content->id_text;
}

const void *chancery_content_license(const chancery_content *content, size_t *size)
{
    *size = content->license.len;
    return content->license.ptr;
}

const char *chancery_content_display_name(const chancery_content *content)
{
    return content->display_name;
}

const char *chancery_content_owner(const chancery_content *content)
{
    return content->owner;
}

const char *chancery_content_reader(const chancery_content *content)
{
    return content->reader;
}

const char *chancery_content_portal_url(const chancery_content *content)
{
    return content->portal_url;
}

size_t chancery_content_refused_count(const chancery_content *content)
{
    return content->refused_count;
}

const char *chancery_content_refused(const chancery_content *content, size_t index)
{
    return index < content->refused_count ? content->refused[index] : NULL;
}

size_t chancery_content_right_count(const chancery_content *content)
{
    return content->right_count;
}

const char *chancery_content_right(const chancery_content *content, size_t index)
{
    return index < content->right_count ? content->rights[index] : NULL;
}

int chancery_content_has_right(const chancery_content *content, const char *right)
{
    for (size_t i = 0; i < content->right_count; i++) {
        if (strcmp(content->rights[i], right) == 0 || strcmp(content->rights[i], "OWNER") == 0) {
            return 1;
        }
    }
    return 0;
}

int chancery_content_may_cache(const chancery_content *content)
{
    return content->may_cache ? 1 : 0;
}

int chancery_content_attachments_freed(const chancery_content *content)
{
    return content->attachments_freed ? 1 : 0;
}

int64_t chancery_content_expire_time(const chancery_content *content)
{
    return content->expire_time;
}

int chancery_content_has_key(const chancery_content *content)
{
    return content->key != NULL ? 1 : 0;
}

chancery_error *chancery_content_copy_key(const chancery_content *content,
                                          unsigned char key[CHANCERY_KEY_BYTES])
{
    struct err err = {0};
    const struct secret *own;
    TELL(handle_key(content, &own, &err), &err);
    if (secret_len(own) != CHANCERY_KEY_BYTES) {
        (void)err_raise(&err, R_AUTHORITY_UNREACHABLE, __FILE__, __LINE__,
                        "the content key has not 32 bytes");
        return failure_of(&err);
    }
    memcpy(key, secret_use(own).ptr, CHANCERY_KEY_BYTES);
    return NULL;
}
