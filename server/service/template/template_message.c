/* SPDX-License-Identifier: Apache-2.0 */
#include "service/template/template_message.h"

#include "base/utf8.h"
#include "domain/values/language.h"
#include "service/common/etag.h"
#include "service/common/policy_fields.h"
#include "service/common/reply.h"
#include "service/common/request.h"

/* --- reading ---------------------------------------------------------------------------------- */

struct text_lists {
    const char *const **languages, *const **texts;
    size_t *count;
};

static step bad_text(struct call *c, const char *field, size_t index, const char *part,
                     const char *why)
{
    return call_bad_field(c, arena_printf(call_arena(c), "%s[%zu].%s", field, index, part), why);
}

static bool has_language(const char *const *languages, size_t count, const char *language)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_eq_nocase(slice_str(languages[i]), slice_str(language))) {
            return true;
        }
    }
    return false;
}

/* One text in one language; `before` are the languages of those that came before. */
static step check_text(struct call *c, const char *field, size_t index,
                       const Chancery__V1__LocalizedText *from, const char *const *before)
{
    struct slice text = slice_str(from->text);
    if (!language_tag_is_valid(slice_str(from->language))) {
        return bad_text(c, field, index, "language",
                        "It must be a language tag of RFC 5646, such as en or de-CH.");
    }
    if (has_language(before, index, from->language)) {
        return bad_text(c, field, index, "language", "There is another text in this language.");
    }
    if (text.len == 0 || text.len > TEMPLATE_TEXT_MAX) {
        return bad_text(c, field, index, "text", "A text has 1 to 1,024 bytes.");
    }
    return utf8_is_printable(text)
               ? STEP_NEXT
               : bad_text(c, field, index, "text",
                          "A text is one line, without tabs and control characters.");
}

static step read_texts(struct call *c, const char *field, Chancery__V1__LocalizedText *const *from,
                       size_t count, struct text_lists out)
{
    if (step_failed(request_count(c, field, count, 0, TEMPLATE_NAMES_MAX))) {
        return STEP_FAILED;
    }
    const char **languages = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    const char **texts = ARENA_ARRAY(call_arena(c), const char *, count + 1);
    if (languages == NULL || texts == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "texts");
    }
    for (size_t i = 0; i < count; i++) {
        if (step_failed(check_text(c, field, i, from[i], languages)) && !call_may_check_on(c)) {
            return STEP_FAILED;
        }
        languages[i] = from[i]->language;
        texts[i] = from[i]->text;
    }
    *out.languages = languages;
    *out.texts = texts;
    *out.count = count;
    return STEP_NEXT;
}

step template_message_check(struct call *c, const struct template_row *row)
{
    for (size_t i = 0; i < row->description_count; i++) {
        if (!has_language(row->name_languages, row->name_count, row->description_languages[i])) {
            return bad_text(c, "template.descriptions", i, "language",
                            "There is no name in this language.");
        }
    }
    for (size_t i = 0; row->description_count > 0 && i < row->name_count; i++) {
        if (!has_language(row->description_languages, row->description_count,
                          row->name_languages[i])) {
            return call_bad_field(c, "template.descriptions",
                                  arena_printf(call_arena(c),
                                               "There is none in %s, in which there is a name.",
                                               row->name_languages[i]));
        }
    }
    return STEP_NEXT;
}

/* Stored as parallel lists: a principal and what they may do. */
struct template_grants {
    struct policy_fields_grants reading;
    const char **principals, **rights;
};

static step begin_grants(struct call *c, const void *message, void *out, struct resource_list *list)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    struct template_grants *grants = ARENA_NEW(call_arena(c), struct template_grants);
    if (grants == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "grants");
    }
    if (step_failed(policy_fields_begin_grants(c, "template.grants", from->grants, from->n_grants,
                                               &grants->reading))) {
        return STEP_FAILED;
    }
    row->grant_count = grants->reading.count;
    row->principals = grants->principals =
        ARENA_ARRAY(call_arena(c), const char *, row->grant_count);
    row->rights = grants->rights = ARENA_ARRAY(call_arena(c), const char *, row->grant_count);
    *list = (struct resource_list){row->grant_count, grants};
    return row->principals == NULL || row->rights == NULL
               ? call_fail(c, R_ARENA_EXHAUSTED, "grants")
               : STEP_NEXT;
}

static step read_grant(struct call *c, const void *message, void *elements, size_t index)
{
    struct template_grants *grants = elements;
    const struct grant *grant = &grants->reading.grants[index];
    char text[RIGHTS_TEXT_MAX + 1];
    (void)message;
    if (step_failed(policy_fields_read_grant(c, &grants->reading, index))) {
        return STEP_FAILED;
    }
    rights_format(grant->rights, text);
    grants->rights[index] = arena_strdup(call_arena(c), text);
    grants->principals[index] = principal_format(call_arena(c), &grant->principal);
    return grants->rights[index] == NULL || grants->principals[index] == NULL
               ? call_fail(c, R_ARENA_EXHAUSTED, "grants")
               : STEP_NEXT;
}

static step read_names(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    if (from->n_names == 0) {
        return call_bad_field(c, "template.names", "At least one name is required.");
    }
    return read_texts(c, "template.names", from->names, from->n_names,
                      (struct text_lists){.languages = &row->name_languages,
                                          .texts = &row->name_texts,
                                          .count = &row->name_count});
}

static step read_descriptions(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    return read_texts(c, "template.descriptions", from->descriptions, from->n_descriptions,
                      (struct text_lists){.languages = &row->description_languages,
                                          .texts = &row->description_texts,
                                          .count = &row->description_count});
}

static step read_expiry(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    return policy_fields_read_expiry(c, "template.expiry", from->expiry, &row->expires_at,
                                     &row->expires_after_days);
}

static step read_offline(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    int days = 0;
    step result = policy_fields_read_offline(c, "template.offline_days", (int)from->offline_access,
                                             from->offline_days, &days);
    row->offline_days = days;
    return result;
}

static step begin_scope(struct call *c, const void *message, void *out, struct resource_list *list)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    row->scope_count = from->n_scope;
    row->scope = resource_begin_texts(c, "template.scope", from->n_scope, POLICY_GRANTS_MAX, list);
    return row->scope == NULL ? STEP_FAILED : STEP_NEXT;
}

static step read_scope(struct call *c, const void *message, void *elements, size_t index)
{
    const Chancery__V1__Template *from = message;
    const char **scope = elements;
    return policy_fields_read_principal(c, "template.scope", index, from->scope[index],
                                        &scope[index]);
}

static step read_referral(struct call *c, const void *message, void *out)
{
    const Chancery__V1__Template *from = message;
    struct template_row *row = out;
    row->referral_contact = from->referral_contact;
    return request_text(c, "template.referral_contact", from->referral_contact,
                        REFERRAL_CONTACT_MAX);
}

static const struct resource_field fields[] = {
    OUTPUT_ONLY("template_id"),
    IMMUTABLE("tenant"),
    CHANGEABLE("names", read_names),
    CHANGEABLE("descriptions", read_descriptions),
    CHANGEABLE_LIST("grants", begin_grants, read_grant),
    CHANGEABLE("expiry", read_expiry),
    CHANGEABLE("offline_access", read_offline),
    CHANGEABLE("offline_days", read_offline),
    CHANGEABLE_LIST("scope", begin_scope, read_scope),
    CHANGEABLE("referral_contact", read_referral),
    BY_METHOD("archived"),
    OUTPUT_ONLY("version"),
    OUTPUT_ONLY("etag"),
    OUTPUT_ONLY("create_time"),
    OUTPUT_ONLY("update_time"),
};

const struct resource template_resource = {
    .name = "template",
    .message = &chancery__v1__template__descriptor,
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
};

/* --- writing ---------------------------------------------------------------------------------- */

static Chancery__V1__LocalizedText *write_text(struct call *c, const char *language,
                                               const char *text)
{
    Chancery__V1__LocalizedText *t = call_message(c, &chancery__v1__localized_text__descriptor);
    if (t != NULL) {
        t->language = reply_text(language);
        t->text = reply_text(text);
    }
    return t;
}

static Chancery__V1__LocalizedText **write_texts(struct call *c, const char *const *languages,
                                                 const char *const *texts, size_t count)
{
    Chancery__V1__LocalizedText **list =
        ARENA_ARRAY(call_arena(c), Chancery__V1__LocalizedText *, count + 1);
    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = write_text(c, languages[i], texts[i]);
        if (list[i] == NULL) {
            return NULL;
        }
    }
    return list;
}

static Chancery__V1__Grant *write_grant(struct call *c, const char *principal, const char *text)
{
    struct rights rights = {0};
    Chancery__V1__Grant *grant = call_message(c, &chancery__v1__grant__descriptor);
    if (grant == NULL || !rights_parse(call_arena(c), slice_str(text), &rights, NULL).ok) {
        return NULL;
    }
    grant->n_principals = 1;
    grant->principals = reply_texts(c, &principal, 1);
    grant->n_rights = reply_rights(c, &rights, (int **)&grant->rights);
    grant->n_custom_rights = reply_custom_rights(c, &rights, &grant->custom_rights);
    return grant;
}

static Chancery__V1__Expiry *write_expiry(struct call *c, const struct template_row *row)
{
    bool is_set = row->expires_at != 0 || row->expires_after_days != 0;
    Chancery__V1__Expiry *expiry =
        is_set ? call_message(c, &chancery__v1__expiry__descriptor) : NULL;
    if (expiry == NULL) {
        return NULL;
    }
    if (row->expires_at != 0) {
        expiry->kind_case = CHANCERY__V1__EXPIRY__KIND_TIME;
        expiry->time = reply_time(c, row->expires_at);
    } else {
        expiry->kind_case = CHANCERY__V1__EXPIRY__KIND_DAYS;
        expiry->days = (uint32_t)row->expires_after_days;
    }
    return expiry;
}

Chancery__V1__Template *template_message_write(struct call *c, const struct template_row *row,
                                               const char *tenant)
{
    Chancery__V1__Template *t = call_message(c, &chancery__v1__template__descriptor);
    Chancery__V1__Grant **grants =
        ARENA_ARRAY(call_arena(c), Chancery__V1__Grant *, row->grant_count + 1);
    if (t == NULL || grants == NULL) {
        return NULL;
    }
    t->template_id = reply_text(reply_uuid(c, row->id.u));
    t->tenant = reply_text(tenant);
    t->names = write_texts(c, row->name_languages, row->name_texts, row->name_count);
    t->n_names = t->names == NULL ? 0 : row->name_count;
    t->descriptions =
        write_texts(c, row->description_languages, row->description_texts, row->description_count);
    t->n_descriptions = t->descriptions == NULL ? 0 : row->description_count;
    t->grants = grants;
    for (; t->n_grants < row->grant_count; t->n_grants++) {
        grants[t->n_grants] =
            write_grant(c, row->principals[t->n_grants], row->rights[t->n_grants]);
        if (grants[t->n_grants] == NULL) {
            return NULL;
        }
    }
    t->expiry = write_expiry(c, row);
    t->offline_access = row->offline_days == OFFLINE_DAYS_CAP
                            ? CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_UNSPECIFIED
                        : row->offline_days == OFFLINE_DAYS_NONE
                            ? CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_NONE
                            : CHANCERY__V1__OFFLINE_ACCESS__OFFLINE_ACCESS_DAYS;
    t->offline_days = row->offline_days > 0 ? (uint32_t)row->offline_days : 0;
    t->scope = reply_texts(c, row->scope, row->scope_count);
    t->n_scope = t->scope == NULL ? 0 : row->scope_count;
    t->referral_contact = reply_text(row->referral_contact);
    t->archived = row->archived;
    t->version = row->version;
    t->etag = reply_text(etag_write(c, row->mark));
    t->create_time = reply_time(c, row->created_at);
    t->update_time = reply_time(c, row->updated_at);
    return t;
}
