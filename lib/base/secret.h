/* SPDX-License-Identifier: Apache-2.0 */
/* Key material: its own type, without any way to print itself.
 *
 * The bytes live in OpenSSL's secure heap (locked, not dumped, wiped on free) when that was
 * initialized, else in ordinary memory that is wiped on free. Any thread. */
#pragma once

#include <sys/stat.h>

#include "base/err.h"
#include "base/slice.h"

struct secret;

enum { SECRET_HEAP_BYTES = 4 * 1024 * 1024 }; /* of a worker */

/* Set up the locked heap of `bytes` (a power of two); before the first secret, once per process.
 * R_STARTUP_FAILED if the memory can't be locked. */
rc secret_heap_init(size_t bytes, struct err *err);

/* Who may read a secret's file beside its owner: nobody; or the group of a file that root gives to a service, as libpq has it of
 * client keys. Of systemd's credentials, which lie in the folder that $CREDENTIALS_DIRECTORY names, an ACL lets in the unit's user,
 * and the group's bits show that ACL's mask. */
enum secret_readers { SECRET_OWNER, SECRET_OWNER_OR_GROUP_OF_ROOTS };
/* R_FILE_MODE if others may read or change it. */
rc secret_check_mode(const char *path, const struct stat *st, enum secret_readers readers,
                     struct err *err);

/* Make a secret of zeros; fill it with secret_bytes. Never NULL (aborts when memory is out). */
struct secret *secret_new(size_t len);
/* Make a secret of random bytes; aborts if the system has no random numbers. */
struct secret *secret_random(size_t len);
/* Copy bytes into a new secret; the caller wipes its own copy. */
struct secret *secret_copy(struct slice bytes);
/* Read a whole file of at most `max` bytes that nobody else may access. R_ROOT_KEY_UNREADABLE, R_ROOT_KEY_MODE,
 * R_ROOT_KEY_INVALID. */
rc secret_read_file(const char *path, size_t max, enum secret_readers readers, struct secret **out,
                    struct err *err);
/* The same of one that only its owner may access (mode 0600 or 0400). */
static inline rc secret_from_file(const char *path, size_t max, struct secret **out,
                                  struct err *err)
{
    return secret_read_file(path, max, SECRET_OWNER, out, err);
}
/* Wipe and free; NULL is fine. Signature fits arena_on_free and AUTO (secret_free_at). */
void secret_free(void *secret);
void secret_free_at(struct secret **secret);

/* Lend the bytes for use by crypto and keys only. */
struct slice secret_use(const struct secret *secret);
/* Lend the bytes for filling a fresh secret. */
uint8_t *secret_bytes(struct secret *secret);
size_t secret_len(const struct secret *secret);
/* Compare in time that depends on the length only. */
bool secret_eq(const struct secret *a, const struct secret *b);
