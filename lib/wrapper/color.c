/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "base/encode.h"
#include "wrapper/wrapper.h"

bool wrapper_color_is_valid(struct slice text)
{
    bool ok = text.len == 7 && text.ptr[0] == '#';
    for (size_t i = 1; ok && i < text.len; i++) {
        ok = hex_digit_value(text.ptr[i]) >= 0;
    }
    return ok;
}

/* One channel of sRGB, linear. */
static double linear(const char *hex)
{
    double value =
        (hex_digit_value((uint8_t)hex[0]) * 16 + hex_digit_value((uint8_t)hex[1])) / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

const char *wrapper_color_on(const char *background)
{
    double luminance = 0.2126 * linear(background + 1) + 0.7152 * linear(background + 3) +
                       0.0722 * linear(background + 5);
    double with_white = 1.05 / (luminance + 0.05), with_black = (luminance + 0.05) / 0.05;
    return with_white >= with_black ? "#ffffff" : "#000000";
}
