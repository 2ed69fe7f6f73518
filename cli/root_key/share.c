/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/root_key/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/hash.h"
#include "crypto/shamir.h"
#include "keys/keys.h"

enum { FIELDS = 7, SUM_BYTES = 4 };

static const char KIND[] = "chancery-share-1";

static rc checksum(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    uint8_t hash[SHA256_BYTES];
    TRY(hash_sha256(text, hash, err));
    *out = hex_dup(arena, slice_of(hash, SUM_BYTES));
    ARENA_ENSURE(*out, err);
    return OK;
}

rc share_print(struct arena *arena, const struct share *share, struct slice *out, struct err *err)
{
    const char *hex = hex_dup(arena, secret_use(share->bytes)), *sum;
    ARENA_ENSURE(hex, err);
    const char *text = arena_printf(arena, "%s:%s:%u:%u:%s:%s", KIND, share->set, share->threshold,
                                    share->number, share->thumbprint, hex);
    ARENA_ENSURE(text, err);
    TRY(checksum(arena, slice_str(text), &sum, err));
    text = arena_printf(arena,
                        "# Share %u of root key %s. Any %u shares of set %s give the key back:\n"
                        "# chancery root-key join SHARE... KEY. Fewer tell nothing of it.\n"
                        "%s:%s\n",
                        share->number, share->thumbprint, share->threshold, share->set, text, sum);
    ARENA_ENSURE(text, err);
    *out = slice_str(text);
    return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* The first line that is not for people, without white space around it. */
static struct slice own_line(struct slice text)
{
    struct slice line = SLICE_NONE;
    while (text.len > 0 && line.len == 0) {
        ptrdiff_t end = slice_find(text, '\n');
        size_t len = end < 0 ? text.len : (size_t)end;
        line = text.ptr[0] == '#' ? SLICE_NONE : slice_cut(text, 0, len);
        while (line.len > 0 && line.ptr[line.len - 1] <= ' ') {
            line.len--;
        }
        text = slice_cut(text, end < 0 ? text.len : len + 1, text.len);
    }
    return line;
}

static bool cut_fields(char *line, char *fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = strsep(&line, ":");
        if (fields[i] == NULL) {
            return false;
        }
    }
    return line == NULL;
}

static bool is_number(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *out = (unsigned)value;
    return text[0] >= '1' && text[0] <= '9' && *end == '\0' && value >= least && value <= most;
}

static rc check_sum(struct arena *arena, struct slice line, struct err *err)
{
    const char *sum;
    size_t len = 2 * (size_t)SUM_BYTES;
    if (line.len <= len + 1) {
        FAIL(err, R_SHARE_DAMAGED, "it has no line that begins with %s", KIND);
    }
    TRY(checksum(arena, slice_cut(line, 0, line.len - len - 1), &sum, err));
    if (!slice_eq_str(slice_cut(line, line.len - len, line.len), sum)) {
        FAIL(err, R_SHARE_DAMAGED, "its checksum is wrong: a letter was changed, lost or added");
    }
    return OK;
}

rc share_parse(struct arena *arena, struct slice text, struct share *out, struct err *err)
{
    char *fields[FIELDS];
    struct slice line = own_line(text);
    TRY(check_sum(arena, line, err));
    char *copy = arena_dup(arena, line);
    ARENA_ENSURE(copy, err);
    AUTO(secret_free_at) struct secret *bytes = secret_new(ROOT_KEY_BYTES);
    bool is_share =
        cut_fields(copy, fields) && strcmp(fields[0], KIND) == 0 &&
        strlen(fields[1]) == SHARE_SET_TEXT - 1 &&
        is_number(fields[2], SHAMIR_THRESHOLD_MIN, SHAMIR_SHARES_MAX, &out->threshold) &&
        is_number(fields[3], 1, SHAMIR_SHARES_MAX, &out->number) &&
        strlen(fields[4]) == ROOT_THUMBPRINT_TEXT - 1 &&
        hex_decode(slice_str(fields[5]), secret_bytes(bytes), ROOT_KEY_BYTES, NULL).ok;
    if (!is_share) {
        FAIL(err, R_SHARE_DAMAGED, "it is no share of this kind, %s", KIND);
    }
    memcpy(out->set, fields[1], SHARE_SET_TEXT);
    memcpy(out->thumbprint, fields[4], ROOT_THUMBPRINT_TEXT);
    out->bytes = bytes;
    bytes = NULL;
    return OK;
}
