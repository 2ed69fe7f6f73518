/* SPDX-License-Identifier: Apache-2.0 */
/* Known-answer vectors as data: found at $CHANCERY_VECTORS or beside the checkout; tests that need them
 * exit with TEST_SKIPPED, naming the file, where they are absent. */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/encode.h"

/* Load a vector file such as "wycheproof/hkdf_sha256_test.json"; NULL where absent. */
static inline json_t *vectors_load(const char *name)
{
    char path[1024];
    const char *root = getenv("CHANCERY_VECTORS");
    if (root == NULL) {
        root = CHANCERY_SOURCE_DIR "/../shared/vectors";
    }
    snprintf(path, sizeof path, "%s/%s", root, name);
    return json_load_file(path, 0, NULL);
}

/* A member in hex as bytes. */
static inline struct slice vector_hex(struct arena *arena, const json_t *test, const char *name)
{
    const char *text = json_string_value(json_object_get(test, name));
    size_t len = text == NULL ? 0 : strlen(text) / 2;
    uint8_t *bytes = arena_alloc(arena, len);
    if (bytes == NULL || !hex_decode(slice_str(text), bytes, len, NULL).ok) {
        return SLICE_NONE;
    }
    return slice_of(bytes, len);
}

static inline bool vector_is(const json_t *test, const char *result)
{
    const char *value = json_string_value(json_object_get(test, "result"));
    return value != NULL && strcmp(value, result) == 0;
}
