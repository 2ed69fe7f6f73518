/* SPDX-License-Identifier: Apache-2.0 */
/* A logo as mail programs show it: PNG, JPEG or GIF, told by its bytes. Its structure is walked to the
 * end, so that nothing hides behind it, and its size is what it says. Nothing is decoded. Never SVG,
 * which is a program. Pure; any thread. */
#pragma once

#include "base/slice.h"

enum {
    LOGO_BYTES_MAX = 40 * 1024,
    LOGO_WIDTH_MAX = 1024, /* pixels */
    LOGO_HEIGHT_MAX = 512,
};

struct logo {
    const char *media_type; /* NULL: it is none of the three, or not whole */
    uint32_t width, height; /* pixels */
};

struct logo logo_read(struct slice image);
