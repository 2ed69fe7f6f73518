/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file stream.h
 * @brief Protected files of any size, in constant memory (docs/formats.md §9).
 *
 * A sealer is pushed plain bytes and writes a protected file. Opening goes either way: an opener is
 * pushed the bytes of the file and writes the text; a reader pulls the bytes from a function and is
 * read from. Nothing of a record is given out before all of it has verified. Only a good end says
 * that nothing is missing: what was given out before a failure is genuine, but not the whole.
 *
 * One thread at a time per stream. After a failure a stream can only be freed.
 */
#ifndef CHANCERY_STREAM_H
#define CHANCERY_STREAM_H

#include <chancery/content.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Makes a protected file; opaque. */
typedef struct chancery_sealer chancery_sealer;
/** Opens a protected file that it is pushed; opaque. */
typedef struct chancery_opener chancery_opener;
/** Opens a protected file that it pulls; opaque. */
typedef struct chancery_reader chancery_reader;

/** Takes bytes; 0 if it has taken all of them, anything else ends the stream (FILE_UNWRITABLE). */
typedef int (*chancery_write_fn)(void *arg, const void *data, size_t size);
/**
 * Gives bytes.
 * @return how many, 0 at the end, -1 for a failure, which ends the stream (FILE_UNREADABLE).
 */
typedef ptrdiff_t (*chancery_read_fn)(void *arg, void *data, size_t size);

/**
 * Begin a protected file; its header is written at once.
 * @param content with its key and its license, as chancery_protect() makes one.
 * @param write takes the file.
 * @param arg for it.
 * @param out the sealer, the caller's to free.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_sealer_new(const chancery_content *content,
                                                                   chancery_write_fn write,
                                                                   void *arg,
                                                                   chancery_sealer **out);
/** Add plain bytes. */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_sealer_add(chancery_sealer *sealer,
                                                                   const void *data, size_t size);
/** Write the end; a file without it is refused as one that was cut. */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_sealer_finish(chancery_sealer *sealer);
/** Wipe and free; NULL is fine. */
CHANCERY_API void chancery_sealer_free(chancery_sealer *sealer);

/** An opener that writes the text by this function. */
CHANCERY_API chancery_opener *chancery_opener_new(chancery_write_fn write, void *arg);
/**
 * Push bytes of the file.
 * @param opener the opener.
 * @param data bytes of the file, as they come.
 * @param size how many.
 * @param taken how many were taken: fewer than `size` where the header ends and there is no key yet;
 * push the rest again after chancery_opener_start().
 * @return NULL, INPUT_NOT_PROTECTED, INPUT_DAMAGED or FILE_UNWRITABLE.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_opener_add(chancery_opener *opener,
                                                                   const void *data, size_t size,
                                                                   size_t *taken);
/** The publishing license, once the header was taken; NULL before that. Lent. */
CHANCERY_API const void *chancery_opener_license(const chancery_opener *opener, size_t *size);
/** Give the content with its key, after chancery_acquire(). */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_opener_start(
    chancery_opener *opener, const chancery_content *content);
/** Say that the file has ended. @return NULL if it was whole; else INPUT_DAMAGED. */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_opener_finish(chancery_opener *opener);
/** Wipe and free; NULL is fine. */
CHANCERY_API void chancery_opener_free(chancery_opener *opener);

/**
 * Read a file's header by this function.
 * @return NULL, INPUT_NOT_PROTECTED or FILE_UNREADABLE.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_reader_new(chancery_read_fn read, void *arg,
                                                                   chancery_reader **out);
/** The file's publishing license. Lent. */
CHANCERY_API const void *chancery_reader_license(const chancery_reader *reader, size_t *size);
/** Give the content with its key, after chancery_acquire(). */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_reader_start(
    chancery_reader *reader, const chancery_content *content);
/**
 * Read text.
 * @param reader the reader.
 * @param data where it goes.
 * @param size how many bytes may come.
 * @param got how many came; 0 only at the end of a file that was whole.
 * @return NULL, INPUT_DAMAGED or FILE_UNREADABLE.
 */
CHANCERY_API CHANCERY_MUST_USE chancery_error *chancery_reader_read(chancery_reader *reader,
                                                                    void *data, size_t size,
                                                                    size_t *got);
/** Wipe and free; NULL is fine. */
CHANCERY_API void chancery_reader_free(chancery_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
