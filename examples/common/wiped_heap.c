/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is freed is wiped, whoever had it: GMime, libxml2 and libcurl copy the mails, codes and
 * tokens that they work with, and free their copies as they are. All libraries call the program's own
 * functions instead of glibc's ("Replacing malloc" in its manual). The sanitizers replace them
 * themselves. */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#if !defined(IS_SANITIZED) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/* glibc's own, under the names by which it exports them. */
extern void *__libc_malloc(size_t size);
extern void __libc_free(void *ptr);

void free(void *ptr)
{
    int error = errno; /* POSIX: free() keeps it */
    if (ptr != NULL) {
        explicit_bzero(ptr, malloc_usable_size(ptr));
        __libc_free(ptr);
    }
    errno = error;
}

/* Where it was, nothing stays. */
void *realloc(void *ptr, size_t size)
{
    size_t had = ptr == NULL ? 0 : malloc_usable_size(ptr);
    if (ptr != NULL && size == 0) {
        free(ptr);
        return NULL;
    }
    if (size <= had && size >= had / 2) {
        return ptr;
    }
    void *moved = __libc_malloc(size);
    if (moved != NULL && ptr != NULL) {
        memcpy(moved, ptr, size < had ? size : had);
        free(ptr);
    }
    return moved;
}

#endif
