/* SPDX-License-Identifier: Apache-2.0 */
/* chancery directory token: tokens by which an identity provider keeps the directory over SCIM. */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/directory.pb-c.h"
#include "cli/directory/directory.h"
#include "cli/number.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/when.h"

enum { DAYS_MAX = 730 };

/* --- create --------------------------------------------------------------------------------------- */

static void show_created(const void *response)
{
    const Chancery__V1__CreateDirectoryTokenResponse *r = response;
    puts(r->secret);
}

/* Into a file that is there before the token is made: one that nobody could read is lost. */
static int create_into(struct session *s, const char *path, const ProtobufCMessage *request)
{
    struct output out;
    struct err err = {0};
    ProtobufCMessage *message = NULL;
    if (!output_open(path, &out, &err).ok) {
        return fail_with(s->command, &err);
    }
    int code = session_call(s, "DirectoryService/CreateDirectoryToken", request,
                            &chancery__v1__create_directory_token_response__descriptor, &message);
    if (code != EXIT_OK) {
        (void)output_drop(&out);
        return code;
    }
    const Chancery__V1__CreateDirectoryTokenResponse *r = (const void *)message;
    fprintf(out.file, "%s\n", r->secret);
    if (!output_keep(&out, &err).ok) {
        return fail_with(s->command, &err);
    }
    printf("%s\n", r->token->token_id);
    return EXIT_OK;
}

static int create(struct session *s, const struct verb_args *args, const char *days,
                  const char *path)
{
    uint32_t wanted = 0;
    Chancery__V1__CreateDirectoryTokenRequest request;
    chancery__v1__create_directory_token_request__init(&request);
    int code =
        days == NULL ? EXIT_OK : number_read(s->command, "--days", days, 1, DAYS_MAX, &wanted);
    if (code != EXIT_OK) {
        return code;
    }
    request.name = args->operands[1];
    request.days = (int32_t)wanted;
    return path != NULL ? create_into(s, path, &request.base)
                        : verb_call(s, args, "DirectoryService/CreateDirectoryToken", &request.base,
                                    &chancery__v1__create_directory_token_response__descriptor,
                                    show_created);
}

/* --- list ----------------------------------------------------------------------------------------- */

static void show_tokens(const void *response)
{
    const Chancery__V1__ListDirectoryTokensResponse *r = response;
    struct table table;
    table_begin(&table, "ID", "NAME", "UNTIL", NULL);
    for (size_t i = 0; i < r->n_tokens; i++) {
        char until[WHEN_BYTES];
        when_format(r->tokens[i]->expire_time, until);
        table_row(&table, r->tokens[i]->token_id, r->tokens[i]->name, until, NULL);
    }
    table_end(&table);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListDirectoryTokensRequest request;
    chancery__v1__list_directory_tokens_request__init(&request);
    return verb_list(s, args, "DirectoryService/ListDirectoryTokens", &request.base,
                     &chancery__v1__list_directory_tokens_response__descriptor, show_tokens);
}

/* --- revoke --------------------------------------------------------------------------------------- */

static int revoke(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RevokeDirectoryTokenRequest request;
    chancery__v1__revoke_directory_token_request__init(&request);
    request.token_id = args->operands[1];
    int code = verb_confirm(s, args, "revoke directory token", args->operands[1],
                            "its identity provider keeps the directory no longer");
    return code != EXIT_OK
               ? code
               : verb_act(s, args, "DirectoryService/RevokeDirectoryToken", &request.base,
                          &chancery__v1__revoke_directory_token_response__descriptor, "revoked");
}

int directory_token(struct session *s, const struct verb_args *args, const char *days,
                    const char *path)
{
    const char *verb = args->operands[0];
    if (strcmp(verb, "list") == 0 && args->operand_count == 1) {
        return list(s, args);
    }
    if (strcmp(verb, "create") == 0 && args->operand_count == 2) {
        return create(s, args, days, path);
    }
    if (strcmp(verb, "revoke") == 0 && args->operand_count == 2) {
        return revoke(s, args);
    }
    return usage_error(s->command, "say token create NAME, token list or token revoke ID");
}
