/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/publisher_file.h"

#include <jansson.h>

#include "crypto/json.h"

enum { FILE_VERSION = 1 };

rc publisher_file_write(struct arena *arena, const struct publisher_file *file, struct slice *out,
                        struct err *err)
{
    json_t *saved = json_object();
    TRY(json_own(arena, saved, err));
    json_object_set_new(saved, "v", json_integer(FILE_VERSION));
    json_object_set_new(saved, "key", json_string(file->key_pem));
    json_object_set_new(saved, "certificate", json_string(file->certificate));
    json_object_set_new(saved, "exchange_public_jwk", json_string(file->exchange_jwk));
    json_object_set_new(saved, "authority_url", json_string(file->authority_url));
    json_object_set_new(saved, "portal_url", json_string(file->portal_url));
    return json_dump(arena, saved, out, err);
}

static rc text_of(struct arena *arena, const json_t *saved, const char *name, const char **out,
                  struct err *err)
{
    struct slice text;
    TRY(json_need_text(saved, name, R_INPUT_INVALID, &text, err));
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

rc publisher_file_read(struct arena *arena, struct slice bytes, struct publisher_file *out,
                       struct err *err)
{
    json_t *saved;
    TRY(json_parse_object(arena, bytes, PUBLISHER_FILE_MAX, R_INPUT_INVALID, &saved, err));
    ENSURE(json_integer_value(json_object_get(saved, "v")) == FILE_VERSION, err, R_INPUT_INVALID);
    TRY(text_of(arena, saved, "key", &out->key_pem, err));
    TRY(text_of(arena, saved, "certificate", &out->certificate, err));
    TRY(text_of(arena, saved, "exchange_public_jwk", &out->exchange_jwk, err));
    TRY(text_of(arena, saved, "authority_url", &out->authority_url, err));
    return text_of(arena, saved, "portal_url", &out->portal_url, err);
}
