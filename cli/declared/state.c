/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/state.h"

#include <string.h>

#include "chancery/v1/caller.pb-c.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/declared/fields.h"
#include "cli/declared/requests.h"

enum { PAGE = 200 };

int state_begin(struct state *state, struct session *s)
{
    ProtobufCMessage *answer = NULL;
    Chancery__V1__GetCallerRequest request;
    chancery__v1__get_caller_request__init(&request);
    int code = session_call(s, "CallerService/GetCaller", &request.base,
                            &chancery__v1__get_caller_response__descriptor, &answer);
    if (code == EXIT_OK) {
        const Chancery__V1__GetCallerResponse *caller = (const void *)answer;
        *state = (struct state){
            .session = s, .own_tenant = caller->tenant, .own_component = caller->component_id};
    }
    return code;
}

/* --- pages ------------------------------------------------------------------------------------ */

static void make_room(struct session *s, struct objects *objects, size_t count)
{
    if (objects->count + count <= objects->room) {
        return;
    }
    objects->room = 2 * (objects->count + count);
    struct object *list = ARENA_ARRAY(s->arena, struct object, objects->room);
    CH_ASSERT(list != NULL); /* a session's arena is far larger than what is listed */
    if (objects->count > 0) {
        memcpy(list, objects->list, objects->count * sizeof *list);
    }
    objects->list = list;
}

static void add(struct state *state, struct objects *objects, ProtobufCMessage **messages,
                size_t count)
{
    struct session *s = state->session;
    make_room(s, objects, count);
    for (size_t i = 0; i < count; i++) {
        const struct kind *kind = objects->kind;
        field_sort_sets(messages[i]);
        objects->list[objects->count++] = (struct object){
            .kind = kind,
            .tenant =
                kind == &KINDS[KIND_TENANT] ? field_text(messages[i], "tenant") : objects->tenant,
            .id = kind->id == NULL ? "" : field_text(messages[i], kind->id),
            .key = field_key(s, kind, messages[i]),
            .etag = field_text(messages[i], "etag"),
            .message = messages[i]};
    }
}

static void set_page(ProtobufCMessage *request, const char *token)
{
    const ProtobufCFieldDescriptor *size = field_named(request, "page_size");
    if (size != NULL) {
        *(int32_t *)(void *)((char *)request + size->offset) = PAGE;
    }
    field_set_text(request, "page_token", token);
}

/* Call a method page by page. Where the tenant isn't there, that is no failure. */
static int read_pages(struct state *state, struct objects *objects, const char *list)
{
    struct session *s = state->session;
    const struct kind *kind = objects->kind;
    const char *name, *token = "";
    const struct method *method = request_method(s, kind->service, list, &name);
    do {
        ProtobufCMessage *request = request_new(s, method, kind, objects->tenant, NULL);
        ProtobufCMessage *answer = NULL;
        size_t count;
        set_page(request, token);
        int code = session_find(s, name, request, method->response, &answer);
        objects->is_absent = code == EXIT_OK && answer == NULL;
        if (code != EXIT_OK || objects->is_absent) {
            return code;
        }
        ProtobufCMessage **messages = field_messages(answer, kind->type, &count);
        if (kind == &KINDS[KIND_DOMAIN]) { /* they are a tenant's */
            messages = field_messages(answer, &chancery__v1__tenant__descriptor, &count);
            messages = field_messages(*messages, kind->type, &count);
        }
        add(state, objects, messages, count);
        token = field_text(answer, "next_page_token");
    } while (token[0] != '\0');
    return EXIT_OK;
}

/* Lists of tenants leave a part of each out. */
static int read_tenants(struct state *state, struct objects *objects)
{
    int code = read_pages(state, objects, "ListTenants");
    struct object *list = objects->list;
    size_t count = objects->count;
    objects->list = NULL;
    objects->count = objects->room = 0;
    for (size_t i = 0; code == EXIT_OK && i < count; i++) {
        objects->tenant = list[i].tenant;
        code = read_pages(state, objects, objects->kind->list);
    }
    objects->tenant = "";
    return code;
}

static int fetch(struct state *state, struct objects *objects)
{
    objects->list = NULL;
    objects->count = objects->room = 0;
    bool is_every_tenant = objects->kind == &KINDS[KIND_TENANT] && objects->tenant[0] == '\0';
    return is_every_tenant ? read_tenants(state, objects)
                           : read_pages(state, objects, objects->kind->list);
}

/* --- all of a kind ---------------------------------------------------------------------------- */

int state_read_again(struct state *state, struct objects *objects)
{
    return fetch(state, objects);
}

int state_read(struct state *state, const struct kind *kind, const char *tenant,
               struct objects **out)
{
    for (struct objects *known = state->first; known != NULL; known = known->next) {
        if (known->kind == kind && strcmp(known->tenant, tenant) == 0) {
            *out = known;
            return EXIT_OK;
        }
    }
    struct objects *objects = ARENA_NEW(state->session->arena, struct objects);
    CH_ASSERT(objects != NULL); /* a session's arena is far larger */
    *objects = (struct objects){.kind = kind, .tenant = tenant, .next = state->first};
    int code = fetch(state, objects);
    state->first = objects;
    *out = objects;
    return code;
}
