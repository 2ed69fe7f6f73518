/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/root_files.h"

#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "keys/root_opener.h"

enum { HEX_DIGITS = 2 * ROOT_KEY_BYTES, ARENA_BYTES = 4 * ROOT_WRAPS_BYTES_MAX };

/* While files are read: what of the openers is open. */
struct reading {
    const struct root_files *files;
    size_t root;        /* which one is read now */
    bool leaves_tokens; /* they are not asked, and believed to open */
    struct root_key_holder holders[ROOT_OPENERS_MAX];
};

/* --- plain ones ------------------------------------------------------------------------------- */

static rc read_plain(const char *path, struct slice bytes, struct secret **out, struct err *err)
{
    while (bytes.len > HEX_DIGITS && bytes.ptr[bytes.len - 1] <= ' ') {
        bytes.len--;
    }
    AUTO(secret_free_at) struct secret *root = secret_new(ROOT_KEY_BYTES);
    if (bytes.len != HEX_DIGITS ||
        !hex_decode(bytes, secret_bytes(root), ROOT_KEY_BYTES, NULL).ok) {
        FAIL(err, R_ROOT_KEY_INVALID,
             "%s holds neither 32 bytes nor 64 hex digits, nor is it a wrapped root key", path);
    }
    *out = root;
    root = NULL;
    return OK;
}

/* --- wrapped ones ----------------------------------------------------------------------------- */

/* wrap: NULL with an error. */
static void tell(const struct reading *r, const char *path, const struct root_opener *opener,
                 const struct root_wrap *wrap, const struct err *err)
{
    if (r->files->tell != NULL) {
        r->files->tell(r->files->ctx, &(struct root_told){.file = path,
                                                          .opener = root_opener_name(opener),
                                                          .wrap = wrap == NULL ? "" : wrap->name,
                                                          .kid = wrap == NULL ? "" : wrap->kid,
                                                          .root = r->root,
                                                          .err = err});
    }
}

/* Of several the reasons in their order: what each says in full was told. */
static rc none_opened(const struct reading *r, const char *path, const struct err *errs,
                      struct err *err)
{
    char why[ERR_DETAIL_MAX] = "";
    size_t count = r->files->opener_count;
    if (count == 0) {
        FAIL(err, R_ROOT_KEY_UNOPENED, "%s is wrapped, and root_key.openers is empty", path);
    }
    if (count == 1) {
        FAIL(err, errs[0].reason, "%s: %s", root_opener_name(&r->files->openers[0]),
             errs[0].detail);
    }
    for (size_t i = 0, at = 0; i < count && at < sizeof why; i++) {
        at += (size_t)snprintf(why + at, sizeof why - at, "%s%s", i == 0 ? "" : ", ",
                               reason_info(errs[i].reason)->name);
    }
    FAIL(err, R_ROOT_KEY_UNOPENED, "%s: %s", path, why);
}

static bool is_refused(const struct root_key_holder *holder)
{
    return holder->err.reason == R_HSM_PIN_WRONG || holder->err.reason == R_HSM_PIN_LOCKED;
}

/* The same PIN on the same token would be one try more of the few that it has. */
static void take_over_refusal(struct reading *r, size_t at)
{
    struct root_key_holder *own = &r->holders[at];
    for (size_t i = 0; i < r->files->opener_count && !own->was_tried; i++) {
        if (is_refused(&r->holders[i]) &&
            root_openers_share_pin(&r->files->openers[i], &r->files->openers[at])) {
            own->was_tried = true;
            own->err = r->holders[i].err;
        }
    }
}

static rc try_opener(struct reading *r, size_t at, const struct root_wraps *wraps,
                     const struct root_wrap **wrap, struct secret **out, struct err *err)
{
    const struct root_opener *opener = &r->files->openers[at];
    if (r->leaves_tokens && root_opener_is_token(opener)) {
        return root_opener_look(opener, err);
    }
    take_over_refusal(r, at);
    return root_opener_try(opener, &r->holders[at], wraps, wrap, out, err);
}

static rc read_wrapped(struct reading *r, const char *path, struct slice text, struct secret **out,
                       struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES);
    struct err errs[ROOT_OPENERS_MAX] = {0}, why = {0};
    struct root_wraps wraps;
    const struct root_wrap *wrap = NULL;
    if (!root_wraps_parse(arena, text, R_ROOT_KEY_INVALID, &wraps, &why).ok) {
        FAIL(err, R_ROOT_KEY_INVALID, "%s is no wrapped root key: %s", path, why.detail);
    }
    for (size_t i = 0; i < r->files->opener_count; i++) {
        const struct root_opener *opener = &r->files->openers[i];
        if (try_opener(r, i, &wraps, &wrap, out, &errs[i]).ok) {
            tell(r, path, opener, wrap, NULL);
            return OK;
        }
        tell(r, path, opener, NULL, &errs[i]);
    }
    return none_opened(r, path, errs, err);
}

static bool is_wrapped(struct slice bytes)
{
    return bytes.len != ROOT_KEY_BYTES && bytes.ptr[0] == '{';
}

rc root_files_wraps(struct arena *arena, const char *name, struct root_wraps *out, struct err *err)
{
    char buffer[PATH_MAX];
    const char *path = root_path(name, buffer);
    AUTO(secret_free_at) struct secret *file = NULL;
    struct slice text;
    *out = (struct root_wraps){0};
    TRY(secret_from_file(path, ROOT_WRAPS_BYTES_MAX, &file, err));
    if (!is_wrapped(secret_use(file))) {
        return OK;
    }
    TRY(arena_dup_slice(arena, secret_use(file), &text, err)); /* what is parsed lends from it */
    return root_wraps_parse(arena, text, R_ROOT_KEY_INVALID, out, err);
}

/* --- all -------------------------------------------------------------------------------------- */

static rc read_one(struct reading *r, const char *name, struct secret **out, struct err *err)
{
    char buffer[PATH_MAX];
    const char *path = root_path(name, buffer);
    AUTO(secret_free_at) struct secret *file = NULL;
    TRY(secret_from_file(path, ROOT_WRAPS_BYTES_MAX, &file, err));
    struct slice bytes = secret_use(file);
    if (bytes.len == ROOT_KEY_BYTES) {
        *out = secret_copy(bytes);
        return OK;
    }
    return is_wrapped(bytes) ? read_wrapped(r, path, bytes, out, err)
                             : read_plain(path, bytes, out, err);
}

static rc read_all(struct reading *r, struct secret *out[KEYS_ROOTS_MAX], struct err *err)
{
    TRY(read_one(r, r->files->file, &out[0], err));
    for (size_t i = 0; i < r->files->other_count; i++) {
        r->root = i + 1;
        TRY(read_one(r, r->files->others[i], &out[i + 1], err));
    }
    return OK;
}

static void free_all(struct secret *roots[KEYS_ROOTS_MAX])
{
    for (size_t i = 0; i < KEYS_ROOTS_MAX; i++) {
        secret_free_at(&roots[i]);
    }
}

static void begin(struct reading *r, const struct root_files *files, bool leaves_tokens)
{
    struct mono_time until = mono_add_ms(clock_mono(), ROOT_TOKENS_MS);
    CH_ASSERT(files->other_count < KEYS_ROOTS_MAX && files->opener_count <= ROOT_OPENERS_MAX);
    *r = (struct reading){.files = files, .leaves_tokens = leaves_tokens};
    for (size_t i = 0; i < files->opener_count; i++) {
        r->holders[i].until = until;
    }
}

static void end(struct reading *r)
{
    for (size_t i = 0; i < r->files->opener_count; i++) {
        root_key_holder_close(&r->holders[i]);
    }
}

static rc read_files(const struct root_files *files, bool leaves_tokens,
                     struct secret *out[KEYS_ROOTS_MAX], struct err *err)
{
    struct reading r;
    begin(&r, files, leaves_tokens);
    for (size_t i = 0; i < KEYS_ROOTS_MAX; i++) {
        out[i] = NULL;
    }
    rc result = read_all(&r, out, err);
    end(&r);
    if (!result.ok) {
        free_all(out);
    }
    return result;
}

rc root_files_read(const struct root_files *files, struct secret *out[KEYS_ROOTS_MAX],
                   struct err *err)
{
    return read_files(files, false, out, err);
}

static rc check(const struct root_files *files, bool leaves_tokens, struct err *err)
{
    struct secret *roots[KEYS_ROOTS_MAX];
    TRY(read_files(files, leaves_tokens, roots, err));
    free_all(roots);
    return OK;
}

rc root_files_check(const struct root_files *files, struct err *err)
{
    return check(files, false, err);
}

rc root_files_look(const struct root_files *files, struct err *err)
{
    return check(files, true, err);
}

static rc check_each(struct reading *r, struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES);
    struct root_wraps wraps;
    bool any = false;
    TRY(root_files_wraps(arena, r->files->file, &wraps, err));
    for (size_t i = 0; i < r->files->opener_count; i++) {
        AUTO(secret_free_at) struct secret *root = NULL;
        const struct root_wrap *wrap = NULL;
        struct err why = {0};
        bool is_open = try_opener(r, i, &wraps, &wrap, &root, &why).ok;
        tell(r, r->files->file, &r->files->openers[i], is_open ? wrap : NULL,
             is_open ? NULL : &why);
        any = any || is_open;
        *err = is_open ? *err : why;
    }
    return any ? OK : (rc){false};
}

/* By one reading, so that a wrong PIN is tried once here, too. */
rc root_files_check_each(const struct root_files *files, struct err *err)
{
    struct reading r;
    begin(&r, files, false);
    rc result = check_each(&r, err);
    end(&r);
    return result;
}

struct keys *root_files_keys(struct loop *loop, struct secret *roots[KEYS_ROOTS_MAX],
                             size_t cache_max)
{
    struct keys *keys = keys_new(loop, roots[0], cache_max);
    for (size_t i = 1; i < KEYS_ROOTS_MAX && roots[i] != NULL; i++) {
        keys_add_root(keys, roots[i]);
    }
    return keys;
}
