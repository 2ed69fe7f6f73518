/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

struct secret {
    size_t len;
    uint8_t bytes[];
};

/* The smallest block of the secure heap: a 32-byte key with its length. */
enum { SECURE_MIN_BLOCK = 64 };

rc secret_heap_init(size_t bytes, struct err *err)
{
    /* 1 = locked, 2 = in use but mlock or dontdump failed, 0 = not there. */
    ENSURE(CRYPTO_secure_malloc_init(bytes, SECURE_MIN_BLOCK) == 1, err, R_STARTUP_FAILED);
    return OK;
}

struct secret *secret_new(size_t len)
{
    struct secret *s = OPENSSL_secure_zalloc(sizeof *s + len);
    if (s == NULL) {
        abort();
    }
    s->len = len;
    return s;
}

struct secret *secret_random(size_t len)
{
    struct secret *s = secret_new(len);
    if (RAND_priv_bytes(s->bytes, (int)len) != 1) {
        abort();
    }
    return s;
}

struct secret *secret_copy(struct slice bytes)
{
    struct secret *s = secret_new(bytes.len);
    if (bytes.len > 0) {
        memcpy(s->bytes, bytes.ptr, bytes.len);
    }
    return s;
}

static void close_at(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

static bool is_credential(const char *path)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    size_t len = credentials == NULL ? 0 : strlen(credentials);
    return len > 0 && strncmp(path, credentials, len) == 0 && path[len] == '/';
}

rc secret_check_mode(const char *path, const struct stat *st, enum secret_readers readers,
                     struct err *err)
{
    bool is_given = readers == SECRET_OWNER_OR_GROUP_OF_ROOTS && st->st_uid == 0;
    mode_t may = is_given || is_credential(path) ? S_IRGRP : 0;
    if ((st->st_mode & (S_IRWXG | S_IRWXO) & ~may) != 0) {
        FAIL(err, R_FILE_MODE, "%s has mode %03o", path, (unsigned)(st->st_mode & 0777));
    }
    return OK;
}

rc secret_read_file(const char *path, size_t max, enum secret_readers readers, struct secret **out,
                    struct err *err)
{
    /* A pipe without a writer would be waited for. */
    AUTO(close_at) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        FAIL(err, R_ROOT_KEY_UNREADABLE, "%s: %s", path,
             errno == ELOOP ? "symbolic links are not followed" : strerrordesc_np(errno));
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        FAIL(err, R_ROOT_KEY_UNREADABLE, "%s is not a regular file", path);
    }
    struct err mode = {0};
    if (!secret_check_mode(path, &st, readers, &mode).ok) {
        FAIL(err, R_ROOT_KEY_MODE, "%s", err_words(&mode));
    }
    if (st.st_size <= 0 || (size_t)st.st_size > max) {
        FAIL(err, R_ROOT_KEY_INVALID, "%s has %lld bytes", path, (long long)st.st_size);
    }
    AUTO(secret_free_at) struct secret *s = secret_new((size_t)st.st_size);
    size_t have = 0;
    while (have < s->len) {
        ssize_t n = read(fd, s->bytes + have, s->len - have);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            FAIL(err, R_ROOT_KEY_UNREADABLE, "%s: short read", path);
        }
        have += n > 0 ? (size_t)n : 0;
    }
    *out = s;
    s = NULL;
    return OK;
}

void secret_free(void *secret)
{
    struct secret *s = secret;
    if (s != NULL) {
        OPENSSL_secure_clear_free(s, sizeof *s + s->len);
    }
}

void secret_free_at(struct secret **secret)
{
    secret_free(*secret);
    *secret = NULL;
}

struct slice secret_use(const struct secret *secret)
{
    return slice_of(secret->bytes, secret->len);
}

uint8_t *secret_bytes(struct secret *secret)
{
    return secret->bytes;
}

size_t secret_len(const struct secret *secret)
{
    return secret->len;
}

bool secret_eq(const struct secret *a, const struct secret *b)
{
    return slice_eq_secret(secret_use(a), secret_use(b));
}
