/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority says of itself to everybody (docs/interface.md §6). */
#include "crypto/json.h"
#include "library/buffer.h"
#include "library/session.h"

enum { PAGE_MAX = 64 * 1024 };

static rc read_page(struct client *client, struct arena *arena, struct slice *url, struct err *err)
{
    struct slice page;
    json_t *discovery;
    int status = client_get(client, arena, "/.well-known/chancery", &page);
    if (status != 200) {
        FAIL(err, R_AUTHORITY_UNREACHABLE,
             "/.well-known/chancery: no answer, or HTTP %d instead of 200", status);
    }
    if (!json_parse_object(arena, page, PAGE_MAX, R_FIELD_INVALID, &discovery, NULL).ok ||
        !json_need_text(discovery, "authority_url", R_FIELD_INVALID, url, NULL).ok) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "it doesn't say by which address it knows itself");
    }
    return OK;
}

chancery_error *chancery_authority_url(chancery_session *session, chancery_context *context,
                                       chancery_buffer **out)
{
    struct err err = {0};
    struct line *line = NULL;
    struct slice url;
    AUTO(arena_free_at) struct arena *arena = arena_new(CALL_BUDGET);
    TELL(session_take(session, context, &line, &err), &err);
    rc result = read_page(line->client, arena, &url, &err);
    session_give(session, line);
    TELL(result, &err);
    *out = buffer_of(url);
    return NULL;
}
