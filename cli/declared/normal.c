/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/normal.h"

#include <string.h>
#include <strings.h>

#include "chancery/v1/component.pb-c.h"
#include "chancery/v1/issuer.pb-c.h"
#include "chancery/v1/mail_flow.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "chancery/v1/tenant.pb-c.h"
#include "cli/declared/fields.h"
#include "domain/rules/extension.h"
#include "domain/rules/rule.h"
#include "domain/values/address.h"
#include "domain/values/client_name.h"
#include "domain/values/domain_name.h"
#include "domain/values/principal.h"

/* --- texts ------------------------------------------------------------------------------------ */

typedef rc normalize_fn(struct arena *arena, struct slice text, const char **out, struct err *err);

static rc read_principal(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    struct principal principal;
    TRY(principal_parse(arena, text, &principal, err));
    *out = principal_format(arena, &principal);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc read_client_name(struct arena *arena, struct slice text, const char **out,
                           struct err *err)
{
    const char *whole = arena_dup(arena, text);
    ARENA_ENSURE(whole, err);
    *out = arena_dup(arena, client_name_trim(whole));
    ARENA_ENSURE(*out, err);
    return OK;
}

/* Names of headers and types of media: in lower case as far as they are ASCII. */
static rc read_lower(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    char *lower = arena_dup(arena, text);
    ARENA_ENSURE(lower, err);
    for (char *at = lower; *at != '\0'; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
    }
    *out = lower;
    return OK;
}

static rc read_extension(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    char extension[RULE_VALUE_BYTES_MAX + 1];
    bool has_dot = text.len > 0 && text.ptr[0] == '.';
    const char *name = arena_printf(arena, "%s%.*s", has_dot ? "" : ".", (int)text.len, text.ptr);
    ARENA_ENSURE(name, err);
    ENSURE(text.len < sizeof extension && extension_of(slice_str(name), extension), err,
           R_FIELD_INVALID);
    *out = arena_strdup(arena, extension);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* What the authority keeps in another form than it may be given in. */
static const struct {
    const ProtobufCMessageDescriptor *type;
    const char *field;
    normalize_fn *normalize;
} forms[] = {
    {&chancery__v1__grant__descriptor, "principals", read_principal},
    {&chancery__v1__template__descriptor, "scope", read_principal},
    {&chancery__v1__tenant__descriptor, "onboarding", read_principal},
    {&chancery__v1__tenant__descriptor, "do_not_track", read_principal},
    {&chancery__v1__domain__descriptor, "name", domain_name_normalize},
    {&chancery__v1__denial__descriptor, "domain", domain_name_normalize},
    {&chancery__v1__exclusion__descriptor, "user", address_normalize},
    {&chancery__v1__exclusion__descriptor, "application", read_client_name},
    {&chancery__v1__exclusion__descriptor, "platform", read_client_name},
    {&chancery__v1__issuer__descriptor, "domains", domain_name_normalize},
    {&chancery__v1__component__descriptor, "sender_domains", domain_name_normalize},
    {&chancery__v1__person_condition__descriptor, "addresses", address_normalize},
    {&chancery__v1__person_condition__descriptor, "domains", domain_name_normalize},
    {&chancery__v1__person_condition__descriptor, "groups", address_normalize},
    {&chancery__v1__text_condition__descriptor, "header", read_lower},
    {&chancery__v1__attachment_condition__descriptor, "extensions", read_extension},
    {&chancery__v1__attachment_condition__descriptor, "types", read_lower},
};

static void normalize(struct session *s, const ProtobufCMessageDescriptor *type, const char *field,
                      char **text)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *out = NULL;
        if (forms[i].type == type && strcmp(forms[i].field, field) == 0 &&
            forms[i].normalize(s->arena, slice_str(*text), &out, NULL).ok) {
            *text = text_field(out);
        }
    }
}

/* --- grants ----------------------------------------------------------------------------------- */

static void drop_doubles(Chancery__V1__Grant *grant)
{
    size_t kept = 0;
    for (size_t i = 0; i < grant->n_custom_rights; i++) {
        size_t at = 0;
        while (at < kept && strcmp(grant->custom_rights[at], grant->custom_rights[i]) != 0) {
            at++;
        }
        grant->custom_rights[at] = grant->custom_rights[i];
        kept += at == kept ? 1 : 0;
    }
    grant->n_custom_rights = kept;
}

/* One for each principal: the authority keeps no groups of them. One without any is refused by it. */
static void split_grants(struct session *s, Chancery__V1__Template *template)
{
    size_t room = template->n_grants, count = 0;
    for (size_t i = 0; i < template->n_grants; i++) {
        room += template->grants[i]->n_principals;
    }
    Chancery__V1__Grant **grants = ARENA_ARRAY(s->arena, Chancery__V1__Grant *, room + 1);
    CH_ASSERT(grants != NULL); /* a session's arena is far larger than what is declared */
    for (size_t i = 0; i < template->n_grants; i++) {
        Chancery__V1__Grant *from = template->grants[i];
        drop_doubles(from);
        for (size_t at = 0; at == 0 || at < from->n_principals; at++) {
            Chancery__V1__Grant *grant = ARENA_NEW(s->arena, Chancery__V1__Grant);
            CH_ASSERT(grant != NULL); /* the same */
            *grant = *from;
            grant->principals += at;
            grant->n_principals = from->n_principals == 0 ? 0 : 1;
            grants[count++] = grant;
        }
    }
    template->grants = grants;
    template->n_grants = count;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* A list that is not empty has LOWER_REQUIREMENT, too. */
static void complete_two_person(struct session *s, Chancery__V1__Tenant *tenant)
{
    size_t count = tenant->n_two_person;
    Chancery__V1__ApprovalOperation *list =
        ARENA_ARRAY(s->arena, Chancery__V1__ApprovalOperation, count + 1);
    CH_ASSERT(list != NULL); /* a session's arena is far larger than what is declared */
    if (count > 0) {
        memcpy(list, tenant->two_person, count * sizeof *list);
        list[count] = CHANCERY__V1__APPROVAL_OPERATION__APPROVAL_OPERATION_LOWER_REQUIREMENT;
        tenant->two_person = list;
        tenant->n_two_person = count + 1;
    }
}

ProtobufCMessage *normal_spec(struct session *s, const struct kind *kind,
                              const ProtobufCMessage *spec)
{
    ProtobufCMessage *copy = field_copy(s, spec);
    field_each_text(s, copy, normalize);
    if (kind == &KINDS[KIND_TEMPLATE]) {
        split_grants(s, (void *)copy);
    } else if (kind == &KINDS[KIND_TENANT]) {
        complete_two_person(s, (void *)copy);
    }
    field_sort_sets(copy);
    return copy;
}

/* Names of applications and platforms are kept as they are written, and compared by the folding of all
 * scripts; addresses are not, where that could make two of them one. */
bool normal_same_key(const struct kind *kind, const char *one, const char *other)
{
    if (!kind->is_caseless) {
        return strcmp(one, other) == 0;
    }
    bool is_name = kind == &KINDS[KIND_EXCLUSION] &&
                   (strncmp(one, "application ", 12) == 0 || strncmp(one, "platform ", 9) == 0);
    return is_name ? client_name_equals(one, other) : strcasecmp(one, other) == 0;
}
