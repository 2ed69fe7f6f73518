/* SPDX-License-Identifier: Apache-2.0 */
/* One change of a user: an attribute, or some of their mail addresses. */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "scim/scim_user.h"

struct change {
    struct scim_user *user;
    enum scim_change kind;
    const struct scim_path *path;
    const json_t *value;
    struct scim_fault *fault;
};

/* --- texts ---------------------------------------------------------------------------------------- */

static const char **text_of(struct scim_user *user, const char *attribute, const char *sub)
{
    const struct {
        const char *attribute, *sub;
        const char **text;
    } texts[] = {{.attribute = "username", .sub = "", .text = &user->user_name},
                 {.attribute = "externalid", .sub = "", .text = &user->external_id},
                 {.attribute = "displayname", .sub = "", .text = &user->display_name},
                 {.attribute = "name", .sub = "formatted", .text = &user->formatted},
                 {.attribute = "name", .sub = "givenname", .text = &user->given_name},
                 {.attribute = "name", .sub = "familyname", .text = &user->family_name}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcasecmp(attribute, texts[i].attribute) == 0 && strcasecmp(sub, texts[i].sub) == 0) {
            return texts[i].text;
        }
    }
    return NULL;
}

static bool set_text(const struct change *c, const char **text, const json_t *value)
{
    if (c->kind == SCIM_REMOVE) {
        *text = "";
        return true;
    }
    return scim_json_text(value, c->path->attribute, text, c->fault);
}

/* name as a whole: what it does not mention stays, unless it is removed. */
static bool change_name(const struct change *c)
{
    static const char *const parts[] = {"formatted", "givenname", "familyname"};
    if (c->kind != SCIM_REMOVE && c->value != NULL && !json_is_object(c->value) &&
        !json_is_null(c->value)) {
        return scim_fail(c->fault, "invalidValue", "name", "It must be an object.");
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char **text = text_of(c->user, "name", parts[i]);
        const json_t *value = json_is_object(c->value) ? scim_json_get(c->value, parts[i]) : NULL;
        if ((c->kind == SCIM_REMOVE || value != NULL) && !set_text(c, text, value)) {
            return false;
        }
    }
    return true;
}

static bool change_active(const struct change *c)
{
    return c->kind == SCIM_REMOVE
               ? scim_fail(c->fault, "mutability", "active", "Set it to true or false.")
               : scim_json_bool(c->value, "active", &c->user->is_active, c->fault);
}

/* --- mail addresses ------------------------------------------------------------------------------- */

static bool set_email_part(const struct change *c, struct scim_email *email, const char *part,
                           const json_t *value)
{
    if (strcasecmp(part, "value") == 0) {
        return set_text(c, &email->value, value);
    }
    if (strcasecmp(part, "type") == 0) {
        return set_text(c, &email->type, value);
    }
    if (strcasecmp(part, "primary") != 0) {
        return true; /* display and the like */
    }
    email->is_primary = false;
    return c->kind == SCIM_REMOVE || value == NULL ||
           scim_json_bool(value, "emails.primary", &email->is_primary, c->fault);
}

static bool read_email(const struct change *c, struct scim_email *email, const json_t *value)
{
    const char *key;
    json_t *part;
    if (json_is_string(value)) {
        return set_text(c, &email->value, value);
    }
    if (!json_is_object(value)) {
        return scim_fail(c->fault, "invalidValue", "emails",
                         "Each must be an object with a value.");
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, part)
    {
        if (!set_email_part(c, email, key, part)) {
            return false;
        }
    }
    return true;
}

static struct scim_email *find_email(struct scim_user *user, const char *value)
{
    for (size_t i = 0; i < user->email_count; i++) {
        if (strcasecmp(user->emails[i].value, value) == 0) {
            return &user->emails[i];
        }
    }
    return NULL;
}

static struct scim_email *new_email(const struct change *c)
{
    struct scim_user *user = c->user;
    if (user->email_count == SCIM_EMAILS_MAX) {
        (void)scim_fail(c->fault, "tooMany", "emails", "At most 16.");
        return NULL;
    }
    user->emails[user->email_count] = (struct scim_email){.value = "", .type = ""};
    return &user->emails[user->email_count++];
}

/* An address that is there already is changed and not added; one without an address says nothing. */
static bool add_email(const struct change *c, const json_t *value)
{
    struct scim_email read = {.value = "", .type = ""};
    if (!read_email(c, &read, value)) {
        return false;
    }
    struct scim_email *email = read.value[0] == '\0' ? &read : find_email(c->user, read.value);
    email = email == NULL ? new_email(c) : email;
    if (email == NULL) {
        return false;
    }
    *email = read;
    return true;
}

static void drop_email(struct scim_user *user, size_t index)
{
    user->email_count--;
    memmove(&user->emails[index], &user->emails[index + 1],
            (user->email_count - index) * sizeof user->emails[0]);
}

static bool change_all_emails(const struct change *c)
{
    bool is_list = json_is_array(c->value);
    size_t count =
        is_list ? json_array_size(c->value) : c->value != NULL && !json_is_null(c->value);
    if (c->kind == SCIM_REPLACE || (c->kind == SCIM_REMOVE && count == 0)) {
        c->user->email_count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = is_list ? json_array_get(c->value, i) : c->value;
        if (c->kind != SCIM_REMOVE && !add_email(c, value)) {
            return false;
        }
        const char *text =
            json_string_value(json_is_object(value) ? scim_json_get(value, "value") : value);
        struct scim_email *gone = text == NULL ? NULL : find_email(c->user, text);
        if (c->kind == SCIM_REMOVE && gone != NULL) {
            drop_email(c->user, (size_t)(gone - c->user->emails));
        }
    }
    return true;
}

static bool change_email(const struct change *c, size_t index)
{
    struct scim_email *email = &c->user->emails[index];
    if (c->kind == SCIM_REMOVE && (c->path->sub[0] == '\0' || strcmp(c->path->sub, "value") == 0)) {
        drop_email(c->user, index);
        return true;
    }
    return c->path->sub[0] == '\0' ? read_email(c, email, c->value)
                                   : set_email_part(c, email, c->path->sub, c->value);
}

/* Entra ID replaces emails[type eq "work"].value also where there is none of that type yet. */
static bool make_email(const struct change *c)
{
    const struct scim_filter *filter = c->path->filter;
    const char *type = filter == NULL ? "" : scim_filter_demands(filter, "type");
    if (c->kind == SCIM_REMOVE) {
        return true;
    }
    if (type == NULL || strlen(type) > SCIM_TEXT_MAX || !utf8_is_printable(slice_str(type))) {
        return scim_fail(c->fault, "noTarget", "path", "No mail address meets the filter.");
    }
    struct scim_email *email = new_email(c);
    if (email == NULL) {
        return false;
    }
    email->type = type;
    return change_email(c, c->user->email_count - 1);
}

static bool change_some_emails(const struct change *c)
{
    struct scim_user before = *c->user;
    struct scim_subject subject = scim_user_subject(&before);
    bool is_any = false;
    for (size_t i = before.email_count; i-- > 0;) { /* backwards, because some may go */
        if (c->path->filter != NULL &&
            !scim_filter_matches_element(c->path->filter, &subject, "emails", (long)i)) {
            continue;
        }
        is_any = true;
        if (!change_email(c, i)) {
            return false;
        }
    }
    return is_any ? true : make_email(c);
}

/* --- all ------------------------------------------------------------------------------------------ */

bool scim_user_change(void *of, enum scim_change change, const struct scim_path *path,
                      const json_t *value, struct scim_fault *fault)
{
    CH_ASSERT(of != NULL);
    const struct change c = {
        .user = of, .kind = change, .path = path, .value = value, .fault = fault};
    const char **text = text_of(of, path->attribute, path->sub);
    if (text != NULL && path->filter == NULL) {
        return set_text(&c, text, value);
    }
    if (strcmp(path->attribute, "name") == 0 && path->sub[0] == '\0') {
        return change_name(&c);
    }
    if (strcmp(path->attribute, "active") == 0) {
        return change_active(&c);
    }
    if (strcmp(path->attribute, "emails") == 0) {
        return path->filter == NULL && path->sub[0] == '\0' ? change_all_emails(&c)
                                                            : change_some_emails(&c);
    }
    return true;
}
