/* SPDX-License-Identifier: Apache-2.0 */
/* chancery directory */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/directory.pb-c.h"
#include "cli/directory/directory.h"

static const char HELP[] =
    "usage: chancery directory import        --profile FILE PEOPLE.csv\n"
    "       chancery directory put-user      --profile FILE ADDRESS [--name TEXT] [--alias ADDRESS]… [--guest]\n"
    "                                        [--previous ADDRESS]\n"
    "       chancery directory put-group     --profile FILE ADDRESS [--name TEXT] [--external-id ID]\n"
    "       chancery directory add-member    --profile FILE GROUP ADDRESS…\n"
    "       chancery directory remove-member --profile FILE GROUP ADDRESS…\n"
    "       chancery directory list          --profile FILE users | groups | members GROUP\n"
    "       chancery directory resolve       --profile FILE PRINCIPAL\n"
    "       chancery directory delete        --profile FILE user ADDRESS | group ADDRESS\n"
    "\n"
    "Users and groups of the tenant whose admin the profile is. A user's aliases open what was sent to them; groups\n"
    "may be members of groups, and people elsewhere too. Every change holds from the next license on. All verbs\n"
    "take -o json.\n"
    "\n"
    "put-user   makes or replaces a user with exactly these aliases. --previous renames one: he keeps his groups, and\n"
    "           with the old address as an alias what was sent to it. A guest is no member of the tenant, and may have a\n"
    "           foreign address.\n"
    "put-group  --external-id is what your identity provider calls the group in tokens, such as an Entra object id.\n"
    "resolve    says whom group:legal@contoso.com stands for, or which principals bob@contoso.com matches.\n"
    "import     reads CSV; \"-\" is standard input. What is there is replaced, what is not named stays, so that a\n"
    "           broken import is simply run again. Members are added. Columns:\n"
    "\n"
    "             kind,address,name,aliases or members,guest or external id\n"
    "             user,bob@contoso.com,Bob,b@contoso.com bobby@contoso.com,\n"
    "             user,eve@fabrikam.com,Eve,,guest\n"
    "             group,legal@contoso.com,Legal,bob@contoso.com eve@fabrikam.com,b2d4a7d2-6a0e-4d53-9f6e-1f0f3a6c1d11\n"
    "\n"
    "           or a file whose name ends with .jsonl: each line is a part such as\n"
    "\n"
    "             {\"users\": [{\"address\": \"bob@contoso.com\", \"aliases\": [\"b@contoso.com\"]}]}\n";

/* A call whose answer is printed: as JSON, or by a sentence. */
static int act(struct session *s, const struct directory_args *args, const char *method,
               const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
               const char *done)
{
    ProtobufCMessage *response = NULL;
    int code = session_call(s, method, request, type, &response);
    if (code != EXIT_OK || wants_json(args)) {
        return code == EXIT_OK ? session_print_json(s, response) : code;
    }
    puts(done);
    return EXIT_OK;
}

static int put_user(struct session *s, const struct directory_args *args)
{
    Chancery__V1__User user;
    Chancery__V1__PutUserRequest request;
    chancery__v1__user__init(&user);
    chancery__v1__put_user_request__init(&request);
    user.address = args->operands[0];
    user.display_name = text_field(args->name);
    user.aliases = (char **)(uintptr_t)args->aliases;
    while (args->aliases != NULL && args->aliases[user.n_aliases] != NULL) {
        user.n_aliases++;
    }
    user.guest = args->is_guest;
    request.user = &user;
    request.previous_address = text_field(args->previous);
    return act(s, args, "DirectoryService/PutUser", &request.base,
               &chancery__v1__put_user_response__descriptor, "put");
}

static int put_group(struct session *s, const struct directory_args *args)
{
    Chancery__V1__Group group;
    Chancery__V1__PutGroupRequest request;
    chancery__v1__group__init(&group);
    chancery__v1__put_group_request__init(&request);
    group.address = args->operands[0];
    group.display_name = text_field(args->name);
    group.external_id = text_field(args->external_id);
    request.group = &group;
    return act(s, args, "DirectoryService/PutGroup", &request.base,
               &chancery__v1__put_group_response__descriptor, "put");
}

static int add_member(struct session *s, const struct directory_args *args)
{
    Chancery__V1__AddMembersRequest request;
    chancery__v1__add_members_request__init(&request);
    request.group = args->operands[0];
    request.members = args->operands + 1;
    request.n_members = (size_t)args->operand_count - 1;
    return act(s, args, "DirectoryService/AddMembers", &request.base,
               &chancery__v1__add_members_response__descriptor, "added");
}

static int remove_member(struct session *s, const struct directory_args *args)
{
    Chancery__V1__RemoveMembersRequest request;
    chancery__v1__remove_members_request__init(&request);
    request.group = args->operands[0];
    request.members = args->operands + 1;
    request.n_members = (size_t)args->operand_count - 1;
    return act(s, args, "DirectoryService/RemoveMembers", &request.base,
               &chancery__v1__remove_members_response__descriptor, "removed");
}

static int resolve(struct session *s, const struct directory_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__ResolvePrincipalRequest request;
    chancery__v1__resolve_principal_request__init(&request);
    request.principal = args->operands[0];
    int code = session_call(s, "DirectoryService/ResolvePrincipal", &request.base,
                            &chancery__v1__resolve_principal_response__descriptor, &message);
    if (code != EXIT_OK || wants_json(args)) {
        return code == EXIT_OK ? session_print_json(s, message) : code;
    }
    const Chancery__V1__ResolvePrincipalResponse *r = (const void *)message;
    puts(r->explanation);
    for (size_t i = 0; i < r->n_matches; i++) {
        printf("  %s\n", r->matches[i]);
    }
    return EXIT_OK;
}

static int delete (struct session *s, const struct directory_args *args)
{
    if (strcmp(args->operands[0], "group") == 0) {
        Chancery__V1__DeleteGroupRequest request;
        chancery__v1__delete_group_request__init(&request);
        request.address = args->operands[1];
        return act(s, args, "DirectoryService/DeleteGroup", &request.base,
                   &chancery__v1__delete_group_response__descriptor, "deleted");
    }
    if (strcmp(args->operands[0], "user") == 0) {
        Chancery__V1__DeleteUserRequest request;
        chancery__v1__delete_user_request__init(&request);
        request.address = args->operands[1];
        return act(s, args, "DirectoryService/DeleteUser", &request.base,
                   &chancery__v1__delete_user_response__descriptor, "deleted");
    }
    return usage_error(s->command, "delete user ADDRESS or delete group ADDRESS");
}

static int run_verb(const char *name, const struct directory_args *args)
{
    static const struct {
        const char *name;
        int least, most; /* operands */
        int (*run)(struct session *s, const struct directory_args *args);
    } verbs[] = {{"import", 1, 1, directory_import},
                 {"put-user", 1, 1, put_user},
                 {"put-group", 1, 1, put_group},
                 {"add-member", 2, 10001, add_member},
                 {"remove-member", 2, 10001, remove_member},
                 {"list", 1, 2, directory_list},
                 {"resolve", 1, 1, resolve},
                 {"delete", 2, 2, delete}};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        struct session session;
        if (strcmp(verbs[i].name, name) != 0) {
            continue;
        }
        if (args->operand_count < verbs[i].least || args->operand_count > verbs[i].most) {
            return usage_error(&command_directory, "too few or too many operands");
        }
        int code = session_open(&session, &command_directory, args->profile);
        if (code == EXIT_OK) {
            code = verbs[i].run(&session, args);
            session_close(&session);
        }
        return code;
    }
    return usage_error(&command_directory, "import, put-user, put-group, add-member, "
                                           "remove-member, list, resolve or delete");
}

static int run(int argc, char **argv)
{
    struct directory_args args = {.format = "text"};
    const struct option_spec specs[] = {{"--profile", &args.profile, NULL, NULL},
                                        {"--name", &args.name, NULL, NULL},
                                        {"--alias", NULL, NULL, &args.aliases},
                                        {"--guest", NULL, &args.is_guest, NULL},
                                        {"--previous", &args.previous, NULL, NULL},
                                        {"--external-id", &args.external_id, NULL, NULL},
                                        {"-o", &args.format, NULL, NULL}};
    argc = options_take(&command_directory, specs, sizeof specs / sizeof specs[0], argc, argv);
    args.operands = argv + 2;
    args.operand_count = argc - 2;
    return run_verb(argc >= 2 ? argv[1] : "", &args);
}

const struct command command_directory = {.name = "directory",
                                          .summary =
                                              "users and groups of a tenant: import, change, "
                                              "list, explain",
                                          .help = HELP,
                                          .run = run};
