/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/suggestion.h"
#include "wire/yaml_reader.h"

static const char API_VERSION[] = "chancery.v1";
enum { DEPTH_MAX = 24 /* of lists and mappings */ };

/* One document. */
struct document {
    struct yaml_reader reader;
    const struct manifest_kind *kinds;
    size_t kind_count;
    bool *seen; /* by node: an alias is a node that is reached twice */
    struct manifest_place *places;
    size_t place_count, place_room;
    struct manifest out;
};

/* --- form ------------------------------------------------------------------------------------- */

static const yaml_node_t *node_at(const struct document *d, int index)
{
    return yaml_document_get_node(d->reader.document, index);
}

static size_t node_count(const struct document *d)
{
    const yaml_document_t *document = d->reader.document;
    return (size_t)(document->nodes.top - document->nodes.start);
}

/* Recursion is bounded by DEPTH_MAX. */
/* NOLINTBEGIN(misc-no-recursion) */
static rc check_form(struct document *d, int index, unsigned depth)
{
    const yaml_node_t *node = node_at(d, index);
    if (d->seen[index - 1]) {
        return yaml_bad(&d->reader, node, "stands behind an alias: write it out",
                        "what an anchor names");
    }
    d->seen[index - 1] = true;
    if (node->type == YAML_SCALAR_NODE && strlen(yaml_scalar(node)) != node->data.scalar.length) {
        return yaml_bad(&d->reader, node, "has a NUL in it", "a text");
    }
    if (depth > DEPTH_MAX) {
        return yaml_bad(&d->reader, node, "is nested too deeply", "this");
    }
    if (node->type == YAML_SEQUENCE_NODE) {
        for (int *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
            TRY(check_form(d, *item, depth + 1));
        }
    }
    if (node->type == YAML_MAPPING_NODE) {
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++) {
            TRY(check_form(d, pair->key, depth + 1));
            TRY(check_form(d, pair->value, depth + 1));
        }
    }
    return OK;
}

/* --- places ----------------------------------------------------------------------------------- */

static rc add_place(struct document *d, const char *path, const yaml_node_t *node)
{
    if (d->place_count == d->place_room) {
        size_t room = 2 * d->place_room + 16;
        struct manifest_place *places = ARENA_ARRAY(d->reader.arena, struct manifest_place, room);
        ARENA_ENSURE(places, d->reader.err);
        if (d->place_count > 0) {
            memcpy(places, d->places, d->place_count * sizeof *places);
        }
        d->places = places;
        d->place_room = room;
    }
    ARENA_ENSURE(path, d->reader.err);
    d->places[d->place_count++] = (struct manifest_place){path, node->start_mark.line + 1};
    return OK;
}

static rc add_places(struct document *d, const char *path, const yaml_node_t *node)
{
    struct arena *arena = d->reader.arena;
    size_t count = node->type == YAML_SEQUENCE_NODE
                       ? (size_t)(node->data.sequence.items.top - node->data.sequence.items.start)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item = node_at(d, node->data.sequence.items.start[i]);
        const char *inner = arena_printf(arena, "%s[%zu]", path, i);
        TRY(add_place(d, inner, item));
        TRY(add_places(d, inner, item));
    }
    if (node->type == YAML_MAPPING_NODE) {
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++) {
            const yaml_node_t *key = node_at(d, pair->key);
            const char *inner =
                arena_printf(arena, "%s%s%s", path, path[0] == '\0' ? "" : ".", yaml_scalar(key));
            TRY(add_place(d, inner, key));
            TRY(add_places(d, inner, node_at(d, pair->value)));
        }
    }
    return OK;
}
/* NOLINTEND(misc-no-recursion) */

/* --- members ---------------------------------------------------------------------------------- */

/* A member of a mapping that has a fixed few. */
struct member {
    const char *name;
    const yaml_node_t *value;
};

static rc unknown_member(const struct document *d, const yaml_node_t *key, const char *of,
                         const struct member *members, size_t count)
{
    struct suggestion meant = {.word = yaml_scalar(key) == NULL ? "" : yaml_scalar(key)};
    char what[160] = "has a member that is not known:";
    size_t len = strlen(what);
    for (size_t i = 0; i < count && len < sizeof what; i++) {
        suggestion_consider(&meant, members[i].name);
        len += (size_t)snprintf(what + len, sizeof what - len, "%s %s", i == 0 ? " it has" : ",",
                                members[i].name);
    }
    if (meant.best != NULL && len < sizeof what) {
        snprintf(what + len, sizeof what - len, "; did you mean %s?", meant.best);
    }
    return yaml_bad(&d->reader, key, what, of);
}

static rc read_members(const struct document *d, const yaml_node_t *node, const char *of,
                       struct member *members, size_t count)
{
    if (node->type != YAML_MAPPING_NODE) {
        return yaml_bad(&d->reader, node, "must be a mapping", of);
    }
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_at(d, pair->key);
        struct member *found = NULL;
        for (size_t i = 0; i < count && yaml_scalar(key) != NULL; i++) {
            found = strcmp(members[i].name, yaml_scalar(key)) == 0 ? &members[i] : found;
        }
        if (found == NULL) {
            return unknown_member(d, key, of, members, count);
        }
        if (found->value != NULL) {
            return yaml_bad(&d->reader, key, "is given twice", found->name);
        }
        found->value = node_at(d, pair->value);
    }
    return OK;
}

/* "" where it is not given. */
static rc read_text(const struct document *d, const struct member *member, const char **out)
{
    *out = "";
    if (member->value == NULL) {
        return OK;
    }
    if (yaml_scalar(member->value) == NULL) {
        return yaml_bad(&d->reader, member->value, "must be a single value", member->name);
    }
    *out = arena_strdup(d->reader.arena, yaml_scalar(member->value));
    ARENA_ENSURE(*out, d->reader.err);
    return OK;
}

static rc read_kind(struct document *d, const struct member *member)
{
    const char *name = yaml_scalar(member->value);
    struct suggestion meant = {.word = name == NULL ? "" : name};
    char what[160];
    for (size_t i = 0; i < d->kind_count; i++) {
        if (name != NULL && strcmp(d->kinds[i].name, name) == 0) {
            d->out.kind = i;
            return OK;
        }
        suggestion_consider(&meant, d->kinds[i].name);
    }
    size_t len = (size_t)snprintf(what, sizeof what, "must be one of");
    for (size_t i = 0; i < d->kind_count && len < sizeof what; i++) {
        len += (size_t)snprintf(what + len, sizeof what - len, "%s %s", i == 0 ? "" : ",",
                                d->kinds[i].name);
    }
    if (meant.best != NULL) {
        snprintf(what, sizeof what, "is not known; did you mean %s?", meant.best);
    }
    return yaml_bad(&d->reader, member->value, what, "kind");
}

static rc read_metadata(struct document *d, const yaml_node_t *node)
{
    struct member members[] = {{"tenant", NULL}, {"id", NULL}, {"etag", NULL}};
    TRY(read_members(d, node, "metadata", members, sizeof members / sizeof members[0]));
    TRY(read_text(d, &members[0], &d->out.tenant));
    TRY(read_text(d, &members[1], &d->out.id));
    return read_text(d, &members[2], &d->out.etag);
}

enum { MEMBER_VERSION, MEMBER_KIND, MEMBER_METADATA, MEMBER_SPEC, MEMBERS };

static rc read_document(struct document *d, const yaml_node_t *root)
{
    struct member members[MEMBERS] = {
        {"apiVersion", NULL}, {"kind", NULL}, {"metadata", NULL}, {"spec", NULL}};
    const char *version;
    d->out =
        (struct manifest){.line = root->start_mark.line + 1, .tenant = "", .id = "", .etag = ""};
    TRY(check_form(d, 1, 0));
    TRY(read_members(d, root, "a document", members, MEMBERS));
    for (size_t i = 0; i < MEMBERS; i++) {
        if (members[i].value == NULL && i != MEMBER_METADATA) {
            return yaml_bad(&d->reader, root, "is missing in this document", members[i].name);
        }
    }
    TRY(read_text(d, &members[MEMBER_VERSION], &version));
    if (strcmp(version, API_VERSION) != 0) {
        return yaml_bad(&d->reader, members[MEMBER_VERSION].value, "must be chancery.v1",
                        "apiVersion");
    }
    TRY(read_kind(d, &members[MEMBER_KIND]));
    if (members[MEMBER_METADATA].value != NULL) {
        TRY(read_metadata(d, members[MEMBER_METADATA].value));
    }
    TRY(yaml_read_message(&d->reader, members[MEMBER_SPEC].value, d->kinds[d->out.kind].type,
                          &d->out.spec));
    TRY(add_places(d, "", members[MEMBER_SPEC].value));
    d->out.places = d->places;
    d->out.place_count = d->place_count;
    return OK;
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool is_nothing(const yaml_node_t *root)
{
    const char *text = yaml_scalar(root);
    return text != NULL && text[0] == '\0';
}

/* `is_end`: there are no more documents. */
static rc read_next(struct document *d, yaml_parser_t *parser, manifest_fn *take, void *arg,
                    bool *is_end)
{
    if (yaml_parser_load(parser, d->reader.document) == 0) {
        return yaml_not_read(&d->reader, parser);
    }
    const yaml_node_t *root = yaml_document_get_root_node(d->reader.document);
    rc result = OK;
    *is_end = root == NULL;
    if (root != NULL && !is_nothing(root)) {
        d->seen = ARENA_ARRAY(d->reader.arena, bool, node_count(d));
        d->places = NULL;
        d->place_count = d->place_room = 0;
        result = d->seen == NULL ? err_raise(d->reader.err, R_ARENA_EXHAUSTED, __FILE__, __LINE__,
                                             "more than there is memory for")
                                 : read_document(d, root);
        result = result.ok ? take(arg, &d->out, d->reader.err) : result;
    }
    yaml_document_delete(d->reader.document);
    return result;
}

rc manifest_read(struct arena *arena, struct slice text, const struct manifest_kind *kinds,
                 size_t kind_count, manifest_fn *take, void *arg, struct err *err)
{
    yaml_parser_t parser;
    yaml_document_t document;
    struct document d = {
        .reader = {.arena = arena, .document = &document, .text = text, .err = err},
        .kinds = kinds,
        .kind_count = kind_count};
    bool is_end = false;
    rc result = yaml_check_depth(&d.reader);
    CH_ASSERT(yaml_parser_initialize(&parser) == 1);
    yaml_parser_set_input_string(&parser, text.ptr, text.len);
    while (result.ok && !is_end) {
        result = read_next(&d, &parser, take, arg, &is_end);
    }
    yaml_parser_delete(&parser);
    return result;
}

/* --- lines ------------------------------------------------------------------------------------ */

static bool is_within(const char *path, const char *outer)
{
    size_t len = strlen(outer);
    return strncmp(path, outer, len) == 0 && (path[len] == '\0' || strchr(".[", path[len]) != NULL);
}

/* Outer ones come first, so the last one that is around it is the nearest. */
size_t manifest_line(const struct manifest *manifest, const char *path)
{
    size_t line = manifest->line;
    for (size_t i = 0; i < manifest->place_count; i++) {
        line = is_within(path, manifest->places[i].path) ? manifest->places[i].line : line;
    }
    return line;
}

bool manifest_gives(const struct manifest *manifest, const char *field)
{
    for (size_t i = 0; i < manifest->place_count; i++) {
        if (strcmp(manifest->places[i].path, field) == 0) {
            return true;
        }
    }
    return false;
}
