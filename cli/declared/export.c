/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/export.h"

#include <stdio.h>
#include <string.h>

#include "base/suggestion.h"
#include "cli/declared/fields.h"
#include "wire/manifest.h"

/* --- one document ----------------------------------------------------------------------------- */

/* Every field is written, so that applying the document brings back what was changed; of what never changes only
 * what is said. */
static void print_document(struct session *s, const struct object *object, bool etags)
{
    const struct kind *kind = object->kind;
    field_clear_output(object->message);
    const char *const *texts = field_texts(s, object->message, kind->change != NULL, 1);
    manifest_print_head(stdout, kind->name, object->tenant, object->id, etags ? object->etag : "");
    for (unsigned i = 0; i < kind->type->n_fields; i++) {
        if (field_is_declared(kind, &kind->type->fields[i])) {
            fputs(texts[i], stdout);
        }
    }
}

/* --- all -------------------------------------------------------------------------------------- */

static int check_kinds(const struct session *s, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct suggestion meant = {.word = names[i]};
        bool is_known = false;
        for (size_t kind = 0; kind < KIND_COUNT; kind++) {
            is_known = is_known || strcmp(KINDS[kind].name, names[i]) == 0;
            suggestion_consider(&meant, KINDS[kind].name);
        }
        if (!is_known) {
            return usage_error(s->command, "there is no kind %s%s%s%s", names[i],
                               meant.best == NULL ? "" : "; did you mean ",
                               meant.best == NULL ? "" : meant.best, meant.best == NULL ? "" : "?");
        }
    }
    return EXIT_OK;
}

static bool is_asked_for(const struct kind *kind, char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kind->name, names[i]) == 0) {
            return true;
        }
    }
    return count == 0;
}

/* Who sees it: a tenant's admin all of the tenant; a platform admin what is the platform's, and of a tenant that
 * they name what they administer. */
static bool is_seen(const struct state *state, const struct kind *kind, const char *tenant)
{
    if (tenant[0] == '\0') {
        return kind->owner == OWNED_BY_PLATFORM ||
               (kind->owner == OWNED_BY_EITHER && kind != &KINDS[KIND_DOMAIN]);
    }
    bool is_own = state->own_tenant[0] != '\0';
    return kind->owner == OWNED_BY_EITHER ||
           kind->owner == (is_own ? OWNED_BY_TENANT : GIVEN_TO_TENANT);
}

int export_print(struct state *state, const char *tenant, char *const *kinds, size_t kind_count,
                 bool etags)
{
    struct session *s = state->session;
    int code = check_kinds(s, kinds, kind_count);
    for (size_t i = 0; code == EXIT_OK && i < KIND_COUNT; i++) {
        struct objects *objects = NULL;
        if (!is_asked_for(&KINDS[i], kinds, kind_count) || !is_seen(state, &KINDS[i], tenant)) {
            continue;
        }
        code = state_read(state, &KINDS[i], tenant, &objects);
        if (code == EXIT_OK && objects->is_absent) {
            struct err err = {0};
            (void)err_raise(&err, R_INPUT_INVALID, __FILE__, __LINE__, "there is no tenant %s",
                            tenant);
            return fail_with(s->command, &err);
        }
        for (size_t at = 0; code == EXIT_OK && at < objects->count; at++) {
            print_document(s, &objects->list[at], etags);
        }
    }
    return code;
}
