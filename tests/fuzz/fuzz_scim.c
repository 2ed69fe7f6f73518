/* SPDX-License-Identifier: Apache-2.0 */
/* SCIM: whatever comes as a filter, a path or a body of PATCH, nothing is read out of bounds; what a user has become is
 * read again as it was written. */
#include "fuzz.h"

#include <string.h>

#include "scim/scim_group.h"
#include "scim/scim_user.h"

static struct slice written(struct arena *arena, const struct scim_user *user)
{
    struct buf out;
    struct slice text;
    buf_init(&out, arena);
    buf_add_str(&out, "{");
    scim_user_write(user, &out);
    buf_add_str(&out, "}");
    CH_ASSERT(buf_finish(&out, &text, NULL).ok);
    return text;
}

static void read_again(struct arena *arena, const struct scim_user *user)
{
    struct scim_user again;
    struct scim_fault fault = {0};
    json_t *json;
    struct slice text = written(arena, user);
    scim_user_init(&again, arena);
    CH_ASSERT(scim_json_parse(arena, text, &json, &fault) && scim_user_read(&again, json, &fault));
    CH_ASSERT(slice_eq(text, written(arena, &again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(16 << 20);
    struct slice text = slice_of(data, size);
    const struct scim_filter *filter;
    struct scim_path path;
    struct scim_user user;
    struct scim_group group;
    json_t *body;
    struct scim_fault faults[5] = {0};
    scim_user_init(&user, arena);
    scim_group_init(&group, arena);
    user.emails[user.email_count++] = (struct scim_email){"a@b.example", "work", true};
    struct scim_subject subject = scim_user_subject(&user);
    if (scim_filter_parse(arena, text, &filter, &faults[0])) {
        (void)scim_filter_matches(filter, &subject);
        (void)scim_filter_demands(filter, "emails.value");
    }
    CH_ASSERT(!scim_path_parse(arena, text, &path, &faults[1]) || path.attribute[0] != '\0');
    if (scim_json_parse(arena, text, &body, &faults[2])) {
        if (scim_user_patch(&user, body, &faults[3])) {
            read_again(arena, &user);
        }
        (void)scim_group_patch(&group, body, &faults[4]);
        CH_ASSERT(group.change_count <= SCIM_MEMBERS_MAX);
    }
    arena_free(arena);
    return 0;
}
