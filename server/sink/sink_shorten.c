/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink_shorten.h"

#include <string.h>

/* Between two characters. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--;
    }
    return len;
}

rc sink_shorten(struct arena *arena, struct audit_event *event, bool *was_cut, struct err *err)
{
    const char **const texts[] = {&event->operation,     &event->reason,         &event->user,
                                  &event->component,     &event->channel,        &event->power,
                                  &event->user_agent,    &event->client_address, &event->target,
                                  &event->correlation_id};
    *was_cut = false;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = *texts[i];
        size_t len = text == NULL ? 0 : strlen(text);
        if (len > SINK_TEXT_MAX) {
            *texts[i] = arena_printf(arena, "%.*s… (%zu bytes)",
                                     (int)whole_characters(text, SINK_TEXT_MAX), text, len);
            ARENA_ENSURE(*texts[i], err);
            *was_cut = true;
        }
    }
    return OK;
}
