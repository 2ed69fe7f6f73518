/* SPDX-License-Identifier: Apache-2.0 */
/* chancery directory list: prints each page as it comes, so that a large directory needs little
 * memory; with -o json one object per line. */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/directory.pb-c.h"
#include "cli/directory/directory.h"
#include "wire/message_text.h"

enum { PAGE = 200 };

static int print_line(struct session *s, const ProtobufCMessage *message)
{
    const char *text;
    struct err err = {0};
    if (!message_to_json(s->arena, message, false, false, &text, &err).ok) {
        return fail_with(s->command, &err);
    }
    puts(text);
    return EXIT_OK;
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
        if (verb_wants_json(args)) {
            int code = print_line(s, &user->base);
            if (code != EXIT_OK) {
                return code;
            }
            continue;
        }
        printf("%-40s %s%s", user->address, user->display_name, user->guest ? " (guest)" : "");
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
            request.page_token = page->next_page_token;
            code = print_users(s, args, verb_wants_json(args) ? page : session_shown(s, message));
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
        if (verb_wants_json(args)) {
            code = print_line(s, &group->base);
        } else {
            printf("%-40s %s  %s", group->address, group->display_name, group->external_id);
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
            request.page_token = page->next_page_token;
            code = print_groups(s, args, verb_wants_json(args) ? page : session_shown(s, message));
        }
    } while (code == EXIT_OK && request.page_token[0] != '\0');
    return code;
}

static int print_members(struct session *s, const struct verb_args *args,
                         Chancery__V1__ListMembersResponse *page)
{
    page->next_page_token = text_field("");
    if (verb_wants_json(args)) {
        return print_line(s, &page->base);
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
