/* SPDX-License-Identifier: Apache-2.0 */
/* chancery directory */
#include <stdio.h>
#include <string.h>

#include "base/texts.h"
#include "chancery/v1/directory.pb-c.h"
#include "cli/directory/directory.h"

static const char HELP[] =
    "usage: chancery directory import        --profile FILE PEOPLE.csv|PEOPLE.jsonl|-\n"
    "       chancery directory put-user      --profile FILE ADDRESS [--name TEXT]\n"
    "                                        [--alias ADDRESS]… [--guest] [--previous ADDRESS]\n"
    "       chancery directory put-group     --profile FILE ADDRESS [--name TEXT]\n"
    "                                        [--alias ADDRESS]… [--external-id ID]\n"
    "                                        [--previous ADDRESS]\n"
    "       chancery directory add-member    --profile FILE GROUP ADDRESS…\n"
    "       chancery directory remove-member --profile FILE GROUP ADDRESS…\n"
    "       chancery directory list          --profile FILE users | groups | members GROUP\n"
    "       chancery directory resolve       --profile FILE PRINCIPAL|ADDRESS\n"
    "       chancery directory delete        --profile FILE [--yes] user ADDRESS | group ADDRESS\n"
    "       chancery directory token         --profile FILE [--days N] [--token-file FILE]\n"
    "                                        [--yes] create NAME | list | revoke ID\n"
    "\n"
    "Users and groups of the tenant whose admin the profile names. A user opens what was sent to\n"
    "their aliases, and a group is meant by each of its addresses. Groups may have groups and\n"
    "people from elsewhere as members. Changes hold from the next license on. All verbs take\n"
    "-o json|yaml.\n"
    "\n"
    "Where the tenant requires a second admin for access to content, what lets somebody in only\n"
    "asks for it: an address that joins a user's other ones, members and addresses of groups that\n"
    "hold power (chancery approval). An import of that is refused, with its line.\n"
    "\n"
    "  put-user   makes a user, or replaces them, with exactly these aliases. --previous changes\n"
    "             the primary address: the user keeps their groups, and with the old address as\n"
    "             an alias also what was sent to it. A guest is not a member of the tenant, and\n"
    "             may have a foreign address\n"
    "  put-group  makes a group, or replaces it, with exactly these aliases; its members stay.\n"
    "             --previous changes the primary address, as for a user. --external-id is what\n"
    "             your identity provider calls the group in tokens, such as an Entra object id\n"
    "  resolve    explains whom group:legal@contoso.com stands for, or which principals\n"
    "             bob@contoso.com matches\n"
    "  token      makes a token by which an identity provider such as Entra ID or Okta keeps the\n"
    "             directory over SCIM, at this authority's address and /scim/v2. It is printed,\n"
    "             or written to a file that only you can read, and never told again. It holds for\n"
    "             365 days, or 1 to 730; a tenant has 5 at most\n"
    "  import     replaces the users and groups that the file names, and adds members; all others\n"
    "             stay, so an import that broke off is simply run again\n"
    "\n"
    "Columns of a CSV file (RFC 4180):\n"
    "\n"
    "  kind,address,name,aliases or members,guest or external id,aliases of a group\n"
    "  user,bob@contoso.com,Bob,b@contoso.com bobby@contoso.com,\n"
    "  user,eve@fabrikam.com,Eve,,guest\n"
    "  group,legal@contoso.com,Legal,bob@contoso.com eve@fabrikam.com,b2d4a7d2-6a0e,law@contoso.com\n"
    "\n"
    "In a file whose name ends with .jsonl each line is a part of the directory:\n"
    "\n"
    "  {\"users\": [{\"address\": \"bob@contoso.com\", \"aliases\": [\"b@contoso.com\"]}]}\n"
    "\n"
    "  chancery directory import --profile contoso-admin.yaml people.csv\n"
    "  chancery directory resolve --profile contoso-admin.yaml group:legal@contoso.com\n";

struct directory_args {
    struct verb_args common;
    const char *name, *external_id, *previous, *days, *token_file;
    const char **aliases; /* NULL-terminated, or NULL */
    bool is_guest;
};

static int put_user(struct session *s, const struct verb_args *common)
{
    const struct directory_args *args = (const void *)common;
    Chancery__V1__User user;
    Chancery__V1__PutUserRequest request;
    chancery__v1__user__init(&user);
    chancery__v1__put_user_request__init(&request);
    user.address = common->operands[0];
    user.display_name = text_field(args->name);
    user.aliases = (char **)(uintptr_t)args->aliases;
    user.n_aliases = texts_count(args->aliases);
    user.guest = args->is_guest;
    request.user = &user;
    request.previous_address = text_field(args->previous);
    return verb_act(s, common, "DirectoryService/PutUser", &request.base,
                    &chancery__v1__put_user_response__descriptor, "put");
}

static int put_group(struct session *s, const struct verb_args *common)
{
    const struct directory_args *args = (const void *)common;
    Chancery__V1__Group group;
    Chancery__V1__PutGroupRequest request;
    chancery__v1__group__init(&group);
    chancery__v1__put_group_request__init(&request);
    group.address = common->operands[0];
    group.display_name = text_field(args->name);
    group.external_id = text_field(args->external_id);
    group.aliases = (char **)(uintptr_t)args->aliases;
    group.n_aliases = texts_count(args->aliases);
    request.group = &group;
    request.previous_address = text_field(args->previous);
    return verb_act(s, common, "DirectoryService/PutGroup", &request.base,
                    &chancery__v1__put_group_response__descriptor, "put");
}

static int add_member(struct session *s, const struct verb_args *args)
{
    Chancery__V1__AddMembersRequest request;
    chancery__v1__add_members_request__init(&request);
    request.group = args->operands[0];
    request.members = args->operands + 1;
    request.n_members = args->operand_count - 1;
    return verb_act(s, args, "DirectoryService/AddMembers", &request.base,
                    &chancery__v1__add_members_response__descriptor, "added");
}

static int remove_member(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RemoveMembersRequest request;
    chancery__v1__remove_members_request__init(&request);
    request.group = args->operands[0];
    request.members = args->operands + 1;
    request.n_members = args->operand_count - 1;
    return verb_act(s, args, "DirectoryService/RemoveMembers", &request.base,
                    &chancery__v1__remove_members_response__descriptor, "removed");
}

static void show_resolved(const void *response)
{
    const Chancery__V1__ResolvePrincipalResponse *r = response;
    puts(r->explanation);
    for (size_t i = 0; i < r->n_matches; i++) {
        printf("  %s\n", r->matches[i]);
    }
}

static int resolve(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ResolvePrincipalRequest request;
    chancery__v1__resolve_principal_request__init(&request);
    request.principal = args->operands[0];
    return verb_call(s, args, "DirectoryService/ResolvePrincipal", &request.base,
                     &chancery__v1__resolve_principal_response__descriptor, show_resolved);
}

static int delete_group(struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteGroupRequest request;
    chancery__v1__delete_group_request__init(&request);
    request.address = args->operands[1];
    return verb_act(s, args, "DirectoryService/DeleteGroup", &request.base,
                    &chancery__v1__delete_group_response__descriptor, "deleted");
}

static int delete_user(struct session *s, const struct verb_args *args)
{
    Chancery__V1__DeleteUserRequest request;
    chancery__v1__delete_user_request__init(&request);
    request.address = args->operands[1];
    return verb_act(s, args, "DirectoryService/DeleteUser", &request.base,
                    &chancery__v1__delete_user_response__descriptor, "deleted");
}

static int delete (struct session *s, const struct verb_args *args)
{
    bool is_group = strcmp(args->operands[0], "group") == 0;
    if (!is_group && strcmp(args->operands[0], "user") != 0) {
        return usage_error(s->command, "say delete user ADDRESS or delete group ADDRESS");
    }
    int code = verb_confirm(s, args, is_group ? "delete group" : "delete user", args->operands[1],
                            is_group ? "its members, and its place in other groups, are lost"
                                     : "their aliases, and their place in groups, are lost");
    if (code != EXIT_OK) {
        return code;
    }
    return is_group ? delete_group(s, args) : delete_user(s, args);
}

static int token(struct session *s, const struct verb_args *common)
{
    const struct directory_args *args = (const void *)common;
    return directory_token(s, common, args->days, args->token_file);
}

enum { MEMBERS_MAX = 10000 }; /* that one request may name */

static const struct verb VERBS[] = {
    {"import", 1, 1, "one file", directory_import},
    {"put-user", 1, 1, "one address", put_user},
    {"put-group", 1, 1, "one address", put_group},
    {"add-member", 2, 1 + MEMBERS_MAX, "a group and addresses", add_member},
    {"remove-member", 2, 1 + MEMBERS_MAX, "a group and addresses", remove_member},
    {"list", 1, 2, "users, groups, or members GROUP", directory_list},
    {"resolve", 1, 1, "one principal", resolve},
    {"delete", 2, 2, "user or group, and an address", delete},
    {"token", 1, 2, "create NAME, list or revoke ID", token},
};

static int run(int argc, char **argv)
{
    struct directory_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        YES_OPTION(args.common),
                                        {"--name", &args.name, NULL, NULL},
                                        {"--alias", NULL, NULL, &args.aliases},
                                        {"--guest", NULL, &args.is_guest, NULL},
                                        {"--previous", &args.previous, NULL, NULL},
                                        {"--external-id", &args.external_id, NULL, NULL},
                                        {"--days", &args.days, NULL, NULL},
                                        {"--token-file", &args.token_file, NULL, NULL}};
    argc = options_take(&command_directory, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_directory, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_directory = {.name = "directory",
                                          .summary =
                                              "import, change, list and explain users and groups",
                                          .help = HELP,
                                          .run = run};
