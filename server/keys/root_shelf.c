/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "keys/root_files.h"

struct root_shelf {
    size_t count;
    uint8_t roots[KEYS_ROOTS_MAX][ROOT_KEY_BYTES];
    struct keys_root_wrap wraps[KEYS_ROOTS_MAX];
};

/* While files are read: by which wraps, and who else is told. */
struct openings {
    const struct root_files *files;
    struct keys_root_wrap wraps[KEYS_ROOTS_MAX];
};

static void note(void *ctx, const struct root_told *told)
{
    struct openings *o = ctx;
    struct keys_root_wrap *wrap = &o->wraps[told->root];
    (void)snprintf(wrap->name, sizeof wrap->name, "%s", told->wrap);
    (void)snprintf(wrap->kid, sizeof wrap->kid, "%s", told->kid);
    if (o->files->tell != NULL) {
        o->files->tell(o->files->ctx, told);
    }
}

/* NULL: the memory can't be locked. */
static struct root_shelf *map(void)
{
    struct root_shelf *shelf =
        mmap(NULL, sizeof *shelf, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shelf == MAP_FAILED) {
        return NULL;
    }
    if (mlock(shelf, sizeof *shelf) != 0 || madvise(shelf, sizeof *shelf, MADV_DONTDUMP) != 0) {
        root_shelf_close(shelf);
        return NULL;
    }
    return shelf;
}

rc root_shelf_open(const struct root_files *files, struct root_shelf **out, struct err *err)
{
    struct secret *roots[KEYS_ROOTS_MAX];
    struct openings openings = {.files = files};
    struct root_files noted = *files;
    noted.tell = note;
    noted.ctx = &openings;
    TRY(root_files_read(&noted, roots, err));
    struct root_shelf *shelf = map();
    for (size_t i = 0; i <= files->other_count; i++) {
        if (shelf != NULL) {
            shelf->wraps[i] = openings.wraps[i];
            memcpy(shelf->roots[shelf->count++], secret_use(roots[i]).ptr, ROOT_KEY_BYTES);
        }
        secret_free(roots[i]);
    }
    if (shelf == NULL) {
        FAIL(err, R_STARTUP_FAILED,
             "memory for root keys can't be locked: raise the limit (ulimit -l)");
    }
    *out = shelf;
    return OK;
}

struct keys *root_shelf_keys(struct loop *loop, const struct root_shelf *shelf, size_t cache_max)
{
    struct keys *keys = NULL;
    for (size_t i = 0; i < shelf->count; i++) {
        struct secret *root = secret_copy(slice_of(shelf->roots[i], ROOT_KEY_BYTES));
        if (i == 0) {
            keys = keys_new(loop, root, cache_max);
        } else {
            keys_add_root(keys, root);
        }
        keys_note_wrap(keys, i, &shelf->wraps[i]);
    }
    return keys;
}

/* It is not wiped, because a worker may be about to copy it; the kernel clears pages before others get them. */
void root_shelf_close(struct root_shelf *shelf)
{
    if (shelf != NULL) {
        (void)munmap(shelf, sizeof *shelf);
    }
}
