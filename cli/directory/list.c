/* SPDX-License-Identifier: Apache-2.0 */
/* chancery directory list: prints each page as it comes, so that a large directory needs little
 * memory; with -o json one object per line, with -o yaml one document each. */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/directory.pb-c.h"
#include "cli/directory/directory.h"

enum { PAGE = 200 };

/* Pages are printed as they come, so nobody knows the widest. */
static const char LINE[] = "%-40s %s%s%s";

static void print_heading(const struct verb_args *args, bool is_first, size_t count,
                          const char *more)
{
    if (args->answer == ANSWER_TEXT && is_first && count > 0) {
        printf(LINE, "ADDRESS", "NAME", more, "\n");
    }
}

static void end_line(char *const *aliases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s%s", i == 0 ? "  = " : ", ", aliases[i]);
    }
    putchar('\n');
}

static int print_users(struct session *s, const struct verb_args *args,
                       const Chancery__V1__ListUsersResponse *page)
{
    for (size_t i = 0; i < page->n_users; i++) {
        const Chancery__V1__User *user = page->users[i];
        if (args->answer != ANSWER_TEXT) {
            int code = answer_print_one(s, args->answer, &user->base);
            if (code != EXIT_OK) {
                return code;
            }
            continue;
        }
        printf(LINE, user->address, user->display_name, user->guest ? " (guest)" : "",
               user->disabled ? " (deactivated)" : "");
        end_line(user->aliases, user->n_aliases);
    }
    return EXIT_OK;
}

static int list_users(struct session *s, const struct verb_args *args)
{
    int code = EXIT_OK;
    Chancery__V1__ListUsersRequest request;
    chancery__v1__list_users_request__init(&request);
    request.page_size = PAGE;
    do {
        ProtobufCMessage *message = NULL;
        code = session_call(s, "DirectoryService/ListUsers", &request.base,
                            &chancery__v1__list_users_response__descriptor, &message);
        if (code == EXIT_OK) {
            const Chancery__V1__ListUsersResponse *page = (const void *)message;
            print_heading(args, request.page_token[0] == '\0', page->n_users, "  = ALIASES");
            request.page_token = page->next_page_token;
            code = print_users(s, args,
                               args->answer != ANSWER_TEXT ? page : session_shown(s, message));
        }
    } while (code == EXIT_OK && request.page_token[0] != '\0');
    return code;
}

static int print_groups(struct session *s, const struct verb_args *args,
                        const Chancery__V1__ListGroupsResponse *page)
{
    int code = EXIT_OK;
    for (size_t i = 0; code == EXIT_OK && i < page->n_groups; i++) {
        const Chancery__V1__Group *group = page->groups[i];
        if (args->answer != ANSWER_TEXT) {
            code = answer_print_one(s, args->answer, &group->base);
        } else {
            printf(LINE, group->address, group->display_name, "  ", group->external_id);
            end_line(group->aliases, group->n_aliases);
        }
    }
    return code;
}

static int list_groups(struct session *s, const struct verb_args *args)
{
    int code = EXIT_OK;
    Chancery__V1__ListGroupsRequest request;
    chancery__v1__list_groups_request__init(&request);
    request.page_size = PAGE;
    do {
        ProtobufCMessage *message = NULL;
        code = session_call(s, "DirectoryService/ListGroups", &request.base,
                            &chancery__v1__list_groups_response__descriptor, &message);
        if (code == EXIT_OK) {
            const Chancery__V1__ListGroupsResponse *page = (const void *)message;
            print_heading(args, request.page_token[0] == '\0', page->n_groups,
                          "  EXTERNAL ID  = ALIASES");
            request.page_token = page->next_page_token;
            code = print_groups(s, args,
                                args->answer != ANSWER_TEXT ? page : session_shown(s, message));
        }
    } while (code == EXIT_OK && request.page_token[0] != '\0');
    return code;
}

static int print_members(struct session *s, const struct verb_args *args,
                         Chancery__V1__ListMembersResponse *page)
{
    page->next_page_token = text_field("");
    if (args->answer != ANSWER_TEXT) {
        return answer_print_one(s, args->answer, &page->base);
    }
    (void)session_shown(s, &page->base);
    for (size_t i = 0; i < page->n_members; i++) {
        puts(page->members[i]);
    }
    return EXIT_OK;
}

static int list_members(struct session *s, const struct verb_args *args)
{
    int code = EXIT_OK;
    Chancery__V1__ListMembersRequest request;
    chancery__v1__list_members_request__init(&request);
    request.group = args->operands[1];
    request.page_size = PAGE;
    do {
        ProtobufCMessage *message = NULL;
        code = session_call(s, "DirectoryService/ListMembers", &request.base,
                            &chancery__v1__list_members_response__descriptor, &message);
        if (code == EXIT_OK) {
            Chancery__V1__ListMembersResponse *page = (void *)message;
            request.page_token = page->next_page_token;
            code = print_members(s, args, page);
        }
    } while (code == EXIT_OK && request.page_token[0] != '\0');
    return code;
}

int directory_list(struct session *s, const struct verb_args *args)
{
    const char *what = args->operands[0];
    if (strcmp(what, "members") == 0 && args->operand_count == 2) {
        return list_members(s, args);
    }
    if (strcmp(what, "users") == 0 && args->operand_count == 1) {
        return list_users(s, args);
    }
    if (strcmp(what, "groups") == 0 && args->operand_count == 1) {
        return list_groups(s, args);
    }
    return usage_error(s->command, "say list users, list groups or list members GROUP");
}
