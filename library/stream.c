/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <chancery/stream.h>

#include "base/mem.h"
#include "client/content_stream.h"
#include "library/handle.h"
#include "library/start.h"

/* Where a stream writes to. */
struct output {
    chancery_write_fn write;
    void *arg;
};

static rc write_out(void *arg, struct slice bytes, struct err *err)
{
    const struct output *output = arg;
    if (output->write(output->arg, bytes.ptr, bytes.len) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "the program's function took not all bytes");
    }
    return OK;
}

static rc is_over(struct err *err)
{
    FAIL(err, R_INPUT_INVALID, "the stream has failed or ended before");
}

/* --- sealing ---------------------------------------------------------------------------------- */

struct chancery_sealer {
    struct output output;
    struct content_sealer *sealer;
    bool is_over;
};

static rc begin(chancery_sealer *sealer, const chancery_content *content, struct err *err)
{
    const struct secret *key;
    TRY(library_start(err));
    TRY(handle_key(content, &key, err));
    return content_sealer_new(content->license, key, write_out, &sealer->output, &sealer->sealer,
                              err);
}

chancery_error *chancery_sealer_new(const chancery_content *content, chancery_write_fn write,
                                    void *arg, chancery_sealer **out)
{
    struct err err = {0};
    chancery_sealer *sealer = xcalloc(1, sizeof *sealer);
    sealer->output = (struct output){write, arg};
    if (!begin(sealer, content, &err).ok) {
        chancery_sealer_free(sealer);
        return failure_of(&err);
    }
    *out = sealer;
    return NULL;
}

chancery_error *chancery_sealer_add(chancery_sealer *sealer, const void *data, size_t size)
{
    struct err err = {0};
    rc result = sealer->is_over ? is_over(&err)
                                : content_sealer_add(sealer->sealer, slice_of(data, size), &err);
    sealer->is_over = !result.ok;
    return result.ok ? NULL : failure_of(&err);
}

chancery_error *chancery_sealer_finish(chancery_sealer *sealer)
{
    struct err err = {0};
    rc result = sealer->is_over ? is_over(&err) : content_sealer_finish(sealer->sealer, &err);
    sealer->is_over = true;
    return result.ok ? NULL : failure_of(&err);
}

void chancery_sealer_free(chancery_sealer *sealer)
{
    if (sealer != NULL) {
        content_sealer_free(sealer->sealer);
        xfree(sealer);
    }
}

/* --- opening, pushed -------------------------------------------------------------------------- */

struct chancery_opener {
    struct output output;
    struct content_opener *opener;
    bool is_over;
};

chancery_opener *chancery_opener_new(chancery_write_fn write, void *arg)
{
    chancery_opener *opener = xcalloc(1, sizeof *opener);
    opener->output = (struct output){write, arg};
    opener->opener = content_opener_new(write_out, &opener->output);
    return opener;
}

chancery_error *chancery_opener_add(chancery_opener *opener, const void *data, size_t size,
                                    size_t *taken)
{
    struct err err = {0};
    *taken = 0;
    rc result = opener->is_over
                    ? is_over(&err)
                    : content_opener_add(opener->opener, slice_of(data, size), taken, &err);
    opener->is_over = !result.ok;
    return result.ok ? NULL : failure_of(&err);
}

const void *chancery_opener_license(const chancery_opener *opener, size_t *size)
{
    struct slice license = content_opener_license(opener->opener);
    *size = license.len;
    return license.ptr;
}

/* A key of another content would fail too, and say that the file was damaged. */
static rc start(struct content_opener *opener, const chancery_content *content, struct err *err)
{
    const struct secret *key;
    TRY(library_start(err));
    TRY(handle_key(content, &key, err));
    if (!slice_eq(content->license, content_opener_license(opener))) {
        FAIL(err, R_INPUT_INVALID, "the key is that of another content");
    }
    return content_opener_start(opener, key, err);
}

chancery_error *chancery_opener_start(chancery_opener *opener, const chancery_content *content)
{
    struct err err = {0};
    TELL(opener->is_over ? is_over(&err) : start(opener->opener, content, &err), &err);
    return NULL;
}

chancery_error *chancery_opener_finish(chancery_opener *opener)
{
    struct err err = {0};
    rc result = opener->is_over ? is_over(&err) : content_opener_finish(opener->opener, &err);
    opener->is_over = true;
    return result.ok ? NULL : failure_of(&err);
}

void chancery_opener_free(chancery_opener *opener)
{
    if (opener != NULL) {
        content_opener_free(opener->opener);
        xfree(opener);
    }
}

/* --- opening, pulled -------------------------------------------------------------------------- */

/* An opener that is fed as it is read from. Text of one record waits to be read, and what was pulled
 * behind the header until there is a key. */
struct chancery_reader {
    chancery_read_fn read;
    void *arg;
    struct content_opener *opener;
    struct secret *text;
    size_t text_at, text_len;
    size_t piece_at, piece_len;
    bool is_over, has_ended; /* has failed; has given out all */
    uint8_t piece[16 * 1024];
};

/* At most one record comes of a piece, which is smaller. */
static rc keep_text(void *arg, struct slice bytes, struct err *err)
{
    chancery_reader *reader = arg;
    (void)err;
    CH_ASSERT(reader->text_len == reader->text_at && bytes.len <= secret_len(reader->text));
    memcpy(secret_bytes(reader->text), bytes.ptr, bytes.len);
    reader->text_at = 0;
    reader->text_len = bytes.len;
    return OK;
}

/* The next piece of the file; none at its end. */
static rc pull(chancery_reader *reader, struct err *err)
{
    ptrdiff_t got = reader->read(reader->arg, reader->piece, sizeof reader->piece);
    if (got < 0 || (size_t)got > sizeof reader->piece) {
        FAIL(err, R_FILE_UNREADABLE, "the program's function gives no more bytes");
    }
    reader->piece_at = 0;
    reader->piece_len = (size_t)got;
    return OK;
}

static rc push(chancery_reader *reader, struct err *err)
{
    size_t taken;
    struct slice left =
        slice_of(reader->piece + reader->piece_at, reader->piece_len - reader->piece_at);
    TRY(content_opener_add(reader->opener, left, &taken, err));
    reader->piece_at += taken;
    return OK;
}

static rc read_header(chancery_reader *reader, struct err *err)
{
    while (content_opener_license(reader->opener).len == 0) {
        TRY(pull(reader, err));
        ENSURE(reader->piece_len > 0, err, R_INPUT_NOT_PROTECTED);
        TRY(push(reader, err));
    }
    return OK;
}

chancery_error *chancery_reader_new(chancery_read_fn read, void *arg, chancery_reader **out)
{
    struct err err = {0};
    chancery_reader *reader = xcalloc(1, sizeof *reader);
    reader->read = read;
    reader->arg = arg;
    reader->text = secret_new(CONTENT_FILE_RECORD);
    reader->opener = content_opener_new(keep_text, reader);
    if (!read_header(reader, &err).ok) {
        chancery_reader_free(reader);
        return failure_of(&err);
    }
    *out = reader;
    return NULL;
}

const void *chancery_reader_license(const chancery_reader *reader, size_t *size)
{
    struct slice license = content_opener_license(reader->opener);
    *size = license.len;
    return license.ptr;
}

chancery_error *chancery_reader_start(chancery_reader *reader, const chancery_content *content)
{
    struct err err = {0};
    TELL(reader->is_over ? is_over(&err) : start(reader->opener, content, &err), &err);
    return NULL;
}

/* Until there is text, or the file was whole. Records without text are none of ours, but the last. */
static rc fill(chancery_reader *reader, struct err *err)
{
    while (reader->text_at == reader->text_len && !reader->has_ended) {
        if (reader->piece_at == reader->piece_len) {
            TRY(pull(reader, err));
        }
        reader->has_ended = reader->piece_len == 0;
        TRY(reader->has_ended ? content_opener_finish(reader->opener, err) : push(reader, err));
        ENSURE(reader->has_ended || reader->piece_at == reader->piece_len, err, R_INPUT_INVALID);
    }
    return OK;
}

chancery_error *chancery_reader_read(chancery_reader *reader, void *data, size_t size, size_t *got)
{
    struct err err = {0};
    *got = 0;
    rc result = reader->is_over ? is_over(&err) : fill(reader, &err);
    reader->is_over = !result.ok;
    if (!result.ok) {
        return failure_of(&err);
    }
    size_t left = reader->text_len - reader->text_at;
    *got = size < left ? size : left;
    if (*got > 0) {
        memcpy(data, secret_use(reader->text).ptr + reader->text_at, *got);
        reader->text_at += *got;
    }
    return NULL;
}

void chancery_reader_free(chancery_reader *reader)
{
    if (reader != NULL) {
        content_opener_free(reader->opener);
        secret_free(reader->text);
        xfree(reader);
    }
}
