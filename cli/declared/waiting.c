/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/waiting.h"

#include <string.h>

#include "chancery/v1/approval.pb-c.h"
#include "cli/declared/fields.h"
#include "wire/message_text.h"

enum { PAGE = 200 };

/* What waits in one tenant when it is first asked for anything. */
struct waiting {
    const char *tenant;
    struct waiting *next;
    Chancery__V1__Approval **list;
    size_t count, room;
};

static void add(struct session *s, struct waiting *waiting, Chancery__V1__Approval *approval)
{
    if (waiting->count == waiting->room) {
        waiting->room = 2 * waiting->room + 64;
        Chancery__V1__Approval **list =
            ARENA_ARRAY(s->arena, Chancery__V1__Approval *, waiting->room);
        CH_ASSERT(list != NULL); /* a session's arena is far larger than what waits */
        for (size_t i = 0; i < waiting->count; i++) {
            list[i] = waiting->list[i];
        }
        waiting->list = list;
    }
    waiting->list[waiting->count++] = approval;
}

/* Lists leave long requests out. */
static int read_whole(struct session *s, const char *tenant, Chancery__V1__Approval **approval)
{
    ProtobufCMessage *answer = NULL;
    Chancery__V1__GetApprovalRequest request;
    chancery__v1__get_approval_request__init(&request);
    request.tenant = text_field(tenant);
    request.approval_id = (*approval)->approval_id;
    int code = session_find(s, "ApprovalService/GetApproval", &request.base,
                            &chancery__v1__get_approval_response__descriptor, &answer);
    if (code == EXIT_OK && answer != NULL) {
        *approval = ((Chancery__V1__GetApprovalResponse *)(void *)answer)->approval;
    }
    return code;
}

static int read_page(struct session *s, struct waiting *waiting, char **token)
{
    ProtobufCMessage *answer = NULL;
    Chancery__V1__ListApprovalsRequest request;
    chancery__v1__list_approvals_request__init(&request);
    request.tenant = text_field(waiting->tenant);
    request.page_size = PAGE;
    request.page_token = *token;
    *token = text_field("");
    int code = session_find(s, "ApprovalService/ListApprovals", &request.base,
                            &chancery__v1__list_approvals_response__descriptor, &answer);
    if (code != EXIT_OK || answer == NULL) { /* a tenant that is not there yet has none */
        return code;
    }
    Chancery__V1__ListApprovalsResponse *page = (void *)answer;
    for (size_t i = 0; code == EXIT_OK && i < page->n_approvals; i++) {
        Chancery__V1__Approval *approval = page->approvals[i];
        code =
            approval->request_json[0] == '\0' ? read_whole(s, waiting->tenant, &approval) : EXIT_OK;
        if (approval != NULL) {
            add(s, waiting, approval);
        }
    }
    *token = page->next_page_token;
    return code;
}

static int read_waiting(struct state *state, const char *tenant, struct waiting **out)
{
    char *token = text_field("");
    int code = EXIT_OK;
    for (*out = state->waiting; *out != NULL; *out = (*out)->next) {
        if (strcmp((*out)->tenant, tenant) == 0) {
            return EXIT_OK;
        }
    }
    *out = ARENA_NEW(state->session->arena, struct waiting);
    CH_ASSERT(*out != NULL); /* a session's arena is far larger */
    **out = (struct waiting){.tenant = tenant, .next = state->waiting};
    do {
        code = read_page(state->session, *out, &token);
    } while (code == EXIT_OK && token[0] != '\0');
    state->waiting = *out;
    return code;
}

/* The authority writes requests in the same way, so equal texts are equal requests. */
static const char *find(const struct session *s, const struct waiting *waiting,
                        const ProtobufCMessage *request)
{
    const char *text = NULL;
    bool is_written = message_to_json(s->arena, request, false, false, &text, NULL).ok;
    for (size_t i = 0; is_written && i < waiting->count; i++) {
        if (strcmp(waiting->list[i]->request_json, text) == 0) {
            return waiting->list[i]->approval_id;
        }
    }
    return "";
}

int waiting_find(struct state *state, const struct method *method, const char *tenant,
                 const ProtobufCMessage *request, const char **approval)
{
    struct waiting *waiting = NULL;
    int code = EXIT_OK;
    *approval = "";
    bool may_wait = tenant[0] != '\0' && protobuf_c_message_descriptor_get_field_by_name(
                                             method->response, "approval_id") != NULL;
    if (may_wait) {
        code = read_waiting(state, tenant, &waiting);
        *approval = code == EXIT_OK ? find(state->session, waiting, request) : "";
    }
    return code;
}
