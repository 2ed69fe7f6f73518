/* SPDX-License-Identifier: Apache-2.0 */
/* The heap, for own structures of fixed size. Running out of memory aborts: the supervisor starts
 * us again. What a peer's input sizes comes from an arena with a budget instead. Any thread. */
#pragma once

#include <stddef.h>

/* Allocate zeroed memory for `count` objects of `size` bytes; never NULL. */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* Resize an array to `count` objects of `size` bytes; never NULL. New bytes are not zeroed. */
void *xreallocarray(void *ptr, size_t count, size_t size) __attribute__((returns_nonnull));
/* Copy a string to the heap. */
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
/* Free heap memory; NULL is fine. */
void xfree(void *ptr);
/* Keep freed memory up to some megabytes instead of giving it back to the system at once: calls
 * free and take hundreds of kilobytes in turn, and each page that comes back costs a fault.
 * Once, at the start. */
void mem_keep(void);
/* Overwrite memory in a way that the compiler keeps. */
void mem_wipe(void *ptr, size_t len);
