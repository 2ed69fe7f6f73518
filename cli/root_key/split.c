/* SPDX-License-Identifier: Apache-2.0 */
/* chancery root-key split, join */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/encode.h"
#include "cli/number.h"
#include "cli/output.h"
#include "cli/root_key/root_key.h"
#include "cli/root_key/share.h"
#include "cli/secret_file.h"

enum { SET_BYTES = 4 };

/* Of a split or a joining. */
struct shares {
    struct share all[SHAMIR_SHARES_MAX];
    unsigned count;
};

static void shares_free(struct shares *shares)
{
    for (unsigned i = 0; i < shares->count; i++) {
        secret_free(shares->all[i].bytes);
    }
}

/* Of those whose bits are set in `chosen`. */
static struct secret *join(const struct shares *shares, unsigned chosen)
{
    struct secret *bytes[SHAMIR_SHARES_MAX];
    uint8_t numbers[SHAMIR_SHARES_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < shares->count; i++) {
        if ((chosen >> i & 1U) != 0) {
            bytes[count] = shares->all[i].bytes;
            numbers[count++] = (uint8_t)shares->all[i].number;
        }
    }
    return shamir_join(bytes, numbers, count);
}

/* --- split ------------------------------------------------------------------------------------ */

static rc make_shares(struct arena *arena, const struct secret *root, unsigned threshold,
                      unsigned count, struct shares *out, struct err *err)
{
    struct secret *bytes[SHAMIR_SHARES_MAX];
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    uint8_t set[SET_BYTES];
    ENSURE(RAND_bytes(set, sizeof set) == 1, err, R_CRYPTO_FAILED);
    const char *id = hex_dup(arena, slice_of(set, sizeof set));
    ARENA_ENSURE(id, err);
    TRY(root_wraps_thumbprint(root, thumbprint, err));
    TRY(shamir_split(root, threshold, count, bytes, err));
    for (unsigned i = 0; i < count; i++) {
        struct share *share = &out->all[out->count++];
        *share = (struct share){.threshold = threshold, .number = i + 1, .bytes = bytes[i]};
        memcpy(share->set, id, sizeof share->set);
        memcpy(share->thumbprint, thumbprint, sizeof share->thumbprint);
    }
    unsigned last = ((1U << threshold) - 1U) << (count - threshold);
    AUTO(secret_free_at) struct secret *again = join(out, last);
    ENSURE(secret_eq(again, root), err, R_INTERNAL); /* before anybody relies on them */
    return OK;
}

static rc write_each(struct arena *arena, const char *folder, const struct shares *shares,
                     struct root_key_act *act, struct err *err)
{
    for (unsigned i = 0; i < shares->count; i++) {
        const struct share *share = &shares->all[i];
        struct slice text;
        const char *path = arena_printf(arena, "%s/share-%u.txt", folder, share->number);
        ARENA_ENSURE(path, err);
        TRY(share_print(arena, share, &text, err));
        TRY(output_write(path, text, err));
        const char *line =
            arena_printf(arena, "share %u of %u, set %s, any %u join: %s", share->number,
                         shares->count, share->set, share->threshold, path);
        ARENA_ENSURE(line, err);
        act->lines[act->line_count++] = line;
    }
    return OK;
}

/* Half a set is a set: as many as join may be among it. */
static void remove_shares(struct arena *arena, const char *folder, unsigned count)
{
    for (unsigned number = 1; number <= count; number++) {
        const char *path = arena_printf(arena, "%s/share-%u.txt", folder, number);
        if (path != NULL) {
            (void)unlink(path);
        }
    }
    (void)rmdir(folder);
}

/* A new folder, so that shares of two sets never lie together. */
static rc write_shares(struct arena *arena, const char *folder, const struct shares *shares,
                       struct root_key_act *act, struct err *err)
{
    if (mkdir(folder, 0700) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: %s", folder, strerrordesc_np(errno));
    }
    rc result = write_each(arena, folder, shares, act, err);
    if (!result.ok) {
        remove_shares(arena, folder, shares->count);
    }
    return result;
}

static int read_counts(struct session *s, const struct root_key_args *args, uint32_t *threshold,
                       uint32_t *count)
{
    if (args->key == NULL || args->shares == NULL || args->threshold == NULL) {
        return usage_error(s->command,
                           "split: --key KEY, --shares N and --threshold M are required");
    }
    int code = number_read(s->command, "--shares", args->shares, SHAMIR_THRESHOLD_MIN,
                           SHAMIR_SHARES_MAX, count);
    return code == EXIT_OK ? number_read(s->command, "--threshold", args->threshold,
                                         SHAMIR_THRESHOLD_MIN, *count, threshold)
                           : code;
}

int root_key_split(struct session *s, const struct root_key_args *args)
{
    AUTO(secret_free_at) struct secret *root = NULL;
    AUTO(shares_free) struct shares shares = {0};
    struct root_key_act act = {.name = "split"};
    struct err err = {0};
    uint32_t threshold = 0, count = 0;
    int code = read_counts(s, args, &threshold, &count);
    if (code != EXIT_OK) {
        return code;
    }
    if (!root_key_read(s, args, args->key, &root, &err).ok ||
        !make_shares(s->arena, root, threshold, count, &shares, &err).ok ||
        !write_shares(s->arena, args->operands[0], &shares, &act, &err).ok) {
        return fail_with(s->command, &err);
    }
    act.thumbprint = shares.all[0].thumbprint;
    return root_key_tell(s, args, &act);
}

/* --- join ------------------------------------------------------------------------------------- */

static rc read_share(struct arena *arena, const char *path, struct shares *shares, struct err *err)
{
    struct share share = {0};
    struct slice text;
    struct err why = {0};
    TRY(secret_file_check(path, err));
    TRY(read_file(arena, path, SHARE_BYTES_MAX, &text, err));
    if (!share_parse(arena, text, &share, &why).ok) {
        FAIL(err, why.reason, "%s: %s", path, why.detail);
    }
    const struct share *first = &shares->all[0];
    bool is_same = shares->count == 0 ||
                   (strcmp(share.set, first->set) == 0 && share.threshold == first->threshold &&
                    strcmp(share.thumbprint, first->thumbprint) == 0);
    bool is_twice = false;
    for (unsigned i = 0; i < shares->count; i++) {
        is_twice = is_twice || (shares->all[i].number == share.number &&
                                secret_eq(shares->all[i].bytes, share.bytes));
    }
    if (is_same && !is_twice) {
        shares->all[shares->count++] = share;
        return OK;
    }
    secret_free(share.bytes);
    if (!is_same) {
        FAIL(err, R_SHARES_MIXED, "%s is of set %s, and the first one of set %s", path, share.set,
             first->set);
    }
    return OK; /* the same once more */
}

static rc read_shares(struct session *s, const struct root_key_args *args, struct shares *shares,
                      struct err *err)
{
    for (size_t i = 0; i + 1 < args->operand_count; i++) {
        TRY(read_share(s->arena, args->operands[i], shares, err));
    }
    if (shares->count < shares->all[0].threshold) {
        FAIL(err, R_SHARES_TOO_FEW, "it takes %u of set %s, and here are %u different ones",
             shares->all[0].threshold, shares->all[0].set, shares->count);
    }
    return OK;
}

/* Whether these give the key back that was split. Two of one number never do. */
static bool fit(const struct shares *shares, unsigned chosen, struct secret **out)
{
    char thumbprint[ROOT_THUMBPRINT_TEXT];
    unsigned numbers = 0;
    for (unsigned i = 0; i < shares->count; i++) {
        unsigned bit = (chosen >> i & 1U) << shares->all[i].number;
        if ((numbers & bit) != 0) {
            return false;
        }
        numbers |= bit;
    }
    AUTO(secret_free_at) struct secret *root = join(shares, chosen);
    if (!root_wraps_thumbprint(root, thumbprint, NULL).ok ||
        strcmp(thumbprint, shares->all[0].thumbprint) != 0) {
        return false;
    }
    *out = root;
    root = NULL;
    return true;
}

/* A wrong one may be among them, so any that are enough: at most 12,870 of 16. */
static rc join_shares(const struct shares *shares, unsigned *chosen, struct secret **out,
                      struct err *err)
{
    unsigned threshold = shares->all[0].threshold;
    for (unsigned some = 1; some < 1U << shares->count; some++) {
        if ((unsigned)__builtin_popcount(some) == threshold && fit(shares, some, out)) {
            *chosen = some;
            return OK;
        }
    }
    FAIL(err, R_SHARES_WRONG, "no %u of them join to root key %s, which was split", threshold,
         shares->all[0].thumbprint);
}

/* In the place of one of those that fit it gives the same. */
static bool is_sound(const struct shares *shares, unsigned chosen, unsigned at)
{
    AUTO(secret_free_at) struct secret *root = NULL;
    unsigned others = chosen & (chosen - 1U);
    return (chosen >> at & 1U) != 0 || fit(shares, others | 1U << at, &root);
}

/* Each that was given is told of, so that a drill says something of all. */
static void tell_shares(struct arena *arena, const struct shares *shares, unsigned chosen,
                        struct root_key_act *act)
{
    for (unsigned i = 0; i < shares->count; i++) {
        const struct share *share = &shares->all[i];
        act->lines[act->line_count++] =
            is_sound(shares, chosen, i)
                ? arena_printf(arena, "by share %u of set %s", share->number, share->set)
                : arena_printf(arena, "WRONG share %u of set %s: changed, or forged", share->number,
                               share->set);
    }
}

int root_key_join(struct session *s, const struct root_key_args *args)
{
    AUTO(secret_free_at) struct secret *root = NULL;
    AUTO(shares_free) struct shares shares = {0};
    struct root_key_act act = {.name = "join"};
    struct err err = {0};
    const char *path = args->operands[args->operand_count - 1];
    unsigned chosen = 0;
    if (!read_shares(s, args, &shares, &err).ok || !join_shares(&shares, &chosen, &root, &err).ok ||
        !root_key_write(s, path, root, &err).ok) {
        return fail_with(s->command, &err);
    }
    act.thumbprint = shares.all[0].thumbprint;
    tell_shares(s->arena, &shares, chosen, &act);
    act.lines[act.line_count++] = path;
    return root_key_tell(s, args, &act);
}
