/* SPDX-License-Identifier: Apache-2.0 */
#include "net/gzip.h"

#include <string.h>
#include <zlib.h>

#include "base/mem.h"

enum {
    GZIP_WINDOW = 15 + 16, /* zlib: expect or write a gzip header */
    STEP_BYTES = 16 * 1024,
    RATIO_MAX = 1032,
    SAMPLES = 4,
    SAMPLE_BYTES = 1024, /* of each */
    SAMPLED_MIN = 8 * SAMPLES * SAMPLE_BYTES,
};

struct gunzip {
    z_stream z;
    struct bytes out;
    size_t max;
};

size_t gunzip_bound(size_t packed)
{
    return packed * RATIO_MAX;
}

struct gunzip *gunzip_new(size_t max)
{
    struct gunzip *gunzip = xcalloc(1, sizeof *gunzip);
    gunzip->max = max;
    CH_ASSERT(inflateInit2(&gunzip->z, GZIP_WINDOW) == Z_OK); /* fails without memory only */
    return gunzip;
}

static rc step(struct gunzip *gunzip, bool *done, struct err *err)
{
    uint8_t out[STEP_BYTES];
    z_stream *z = &gunzip->z;
    z->next_out = out;
    z->avail_out = sizeof out;
    int status = inflate(z, Z_NO_FLUSH);
    size_t n = sizeof out - z->avail_out;
    bytes_add_expecting(&gunzip->out, slice_of(out, n), gunzip->max);
    mem_wipe(out, n);
    ENSURE(bytes_view(&gunzip->out).len <= gunzip->max, err, R_MESSAGE_TOO_LARGE);
    *done = status == Z_STREAM_END;
    /* One member and nothing behind it; Z_OK without progress means that it is cut short. */
    ENSURE(*done ? z->avail_in == 0 : status == Z_OK && (n > 0 || z->avail_in > 0), err,
           R_COMPRESSION_INVALID);
    return OK;
}

enum gunzip_result gunzip_step(struct gunzip *gunzip, struct slice packed, struct err *err)
{
    bool done = false;
    struct slice rest = slice_cut(packed, gunzip->z.total_in, packed.len);
    gunzip->z.next_in = (Bytef *)(uintptr_t)rest.ptr;
    gunzip->z.avail_in = (uInt)rest.len;
    if (!step(gunzip, &done, err).ok) {
        return GUNZIP_FAILED;
    }
    return done ? GUNZIP_DONE : GUNZIP_MORE;
}

struct slice gunzip_view(const struct gunzip *gunzip)
{
    return bytes_view(&gunzip->out);
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip != NULL) {
        inflateEnd(&gunzip->z);
        bytes_free(&gunzip->out);
        xfree(gunzip);
    }
}

static bool begin_packing(z_stream *z)
{
    return deflateInit2(z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) == Z_OK;
}

/* Whether some pieces of a long message shrink by an eighth. What is sealed doesn't, and to find that
 * out by compressing all of it takes longer than anything else does: 20 to 30 ms per megabyte. */
static bool may_shrink(struct slice message)
{
    uint8_t sample[SAMPLES * SAMPLE_BYTES], packed[sizeof sample / 8 * 7];
    z_stream z = {.next_in = sample, .avail_in = sizeof sample};
    for (size_t i = 0; i < SAMPLES; i++) {
        size_t at = (message.len - SAMPLE_BYTES) / (SAMPLES - 1) * i;
        memcpy(sample + i * SAMPLE_BYTES, message.ptr + at, SAMPLE_BYTES);
    }
    z.next_out = packed;
    z.avail_out = sizeof packed;
    bool ok = begin_packing(&z) && deflate(&z, Z_FINISH) == Z_STREAM_END;
    deflateEnd(&z);
    mem_wipe(sample, sizeof sample);
    return ok;
}

bool gzip_pack(struct slice message, struct bytes *out)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)message.ptr, .avail_in = (uInt)message.len};
    if ((message.len >= SAMPLED_MIN && !may_shrink(message)) || !begin_packing(&z)) {
        return false;
    }
    size_t cap = deflateBound(&z, message.len);
    uint8_t *packed = xreallocarray(NULL, cap, 1);
    z.next_out = packed;
    z.avail_out = (uInt)cap;
    bool ok = deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < message.len;
    if (ok) {
        bytes_add(out, slice_of(packed, z.total_out));
    }
    deflateEnd(&z);
    xfree(packed);
    return ok;
}
