/* SPDX-License-Identifier: Apache-2.0 */
/* Contents with keys, as if an authority had made them. */
#pragma once

#include "chancery_test.h"

#include <chancery/chancery.h>

#include "base/ids.h"
#include "library/handle.h"
#include "wire/publishing_license.h"

/* A content with a license that parses, and a key of its own. */
static inline chancery_content *content_with_key(void)
{
    struct slice header, license;
    struct err err = {0};
    chancery_content *content = NULL;
    struct arena *arena = arena_new(64 * 1024);
    const struct license_header said = {.authority_url = "https://rms.example.org",
                                        .boundary = "commercial",
                                        .tenant = {uuid_random()},
                                        .content = {uuid_random()},
                                        .key_version = 1,
                                        .display_name = "Plan"};
    assert_ok(license_header_encode(arena, &said, &header, &err), &err);
    assert_ok(publishing_license_encode(arena, header, slice_of((const uint8_t[256]){1}, 256),
                                        &license, &err),
              &err);
    assert_ok(handle_new(license, &content, &err), &err);
    content->key = secret_random(CHANCERY_KEY_BYTES);
    arena_free(arena);
    return content;
}

static inline void assert_reason(chancery_error *error, const char *reason)
{
    assert_string_equal(chancery_error_reason(error), reason);
    chancery_error_free(error);
}

static inline void assert_done(chancery_error *error)
{
    if (error != NULL) {
        print_error("%s: %s\n", chancery_error_reason(error), chancery_error_detail(error));
    }
    assert_null(error);
}

/* Bytes in memory, written to and read from. */
struct memory {
    uint8_t *bytes;
    size_t len, at, room;
    size_t most; /* so many at once are read */
};

static inline int memory_write(void *arg, const void *data, size_t size)
{
    struct memory *memory = arg;
    if (size > memory->room - memory->len) {
        return -1;
    }
    memcpy(memory->bytes + memory->len, data, size);
    memory->len += size;
    return 0;
}

static inline ptrdiff_t memory_read(void *arg, void *data, size_t size)
{
    struct memory *memory = arg;
    size_t left = memory->len - memory->at, len = left < size ? left : size;
    len = memory->most > 0 && len > memory->most ? memory->most : len;
    memcpy(data, memory->bytes + memory->at, len);
    memory->at += len;
    return (ptrdiff_t)len;
}
