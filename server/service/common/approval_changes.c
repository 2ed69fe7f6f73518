/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/approval_changes.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/hash.h"

enum {
    FIELD_MAX = 384, /* bytes of a field's path that are kept: an address fits */
    TEXT_MAX = 256,  /* bytes of a value that is kept whole */
    TEXT_CUT = 128,  /* of a longer one, beside its length and digest */
};

void approval_changes_init(struct approval_changes *changes, struct arena *arena)
{
    *changes = (struct approval_changes){.arena = arena};
}

static bool make_room(struct approval_changes *changes)
{
    if (changes->count < changes->room) {
        return true;
    }
    size_t room = changes->room == 0 ? 16 : 2 * changes->room;
    struct approval_change *list = ARENA_ARRAY(changes->arena, struct approval_change, room);
    if (list == NULL) {
        changes->failed = true;
        return false;
    }
    for (size_t i = 0; i < changes->count; i++) {
        list[i] = changes->list[i];
    }
    changes->list = list;
    changes->room = room;
    return true;
}

void approval_changes_add(struct approval_changes *changes, const char *field, const char *before,
                          const char *after)
{
    changes->failed = changes->failed || field == NULL || before == NULL || after == NULL;
    if (!changes->failed && strcmp(before, after) != 0 && make_room(changes)) {
        changes->list[changes->count++] =
            (struct approval_change){.field = field, .before = before, .after = after};
    }
}

/* --- lists ------------------------------------------------------------------------------------ */

/* A name with its value; of a list of texts both are the same. */
struct pair {
    const char *name, *value;
};

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *one = a, *other = b;
    int names = strcmp(one->name, other->name);
    return names != 0 ? names : strcmp(one->value, other->value);
}

static struct pair *sorted_pairs(struct approval_changes *changes, struct pair_list list)
{
    struct pair *out = ARENA_ARRAY(changes->arena, struct pair, list.count + 1);
    changes->failed = changes->failed || out == NULL;
    for (size_t i = 0; out != NULL && i < list.count; i++) {
        out[i] = (struct pair){list.names[i], list.values[i]};
    }
    if (out != NULL) {
        qsort(out, list.count, sizeof *out, compare_pairs);
    }
    return out;
}

/* The values of the pairs that have the first one's name, each once, and how many pairs they are. */
static const char *values_of(struct approval_changes *changes, const struct pair *pairs,
                             size_t count, size_t *taken)
{
    struct buf text;
    struct slice all;
    *taken = 1;
    while (*taken < count && strcmp(pairs[*taken].name, pairs[0].name) == 0) {
        (*taken)++;
    }
    if (*taken == 1) {
        return pairs[0].value;
    }
    buf_init(&text, changes->arena);
    for (size_t i = 0; i < *taken; i++) {
        if (i == 0 || strcmp(pairs[i].value, pairs[i - 1].value) != 0) {
            buf_add_str(&text, i == 0 ? "" : "; ");
            buf_add_str(&text, pairs[i].value);
        }
    }
    return buf_finish(&text, &all, NULL).ok ? arena_dup(changes->arena, all) : NULL;
}

/* Go through both lists in order of names. `names_each`: the field is named by its name. */
static void compare_lists(struct approval_changes *changes, const char *field, bool names_each,
                          struct pair_list before, struct pair_list after)
{
    const struct pair *old = sorted_pairs(changes, before), *new = sorted_pairs(changes, after);
    size_t i = 0, k = 0;
    while (!changes->failed && (i < before.count || k < after.count)) {
        int order = i == before.count  ? 1
                    : k == after.count ? -1
                                       : strcmp(old[i].name, new[k].name);
        const char *name = order <= 0 ? old[i].name : new[k].name, *was = "", *is = "";
        size_t taken = 0;
        if (order <= 0) {
            was = values_of(changes, &old[i], before.count - i, &taken);
            i += taken;
        }
        if (order >= 0) {
            is = values_of(changes, &new[k], after.count - k, &taken);
            k += taken;
        }
        bool is_same = was != NULL && is != NULL && strcmp(was, is) == 0;
        if (!is_same) {
            approval_changes_add(
                changes, names_each ? arena_printf(changes->arena, "%s[%s]", field, name) : field,
                was, is);
        }
    }
}

void approval_changes_add_texts(struct approval_changes *changes, const char *field,
                                struct text_list before, struct text_list after)
{
    compare_lists(
        changes, field, false,
        (struct pair_list){.names = before.items, .values = before.items, .count = before.count},
        (struct pair_list){.names = after.items, .values = after.items, .count = after.count});
}

void approval_changes_add_pairs(struct approval_changes *changes, const char *field,
                                struct pair_list before, struct pair_list after)
{
    compare_lists(changes, field, true, before, after);
}

/* --- what one admin may change ----------------------------------------------------------------- */

bool approval_change_is_removal(const struct approval_change *change)
{
    return change->after[0] == '\0';
}

bool approval_change_is_on(const struct approval_change *change)
{
    return strcmp(change->after, "true") == 0;
}

/* "" is false, as it is not set. */
bool approval_change_is_off(const struct approval_change *change)
{
    return strcmp(change->before, "true") == 0;
}

bool approval_change_is_less(const struct approval_change *change)
{
    return strtoll(change->after, NULL, 10) < strtoll(change->before, NULL, 10);
}

static bool is_of(const char *path, const char *field)
{
    size_t len = strlen(field);
    return strncmp(path, field, len) == 0 && strchr(".[", path[len]) != NULL;
}

static bool is_harmless(const struct approval_change *change, const struct harmless_change *table,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_of(change->field, table[i].field)) {
            return table[i].if_so == NULL || table[i].if_so(change);
        }
    }
    return false;
}

bool approval_changes_are_harmless(const struct approval_changes *changes,
                                   const struct harmless_change *table, size_t count)
{
    bool all = !changes->failed;
    for (size_t i = 0; all && i < changes->count; i++) {
        all = is_harmless(&changes->list[i], table, count);
    }
    return all;
}

/* --- what is kept ----------------------------------------------------------------------------- */

/* Lay a text under a running digest: no two series of texts come to the same one. */
static rc digest_text(uint8_t digest[SHA256_BYTES], const char *text, struct err *err)
{
    uint8_t both[2 * SHA256_BYTES];
    memcpy(both, digest, SHA256_BYTES);
    TRY(hash_sha256(slice_str(text), both + SHA256_BYTES, err));
    return hash_sha256(slice_of(both, sizeof both), digest, err);
}

static rc digest_all(const struct approval_changes *changes, const struct approval_row *row,
                     uint8_t digest[SHA256_BYTES], struct err *err)
{
    memset(digest, 0, SHA256_BYTES);
    TRY(digest_text(digest, row->act, err));
    TRY(digest_text(digest, row->summary, err));
    for (size_t i = 0; i < changes->count; i++) {
        TRY(digest_text(digest, changes->list[i].field, err));
        TRY(digest_text(digest, changes->list[i].before, err));
        TRY(digest_text(digest, changes->list[i].after, err));
    }
    return OK;
}

/* "user:al@contoso.com,user:bo@c… (4711 bytes, SHA-256 …)" */
static rc cut(struct arena *arena, size_t max, const char **text, struct err *err)
{
    uint8_t digest[SHA256_BYTES];
    struct slice all = slice_str(*text);
    size_t end = TEXT_CUT;
    if (all.len <= max) {
        return OK;
    }
    while (end > 0 && (all.ptr[end] & 0xc0) == 0x80) { /* not within a character of UTF-8 */
        end--;
    }
    TRY(hash_sha256(all, digest, err));
    const char *hex = hex_dup(arena, slice_of(digest, sizeof digest));
    ARENA_ENSURE(hex, err);
    *text = arena_printf(arena, "%.*s… (%zu bytes, SHA-256 %s)", (int)end, *text, all.len, hex);
    ARENA_ENSURE(*text, err);
    return OK;
}

rc approval_changes_keep(const struct approval_changes *changes, struct approval_row *row,
                         struct err *err)
{
    struct arena *arena = changes->arena;
    uint8_t *digest = arena_alloc(arena, SHA256_BYTES);
    size_t count =
        changes->count < APPROVAL_CHANGES_MAX ? changes->count : (size_t)APPROVAL_CHANGES_MAX;
    struct approval_change *kept = ARENA_ARRAY(arena, struct approval_change, count + 1);
    ENSURE(!changes->failed && digest != NULL && kept != NULL, err, R_ARENA_EXHAUSTED);
    TRY(digest_all(changes, row, digest, err));
    for (size_t i = 0; i < count; i++) {
        kept[i] = changes->list[i];
        TRY(cut(arena, FIELD_MAX, &kept[i].field, err));
        TRY(cut(arena, TEXT_MAX, &kept[i].before, err));
        TRY(cut(arena, TEXT_MAX, &kept[i].after, err));
    }
    row->changes = kept;
    row->change_count = count;
    row->changes_left_out = (int64_t)(changes->count - count);
    row->digest = slice_of(digest, SHA256_BYTES);
    return OK;
}
