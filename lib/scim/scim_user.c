/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_user.h"

#include <string.h>
#include <strings.h>

void scim_user_init(struct scim_user *user, struct arena *arena)
{
    *user = (struct scim_user){.arena = arena,
                               .id = "",
                               .user_name = "",
                               .external_id = "",
                               .display_name = "",
                               .formatted = "",
                               .given_name = "",
                               .family_name = "",
                               .is_active = true};
}

static bool has_email(const struct scim_user *user, const char *value)
{
    for (size_t i = 0; i < user->email_count; i++) {
        if (strcasecmp(user->emails[i].value, value) == 0) {
            return true;
        }
    }
    return false;
}

/* Mail addresses that say nothing, or nothing new, by the end of a change. */
static void drop_idle_emails(struct scim_user *user)
{
    size_t count = user->email_count;
    user->email_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct scim_email *email = &user->emails[i];
        if (email->value[0] != '\0' && !has_email(user, email->value)) {
            user->emails[user->email_count++] = *email;
        }
    }
}

bool scim_user_read(struct scim_user *user, const json_t *resource, struct scim_fault *fault)
{
    bool is_read =
        scim_members_each(user->arena, resource, SCIM_REPLACE, scim_user_change, user, fault);
    drop_idle_emails(user);
    return is_read;
}

bool scim_user_patch(struct scim_user *user, const json_t *body, struct scim_fault *fault)
{
    struct scim_user changed = *user;
    if (!scim_patch_each(user->arena, body, scim_user_change, &changed, fault)) {
        return false;
    }
    *user = changed;
    drop_idle_emails(user);
    return true;
}

bool scim_user_keep(struct scim_user *user, struct arena *arena)
{
    const char **texts[] = {&user->user_name, &user->external_id, &user->display_name,
                            &user->formatted, &user->given_name,  &user->family_name};
    bool is_kept = true;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = arena_strdup(arena, *texts[i]);
        is_kept = is_kept && *texts[i] != NULL;
    }
    for (size_t i = 0; i < user->email_count; i++) {
        struct scim_email *email = &user->emails[i];
        email->value = arena_strdup(arena, email->value);
        email->type = arena_strdup(arena, email->type);
        is_kept = is_kept && email->value != NULL && email->type != NULL;
    }
    return is_kept;
}

/* --- writing -------------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *comma, const char *name, const char *value)
{
    buf_printf(out, "%s\"%s\":", comma, name);
    buf_add_json_text(out, value);
}

static void add_names(const struct scim_user *user, struct buf *out)
{
    const struct {
        const char *name, *value;
    } parts[] = {{"formatted", user->formatted},
                 {"givenName", user->given_name},
                 {"familyName", user->family_name}};
    bool is_any = false;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].value[0] != '\0') {
            add_text(out, is_any ? "," : ",\"name\":{", parts[i].name, parts[i].value);
            is_any = true;
        }
    }
    buf_add_str(out, is_any ? "}" : "");
}

static void add_emails(const struct scim_user *user, struct buf *out)
{
    for (size_t i = 0; i < user->email_count; i++) {
        const struct scim_email *email = &user->emails[i];
        add_text(out, i == 0 ? ",\"emails\":[{" : ",{", "value", email->value);
        if (email->type[0] != '\0') {
            add_text(out, ",", "type", email->type);
        }
        buf_add_str(out, email->is_primary ? ",\"primary\":true}" : "}");
    }
    buf_add_str(out, user->email_count > 0 ? "]" : "");
}

void scim_user_write(const struct scim_user *user, struct buf *out)
{
    add_text(out, "", "userName", user->user_name);
    if (user->external_id[0] != '\0') {
        add_text(out, ",", "externalId", user->external_id);
    }
    if (user->display_name[0] != '\0') {
        add_text(out, ",", "displayName", user->display_name);
    }
    add_names(user, out);
    add_emails(user, out);
}

/* --- filters -------------------------------------------------------------------------------------- */

static size_t elements(const void *of, const char *attribute)
{
    return strcmp(attribute, "emails") == 0 ? ((const struct scim_user *)of)->email_count : 0;
}

static struct scim_value email_value(const struct scim_email *email, const char *part)
{
    const char *text = NULL;
    if (part[0] == '\0' || strcmp(part, ".value") == 0) {
        text = email->value;
    } else if (strcmp(part, ".type") == 0) {
        text = email->type;
    } else if (strcmp(part, ".primary") == 0) {
        text = email->is_primary ? "true" : "false";
    }
    return (struct scim_value){.text = text};
}

static size_t email_values(const struct scim_user *user, const char *part, long element,
                           struct scim_value *out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < user->email_count && count < max; i++) {
        struct scim_value value = email_value(&user->emails[i], part);
        if ((element < 0 || (size_t)element == i) && value.text != NULL && value.text[0] != '\0') {
            out[count++] = value;
        }
    }
    return count;
}

static size_t values(const void *of, const char *attribute, long element, struct scim_value *out,
                     size_t max)
{
    const struct scim_user *user = of;
    const struct {
        const char *name, *value;
        bool is_exact;
    } texts[] = {
        {.name = "id", .value = user->id, .is_exact = true},
        {.name = "externalid", .value = user->external_id, .is_exact = true},
        {.name = "username", .value = user->user_name, .is_exact = false},
        {.name = "displayname", .value = user->display_name, .is_exact = false},
        {.name = "name.formatted", .value = user->formatted, .is_exact = false},
        {.name = "name.givenname", .value = user->given_name, .is_exact = false},
        {.name = "name.familyname", .value = user->family_name, .is_exact = false},
        {.name = "active", .value = user->is_active ? "true" : "false", .is_exact = false}};
    if (strncmp(attribute, "emails", 6) == 0) {
        return email_values(user, attribute + 6, element, out, max);
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(attribute, texts[i].name) == 0 && texts[i].value[0] != '\0') {
            out[0] = (struct scim_value){texts[i].value, texts[i].is_exact};
            return 1;
        }
    }
    return 0;
}

struct scim_subject scim_user_subject(const struct scim_user *user)
{
    return (struct scim_subject){.of = user, .values = values, .elements = elements};
}
