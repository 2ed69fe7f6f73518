/* SPDX-License-Identifier: Apache-2.0 */
#include "client/content_file.h"

#include <errno.h>
#include <string.h>

static rc read_failed(struct err *err)
{
    FAIL(err, R_FILE_UNREADABLE, "reading: %s", strerrordesc_np(errno));
}

static rc write_failed(struct err *err)
{
    FAIL(err, R_FILE_UNWRITABLE, "writing: %s", strerrordesc_np(errno));
}

static rc write_out(void *out, struct slice bytes, struct err *err)
{
    return fwrite(bytes.ptr, 1, bytes.len, out) == bytes.len ? OK : write_failed(err);
}

static void sealer_free_at(struct content_sealer **sealer)
{
    content_sealer_free(*sealer);
}

static void opener_free_at(struct content_opener **opener)
{
    content_opener_free(*opener);
}

/* --- writing ---------------------------------------------------------------------------------- */

rc content_file_write(FILE *in, FILE *out, struct slice license, const struct secret *content_key,
                      struct err *err)
{
    AUTO(sealer_free_at) struct content_sealer *sealer = NULL;
    AUTO(secret_free_at) struct secret *piece = secret_new(CONTENT_FILE_RECORD);
    TRY(content_sealer_new(license, content_key, write_out, out, &sealer, err));
    for (size_t len = CONTENT_FILE_RECORD; len == CONTENT_FILE_RECORD;) {
        len = fread(secret_bytes(piece), 1, CONTENT_FILE_RECORD, in);
        if (ferror(in) != 0) {
            return read_failed(err);
        }
        TRY(content_sealer_add(sealer, slice_cut(secret_use(piece), 0, len), err));
    }
    TRY(content_sealer_finish(sealer, err));
    return fflush(out) == 0 ? OK : write_failed(err);
}

/* --- reading ---------------------------------------------------------------------------------- */

rc content_file_open(struct arena *arena, FILE *in, struct content_file *out, struct err *err)
{
    uint8_t fixed[CONTENT_FILE_FIXED];
    size_t len;
    ENSURE(fread(fixed, 1, sizeof fixed, in) == sizeof fixed, err, R_INPUT_NOT_PROTECTED);
    TRY(content_header_read(fixed, &len, err));
    uint8_t *header = arena_alloc(arena, sizeof fixed + len);
    ARENA_ENSURE(header, err);
    memcpy(header, fixed, sizeof fixed);
    ENSURE(fread(header + sizeof fixed, 1, len, in) == len, err, R_INPUT_NOT_PROTECTED);
    out->header = slice_of(header, sizeof fixed + len);
    out->license = slice_of(header + sizeof fixed, len);
    return OK;
}

rc content_file_read(const struct content_file *file, FILE *in, FILE *out,
                     const struct secret *content_key, struct err *err)
{
    uint8_t piece[16 * 1024];
    size_t taken;
    AUTO(opener_free_at) struct content_opener *opener = content_opener_new(write_out, out);
    TRY(content_opener_add(opener, file->header, &taken, err));
    TRY(content_opener_start(opener, content_key, err));
    for (size_t len = sizeof piece; len == sizeof piece;) {
        len = fread(piece, 1, sizeof piece, in);
        if (ferror(in) != 0) {
            return read_failed(err);
        }
        TRY(content_opener_add(opener, slice_of(piece, len), &taken, err));
    }
    TRY(content_opener_finish(opener, err));
    return fflush(out) == 0 ? OK : write_failed(err);
}
