/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/make_once.h"

#include <string.h>

#include "base/ids.h"
#include "crypto/hash.h"

/* Each template of this name that was made, and removed or named otherwise since, takes an id. */
enum { TRIES_MAX = 100 };

static const char METHOD[] = "TemplateService/CreateTemplate";

static char *id_of(struct session *s, const struct change *change, unsigned attempt)
{
    uint8_t hash[SHA256_BYTES];
    struct uuid id;
    char *text = arena_alloc(s->arena, UUID_TEXT_BYTES);
    const char *all = arena_printf(s->arena, "chancery apply\n%s\n%s\n%s\n%u", change->kind->name,
                                   change->tenant, change->key, attempt);
    CH_ASSERT(text != NULL && all != NULL); /* a session's arena is far larger than a name */
    bool is_hashed = hash_sha256(slice_str(all), hash, NULL).ok;
    CH_ASSERT(is_hashed);
    memcpy(id.b, hash, sizeof id.b);
    id.b[6] = (uint8_t)(0x80 | (id.b[6] & 0x0f)); /* version 8 (RFC 9562 §5.8) */
    id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
    uuid_format(id, text);
    return text;
}

/* Whether it was not there when the plan was made. */
static int find_new(struct state *state, const struct change *change, const char *id, bool *is_new)
{
    struct objects *objects = NULL;
    int code = state_read(state, change->kind, change->tenant, &objects);
    *is_new = true;
    for (size_t i = 0; code == EXIT_OK && i < objects->count; i++) {
        *is_new = *is_new && strcmp(objects->list[i].id, id) != 0;
    }
    return code;
}

/* Whether somebody made one of this name since the plan was made. */
static int find_there(struct state *state, const struct change *change, bool *is_there)
{
    struct objects now = {.kind = change->kind, .tenant = change->tenant};
    int code = state_read_again(state, &now);
    *is_there = false;
    for (size_t i = 0; code == EXIT_OK && i < now.count; i++) {
        *is_there = *is_there || strcmp(now.list[i].key, change->key) == 0;
    }
    return code;
}

int make_template_once(struct state *state, const struct change *change,
                       Chancery__V1__CreateTemplateRequest *request, ProtobufCMessage **answer)
{
    static const char *const reasons[] = {"NOT_FOUND", "REQUEST_ID_REUSED", NULL};
    struct session *s = state->session;
    const ProtobufCMessageDescriptor *type = &chancery__v1__create_template_response__descriptor;
    for (unsigned attempt = 0; attempt < TRIES_MAX; attempt++) {
        bool is_over = false;
        request->request_id = id_of(s, change, attempt);
        int code = session_try(s, METHOD, &request->base, type, reasons, answer);
        if (code == EXIT_OK && *answer != NULL) {
            const Chancery__V1__CreateTemplateResponse *made = (const void *)*answer;
            code = find_new(state, change, made->template_->template_id, &is_over);
        } else if (code == EXIT_OK) {
            code = find_there(state, change, &is_over);
        }
        if (code != EXIT_OK) {
            return code;
        }
        if (is_over) { /* what somebody else has made of another document is told */
            return *answer != NULL ? EXIT_OK
                                   : session_call(s, METHOD, &request->base, type, answer);
        }
    }
    request->request_id = text_field("");
    return session_call(s, METHOD, &request->base, type, answer);
}
