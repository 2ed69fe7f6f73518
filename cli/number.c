/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/number.h"

static bool parse(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(*digit - '0');
        if (value > most) {
            return false;
        }
    }
    *out = (uint32_t)value;
    return text[0] != '\0' && value >= least;
}

int number_read(const struct command *command, const char *option, const char *text, uint32_t least,
                uint32_t most, uint32_t *out)
{
    return parse(text, least, most, out)
               ? EXIT_OK
               : usage_error(command, "%s takes a whole number from %u to %u, not %s", option,
                             least, most, text);
}
