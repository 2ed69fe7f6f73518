/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/make_once.h"

#include <string.h>

#include "base/ids.h"
#include "crypto/hash.h"

char *make_once_id(struct session *s, const struct change *change)
{
    uint8_t hash[SHA256_BYTES];
    struct uuid id;
    char *text = arena_alloc(s->arena, UUID_TEXT_BYTES);
    const char *all = arena_printf(s->arena, "chancery apply\n%s\n%s\n%s\n%u", change->kind->name,
                                   change->tenant, change->key, change->attempt);
    CH_ASSERT(text != NULL && all != NULL); /* a session's arena is far larger than a name */
    bool is_hashed = hash_sha256(slice_str(all), hash, NULL).ok;
    CH_ASSERT(is_hashed);
    memcpy(id.b, hash, sizeof id.b);
    id.b[6] = (uint8_t)(0x80 | (id.b[6] & 0x0f)); /* version 8 (RFC 9562 §5.8) */
    id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
    uuid_format(id, text);
    return text;
}

bool make_once_is_new(struct state *state, const struct change *change, const char *id)
{
    struct objects *objects = NULL;
    int code = state_read(state, change->kind, change->tenant, &objects);
    for (size_t i = 0; code == EXIT_OK && i < objects->count; i++) {
        if (strcmp(objects->list[i].id, id) == 0) {
            return false;
        }
    }
    return true;
}

int make_once_find_there(struct state *state, const struct change *change, bool *is_there)
{
    struct objects now = {.kind = change->kind, .tenant = change->tenant};
    int code = state_read_again(state, &now);
    *is_there = false;
    for (size_t i = 0; code == EXIT_OK && i < now.count; i++) {
        *is_there = *is_there || strcmp(now.list[i].key, change->key) == 0;
    }
    return code;
}
