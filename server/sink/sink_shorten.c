/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink_shorten.h"

#include <string.h>

#include "service/common/value.h"

/* Between two characters. */
static size_t whole_characters(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
        len--;
    }
    return len;
}

/* The database has cut it, by characters, and says behind it how long it was (sql/sinks.sql); nothing that it left whole is so
 * long. */
static rc shorten_text(struct arena *arena, const char **text, bool *was_cut, struct err *err)
{
    size_t len = *text == NULL ? 0 : strlen(*text);
    if (len <= SINK_TEXT_MAX) {
        return OK;
    }
    const char *said = strrchr(*text, '(');
    *text = arena_printf(arena, "%.*s… %s", (int)whole_characters(*text, SINK_TEXT_MAX), *text,
                         said == NULL ? "" : said);
    ARENA_ENSURE(*text, err);
    *was_cut = true;
    return OK;
}

rc sink_shorten(struct arena *arena, struct audit_event *event, bool *was_cut, struct err *err)
{
    const char **const texts[] = {&event->operation,     &event->reason,         &event->user,
                                  &event->component,     &event->channel,        &event->power,
                                  &event->user_agent,    &event->client_address, &event->target,
                                  &event->correlation_id};
    struct rights rights;
    *was_cut = false;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        TRY(shorten_text(arena, texts[i], was_cut, err));
    }
    if (event->rights != NULL && !value_recorded_rights(arena, event->rights, &rights)) {
        event->rights = "";
        *was_cut = true;
    }
    return OK;
}
