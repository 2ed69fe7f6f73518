/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: tokens by which identity providers keep the directory over SCIM (docs/scim.md §2). A token is told
 * once; what stays is its hash. */
#include <string.h>

#include "auth/directory_token.h"
#include "base/encode.h"
#include "base/secret.h"
#include "chancery/v1/directory.pb-c.h"
#include "context/wait.h"
#include "crypto/hash.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "store/resource/scim_store.h"

enum { NAME_MAX_BYTES = 64, DAYS_DEFAULT = 365, DAYS_MAX = 730 };

struct directory_tokens {
    struct scope scope; /* first */
    struct directory_token_creation make;
    const char *secret;
    struct page page;
    struct directory_token_list list;
    struct directory_token_revocation gone;
};

static struct directory_tokens *tokens_of(const struct call *c)
{
    return call_state(c);
}

static Chancery__V1__DirectoryToken *write_token(struct call *c,
                                                 const struct directory_token_row *row)
{
    Chancery__V1__DirectoryToken *m = call_message(c, &chancery__v1__directory_token__descriptor);
    if (m == NULL) {
        return NULL;
    }
    m->token_id = reply_uuid(c, row->id);
    m->name = reply_text(row->name);
    m->create_time = reply_time(c, row->created_at);
    m->expire_time = reply_time(c, row->expires_at);
    return m->token_id == NULL ? NULL : m;
}

/* --- CreateDirectoryToken ------------------------------------------------------------------------- */

static step parse_create(struct call *c)
{
    const Chancery__V1__CreateDirectoryTokenRequest *request = create_directory_token_request(c);
    struct directory_token_creation *make = &tokens_of(c)->make;
    scope_of(c)->tenant_name = request->tenant;
    make->row.name = request->name;
    make->days = request->days == 0 ? DAYS_DEFAULT : request->days;
    step all = request_text(c, "name", request->name, NAME_MAX_BYTES);
    if (request->name[strspn(request->name, " ")] == '\0') {
        all = step_and(all, call_bad_field(c, "name", "It is required."));
    }
    return request->days < 0 || request->days > DAYS_MAX
               ? step_and(all, call_bad_field(c, "days", "It must be 1 to 730; 0 means 365."))
               : all;
}

/* The random bits are wiped; the text that is told lives as long as the answer. */
static step draw(struct call *c)
{
    struct directory_tokens *t = tokens_of(c);
    uint8_t *hash = arena_alloc(call_arena(c), SHA256_BYTES);
    struct secret *random = secret_random(DIRECTORY_TOKEN_RANDOM_BYTES);
    char *text = base64url_dup(call_arena(c), secret_use(random));
    secret_free(random);
    t->secret =
        text == NULL ? NULL : arena_printf(call_arena(c), "%s%s", DIRECTORY_TOKEN_PREFIX, text);
    if (t->secret == NULL || hash == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "token");
    }
    t->make.hash = slice_of(hash, SHA256_BYTES);
    t->make.row.id = uuid_v7(call_unix_us(c));
    return step_from(hash_sha256(slice_str(t->secret), hash, call_err(c)));
}

static step created(struct call *c)
{
    return wait_over(c, &tokens_of(c)->make.op.err);
}

static step create(struct call *c)
{
    struct directory_token_creation *make = &tokens_of(c)->make;
    make->tenant = scope_of(c)->tenant_id;
    make->who = caller_of(c)->who;
    wait_store_init(c, &make->op);
    directory_token_store_create(make);
    return wait_store(c, created, &make->op);
}

static step reply_created(struct call *c)
{
    Chancery__V1__CreateDirectoryTokenResponse *r = create_directory_token_response(c);
    if (r == NULL) {
        return reply_over_budget(c);
    }
    r->token = write_token(c, &tokens_of(c)->make.row);
    r->secret = reply_text(tokens_of(c)->secret);
    return r->token == NULL ? reply_over_budget(c) : create_directory_token_reply(c, r);
}

const struct flow create_directory_token_flow = {
    .method = "/chancery.v1.DirectoryService/CreateDirectoryToken",
    .name = "create_directory_token",
    .state = FLOW_STATE_ON(struct directory_tokens, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_create), SCOPE_TENANT_STEP, STEP("draw", draw),
              COMMIT("create", create), STEP("reply", reply_created)},
};

/* --- ListDirectoryTokens -------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    struct directory_tokens *t = tokens_of(c);
    scope_of(c)->tenant_name = list_directory_tokens_request(c)->tenant;
    return step_failed(page_read(c, &t->page)) ? STEP_FAILED
                                               : page_after_uuid(c, &t->page, &t->list.after);
}

static step listed(struct call *c)
{
    return wait_over(c, &tokens_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct directory_tokens *t = tokens_of(c);
    t->list.tenant = scope_of(c)->tenant_id;
    t->list.limit = page_limit(&t->page);
    wait_store_init(c, &t->list.op);
    directory_token_store_list(&t->list);
    return wait_store(c, listed, &t->list.op);
}

static void *write_row(struct call *c, size_t row)
{
    return write_token(c, &tokens_of(c)->list.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(tokens_of(c)->list.rows[row].id.b, UUID_BYTES);
}

static step reply_list(struct call *c)
{
    struct directory_tokens *t = tokens_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__directory_token__descriptor,
                                            .count = t->list.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = t->list.op.is_cut};
    return page_send(c, &t->page, &rows, reply_list);
}

const struct flow list_directory_tokens_flow = {
    .method = "/chancery.v1.DirectoryService/ListDirectoryTokens",
    .name = "list_directory_tokens",
    .state = FLOW_STATE_ON(struct directory_tokens, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};

/* --- RevokeDirectoryToken ------------------------------------------------------------------------- */

static step parse_revoke(struct call *c)
{
    const Chancery__V1__RevokeDirectoryTokenRequest *request = revoke_directory_token_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "token_id", request->token_id, &tokens_of(c)->gone.id);
}

static step revoked(struct call *c)
{
    return wait_over(c, &tokens_of(c)->gone.op.err);
}

static step revoke(struct call *c)
{
    struct directory_token_revocation *gone = &tokens_of(c)->gone;
    gone->tenant = scope_of(c)->tenant_id;
    gone->who = caller_of(c)->who;
    wait_store_init(c, &gone->op);
    directory_token_store_revoke(gone);
    return wait_store(c, revoked, &gone->op);
}

const struct flow revoke_directory_token_flow = {
    .method = "/chancery.v1.DirectoryService/RevokeDirectoryToken",
    .name = "revoke_directory_token",
    .state = FLOW_STATE_ON(struct directory_tokens, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_revoke), SCOPE_TENANT_STEP, COMMIT("revoke", revoke),
              STEP("reply", reply_empty)},
};
