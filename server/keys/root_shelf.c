/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "crypto/hash.h"
#include "keys/root_files.h"
#include "keys/root_opener.h"

/* Shared by processes; nobody writes to it once it is filled. */
struct page {
    uint8_t source[SHA256_BYTES];
    size_t count;
    uint8_t roots[KEYS_ROOTS_MAX][ROOT_KEY_BYTES];
    struct keys_root_wrap wraps[KEYS_ROOTS_MAX];
};

struct root_shelf {
    struct page *page;
    unsigned holders; /* in this process */
};

/* --- what they were read from ----------------------------------------------------------------- */

static rc mix(uint8_t source[SHA256_BYTES], struct slice bytes, struct err *err)
{
    uint8_t both[2 * SHA256_BYTES];
    memcpy(both, source, SHA256_BYTES);
    TRY(hash_sha256(bytes, both + SHA256_BYTES, err));
    return hash_sha256(slice_of(both, sizeof both), source, err);
}

/* One that can't be read is another one as soon as it can. */
static rc mix_file(uint8_t source[SHA256_BYTES], const char *name, struct err *err)
{
    char buffer[PATH_MAX];
    struct err why = {0};
    AUTO(secret_free_at) struct secret *file = NULL;
    TRY(mix(source, slice_str(name), err));
    if (name[0] == '\0') {
        return OK;
    }
    return secret_from_file(root_path(name, buffer), ROOT_WRAPS_BYTES_MAX, &file, &why).ok
               ? mix(source, secret_use(file), err)
               : mix(source, slice_str(reason_info(why.reason)->name), err);
}

static rc mix_opener(uint8_t source[SHA256_BYTES], const struct root_opener *opener,
                     struct err *err)
{
    TRY(mix(source, slice_str(opener->module), err));
    TRY(mix(source, slice_str(opener->uri), err));
    TRY(mix_file(source, opener->pin_file, err));
    return mix_file(source, opener->key_file, err);
}

/* A hash of what the configuration says of root keys, and of the files that it names. */
static rc source_of(const struct root_files *files, uint8_t source[SHA256_BYTES], struct err *err)
{
    memset(source, 0, SHA256_BYTES);
    TRY(mix_file(source, files->file, err));
    for (size_t i = 0; i < files->other_count; i++) {
        TRY(mix_file(source, files->others[i], err));
    }
    TRY(mix(source, SLICE_NONE, err)); /* where the openers begin */
    for (size_t i = 0; i < files->opener_count; i++) {
        TRY(mix_opener(source, &files->openers[i], err));
    }
    return OK;
}

/* --- the page --------------------------------------------------------------------------------- */

/* NULL: the memory can't be locked. */
static struct page *map(void)
{
    struct page *page =
        mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return NULL;
    }
    if (mlock(page, sizeof *page) != 0 || madvise(page, sizeof *page, MADV_DONTDUMP) != 0) {
        (void)munmap(page, sizeof *page);
        return NULL;
    }
    return page;
}

/* What was read: the root keys, and by which wraps. */
struct reading {
    const struct root_files *files;
    struct secret *roots[KEYS_ROOTS_MAX];
    struct keys_root_wrap wraps[KEYS_ROOTS_MAX];
};

/* NULL as above. Takes the roots. */
static struct page *fill(struct reading *r, const uint8_t source[SHA256_BYTES])
{
    struct page *page = map();
    for (size_t i = 0; i < KEYS_ROOTS_MAX && r->roots[i] != NULL; i++) {
        if (page != NULL) {
            page->wraps[i] = r->wraps[i];
            memcpy(page->roots[page->count++], secret_use(r->roots[i]).ptr, ROOT_KEY_BYTES);
        }
        secret_free(r->roots[i]);
    }
    if (page != NULL) {
        memcpy(page->source, source, SHA256_BYTES);
        (void)mprotect(page, sizeof *page, PROT_READ);
    }
    return page;
}

static void note(void *ctx, const struct root_told *told)
{
    struct reading *r = ctx;
    struct keys_root_wrap *wrap = &r->wraps[told->root];
    (void)snprintf(wrap->name, sizeof wrap->name, "%s", told->wrap);
    (void)snprintf(wrap->kid, sizeof wrap->kid, "%s", told->kid);
    if (r->files->tell != NULL) {
        r->files->tell(r->files->ctx, told);
    }
}

static rc read_noted(struct reading *r, struct err *err)
{
    struct root_files noted = *r->files;
    noted.tell = note;
    noted.ctx = r;
    return root_files_read(&noted, r->roots, err);
}

/* A token's library, which is code of others, runs in a fork of ours: the keys that are in use are not there. */
static rc read_apart(struct reading *r, const struct root_shelf *running, struct err *err)
{
    if (running == NULL) {
        return read_noted(r, err);
    }
    ENSURE(madvise(running->page, sizeof *running->page, MADV_DONTFORK) == 0, err,
           R_STARTUP_FAILED);
    rc result = read_noted(r, err);
    (void)madvise(running->page, sizeof *running->page, MADV_DOFORK);
    return result;
}

/* --- shelves ---------------------------------------------------------------------------------- */

rc root_shelf_open(const struct root_files *files, struct root_shelf *running,
                   struct root_shelf **out, struct err *err)
{
    struct reading r = {.files = files};
    uint8_t source[SHA256_BYTES];
    TRY(source_of(files, source, err));
    if (running != NULL && memcmp(running->page->source, source, sizeof source) == 0) {
        running->holders++;
        *out = running;
        return OK;
    }
    TRY(read_apart(&r, running, err));
    struct page *page = fill(&r, source);
    if (page == NULL) {
        FAIL(err, R_STARTUP_FAILED,
             "memory for root keys can't be locked: raise the limit (ulimit -l)");
    }
    *out = xcalloc(1, sizeof **out);
    **out = (struct root_shelf){.page = page, .holders = 1};
    return OK;
}

struct keys *root_shelf_keys(struct loop *loop, const struct root_shelf *shelf, size_t cache_max)
{
    struct secret *roots[KEYS_ROOTS_MAX] = {0};
    for (size_t i = 0; i < shelf->page->count; i++) {
        roots[i] = secret_copy(slice_of(shelf->page->roots[i], ROOT_KEY_BYTES));
    }
    struct keys *keys = root_files_keys(loop, roots, cache_max);
    for (size_t i = 0; i < shelf->page->count; i++) {
        keys_note_wrap(keys, i, &shelf->page->wraps[i]);
    }
    return keys;
}

/* It is not wiped, because a worker may be about to copy it; the kernel clears pages before others get them. */
void root_shelf_close(struct root_shelf *shelf)
{
    if (shelf != NULL && --shelf->holders == 0) {
        (void)munmap(shelf->page, sizeof *shelf->page);
        xfree(shelf);
    }
}
