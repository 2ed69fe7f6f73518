/* SPDX-License-Identifier: Apache-2.0 */
/* However its bytes arrive, a connection is the same requests: what is cut differently must not be read
 * differently. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "http1_run.h"

/* Dates differ by when they were said, and what breaks a connection off may be seen before the answer. */
static size_t comparable(struct bytes *said, char *out)
{
    struct slice text = bytes_view(said);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        struct slice rest = slice_cut(text, i, text.len);
        if (slice_starts_with(rest, "date: ") || slice_starts_with(rest, "connection: ")) {
            i += (size_t)slice_find(rest, '\n');
            continue;
        }
        out[n++] = (char)text.ptr[i];
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes whole = {0}, pieces = {0};
    size_t by_whole = http1_run(slice_of(data, size), size, &whole);
    size_t by_pieces = http1_run(slice_of(data, size), 1, &pieces);
    char *one = malloc(bytes_view(&whole).len + 1);
    char *other = malloc(bytes_view(&pieces).len + 1);
    size_t one_len = comparable(&whole, one), other_len = comparable(&pieces, other);
    if (by_whole != by_pieces || one_len != other_len || memcmp(one, other, one_len) != 0) {
        abort();
    }
    free(one);
    free(other);
    bytes_free(&whole);
    bytes_free(&pieces);
    return 0;
}
