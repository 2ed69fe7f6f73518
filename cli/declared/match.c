/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/match.h"

#include <string.h>

#include "cli/declared/fields.h"
#include "cli/declared/normal.h"

/* --- by itself -------------------------------------------------------------------------------- */

static int wrong_field(const struct session *s, const struct document *document, const char *name)
{
    const struct kind *kind = document->kind;
    if (strcmp(name, "tenant") == 0 || strcmp(name, "etag") == 0) {
        return document_fail(s, document, name, "stands in metadata, not in spec");
    }
    if (kind->id != NULL && strcmp(name, kind->id) == 0) {
        return document_fail(s, document, name, "is metadata.id, and does not stand in spec");
    }
    return document_fail(s, document, name, "is set by the authority: leave it out");
}

int match_check(const struct session *s, const struct document *document)
{
    const struct kind *kind = document->kind;
    for (unsigned i = 0; i < kind->type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &kind->type->fields[i];
        if (!field_is_declared(kind, field) && manifest_gives(&document->manifest, field->name)) {
            return wrong_field(s, document, field->name);
        }
    }
    if (kind == &KINDS[KIND_TENANT] && document->manifest.tenant[0] == '\0') {
        return document_fail(s, document, NULL, "needs metadata.tenant: its short name");
    }
    if (kind->owner == GIVEN_TO_TENANT && document->tenant[0] == '\0') {
        return document_fail(s, document, NULL, "needs metadata.tenant: whom the value means");
    }
    if (kind->owner == OWNED_BY_PLATFORM && document->manifest.tenant[0] != '\0') {
        return document_fail(s, document, NULL,
                             "belongs to the platform: leave metadata.tenant out");
    }
    if (kind->id == NULL && document->manifest.id[0] != '\0') {
        return document_fail(s, document, NULL, "has no id: leave metadata.id out");
    }
    if (document->key[0] == '\0') {
        return document_fail(s, document, NULL, "needs spec.%s, by which it is known",
                             kind->key[0]);
    }
    return EXIT_OK;
}

/* --- which ------------------------------------------------------------------------------------ */

static int find_by_id(const struct session *s, const struct document *document,
                      struct objects *objects, struct object **out)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (strcmp(objects->list[i].id, document->manifest.id) == 0) {
            *out = &objects->list[i];
            return EXIT_OK;
        }
    }
    return document_fail(
        s, document, NULL,
        "with this metadata.id is not there: it was removed, or is another tenant's. "
        "Leave metadata.id out to make it anew");
}

static int find_by_key(const struct session *s, const struct document *document,
                       struct objects *objects, struct object **out)
{
    for (size_t i = 0; i < objects->count; i++) {
        if (!normal_same_key(document->kind, objects->list[i].key, document->key)) {
            continue;
        }
        if (*out != NULL) {
            return document_fail(s, document, document->kind->key[0],
                                 "is what several have: say by metadata.id which one is meant");
        }
        *out = &objects->list[i];
    }
    return EXIT_OK;
}

int match_find(const struct session *s, const struct document *document, struct objects *objects,
               struct object **out)
{
    const struct manifest *manifest = &document->manifest;
    *out = NULL;
    int code = manifest->id[0] != '\0' ? find_by_id(s, document, objects, out)
                                       : find_by_key(s, document, objects, out);
    if (code != EXIT_OK) {
        return code;
    }
    if (*out != NULL && (*out)->is_declared) {
        return document_fail(s, document, NULL, "is described by another document before");
    }
    if (*out == NULL && manifest->etag[0] != '\0') {
        return document_fail(
            s, document, NULL,
            "is not there any more, although metadata.etag says that it was. Leave "
            "the etag out to make it anew");
    }
    if (*out != NULL && manifest->etag[0] != '\0' && strcmp((*out)->etag, manifest->etag) != 0) {
        return document_fail(
            s, document, NULL,
            "was changed since this document was written: its etag is another one. "
            "Export it again, and bring your change in");
    }
    if (*out != NULL) {
        (*out)->is_declared = true;
    }
    return EXIT_OK;
}

/* --- in what they differ ---------------------------------------------------------------------- */

static bool is_given_key(const struct kind *kind, const char *name)
{
    for (size_t i = 0; i < KIND_KEY_FIELDS && kind->key[i] != NULL; i++) {
        if (strcmp(kind->key[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the field is none that two spellings of one key differ in. */
static bool is_looked_at(const struct document *document, const ProtobufCFieldDescriptor *field)
{
    const struct kind *kind = document->kind;
    return field_is_declared(kind, field) && manifest_gives(&document->manifest, field->name) &&
           !(kind->is_caseless && is_given_key(kind, field->name));
}

int match_compare(struct session *s, const struct document *document, const struct object *object,
                  const ProtobufCFieldDescriptor ***fields, size_t *count)
{
    const ProtobufCMessageDescriptor *type = document->kind->type;
    int code = EXIT_OK;
    const char *const *is = field_texts(s, object->message, false, 0);
    const char *const *shall = field_texts(s, document->manifest.spec, false, 0);
    *fields = ARENA_ARRAY(s->arena, const ProtobufCFieldDescriptor *, type->n_fields);
    *count = 0;
    CH_ASSERT(*fields != NULL); /* a session's arena is far larger */
    for (unsigned i = 0; code == EXIT_OK && i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (!is_looked_at(document, field) || strcmp(is[i], shall[i]) == 0) {
            continue;
        }
        bool is_fixed = (proto_field_behavior(type->name, field->name) & BEHAVIOR_IMMUTABLE) != 0;
        code = is_fixed ? document_fail(s, document, field->name,
                                        "never changes, and is another one there")
                        : EXIT_OK;
        (*fields)[(*count)++] = field;
    }
    return code;
}
