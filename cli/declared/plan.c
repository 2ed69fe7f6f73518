/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/plan.h"

#include <string.h>

#include "base/hashmap.h"
#include "base/utf8.h"
#include "cli/declared/fields.h"
#include "cli/declared/match.h"

void plan_add(struct plan *plan, struct change change)
{
    if (plan->count == plan->room) {
        plan->room = 2 * plan->room + 64;
        struct change *list = ARENA_ARRAY(plan->state.session->arena, struct change, plan->room);
        CH_ASSERT(list != NULL); /* a session's arena is far larger */
        if (plan->count > 0) {
            memcpy(list, plan->list, plan->count * sizeof *list);
        }
        plan->list = list;
    }
    plan->list[plan->count++] = change;
}

size_t plan_count(const struct plan *plan, enum act act)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++) {
        count += plan->list[i].act == act;
    }
    return count;
}

/* --- documents -------------------------------------------------------------------------------- */

/* What is made of it lacks nothing that it must have. */
static int check_whole(const struct plan *plan, const struct document *document)
{
    const ProtobufCMessageDescriptor *type = document->kind->type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool is_required = (proto_field_behavior(type->name, field->name) & BEHAVIOR_REQUIRED) != 0;
        if (is_required && field_is_declared(document->kind, field) &&
            !manifest_gives(&document->manifest, field->name)) {
            return document_fail(plan->state.session, document, NULL,
                                 "is not there yet, and to make it spec.%s is needed", field->name);
        }
    }
    return EXIT_OK;
}

/* Whether a document before this one makes the tenant. */
static bool is_tenant_made(const struct plan *plan, const char *tenant)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct change *change = &plan->list[i];
        if (change->kind == &KINDS[KIND_TENANT] && change->act == ACT_MAKE &&
            strcmp(change->tenant, tenant) == 0) {
            return true;
        }
    }
    return false;
}

static int read_present(struct plan *plan, const struct document *document,
                        struct objects **objects)
{
    struct session *s = plan->state.session;
    int code = state_read(&plan->state, document->kind, document->tenant, objects);
    if (code != EXIT_OK) {
        fputs("  It is asked for by ", stderr);
        utf8_print(stderr, document->file);
        fprintf(stderr, ", line %zu. Nothing was changed.\n", document->manifest.line);
        return code;
    }
    bool is_missing = (*objects)->is_absent && document->kind != &KINDS[KIND_TENANT] &&
                      !is_tenant_made(plan, document->tenant);
    return is_missing ? document_fail(s, document, NULL,
                                      "is of a tenant that isn't there (metadata.tenant)")
                      : EXIT_OK;
}

static int plan_document(struct plan *plan, const struct document *document)
{
    struct session *s = plan->state.session;
    struct objects *objects = NULL;
    struct object *object = NULL;
    struct change change = {.act = ACT_MAKE,
                            .kind = document->kind,
                            .tenant = document->tenant,
                            .key = document->key,
                            .document = document};
    int code = match_check(s, document);
    code = code == EXIT_OK ? read_present(plan, document, &objects) : code;
    code = code == EXIT_OK ? match_find(s, document, objects, &object) : code;
    if (code != EXIT_OK) {
        return code;
    }
    if (object == NULL) {
        code = check_whole(plan, document);
        plan_add(plan, change);
        return code;
    }
    change.act = ACT_CHANGE;
    change.object = object;
    code = match_compare(s, document, object, &change.fields, &change.field_count);
    if (change.field_count > 0) {
        plan_add(plan, change);
    } else {
        plan->same++;
    }
    return code;
}

/* Two that are to be made with one name would be one. Those with an id are found by it. */
static int check_once(const struct plan *plan)
{
    const struct session *s = plan->state.session;
    struct hashmap *seen = hashmap_new(2 * (size_t)DOCUMENTS_MAX, NULL);
    int code = EXIT_OK;
    for (size_t i = 0; code == EXIT_OK && i < plan->documents.count; i++) {
        struct document *document = &plan->documents.list[i];
        const char *name = arena_printf(s->arena, "%s\n%s\n%s", document->kind->name,
                                        document->tenant, document->key);
        CH_ASSERT(name != NULL); /* a session's arena is far larger */
        const struct document *other = hashmap_get(seen, slice_str(name));
        if (other != NULL && document->manifest.id[0] == '\0' && other->manifest.id[0] == '\0') {
            code = document_fail(s, document, NULL, "is described in %s, line %zu, already",
                                 other->file, other->manifest.line);
        }
        hashmap_put(seen, slice_str(name), document);
    }
    hashmap_free(seen);
    return code;
}

/* --- what no document describes --------------------------------------------------------------- */

/* Whoever removes themselves can't undo it. */
static bool is_kept(const struct plan *plan, const struct object *object)
{
    return object->is_declared || strcmp(object->id, plan->state.own_component) == 0;
}

static void plan_removals(struct plan *plan, const struct kind *kind)
{
    for (const struct objects *o = plan->state.first; o != NULL; o = o->next) {
        for (size_t i = 0; o->kind == kind && i < o->count; i++) {
            bool is_own = kind == &KINDS[KIND_COMPONENT] && is_kept(plan, &o->list[i]);
            if (o->list[i].is_declared || is_own) {
                continue;
            }
            plan_add(plan, (struct change){.act = ACT_REMOVE,
                                           .kind = kind,
                                           .tenant = o->tenant,
                                           .key = o->list[i].key,
                                           .object = &o->list[i]});
        }
    }
}

/* --- all -------------------------------------------------------------------------------------- */

/* A Tenant document is about the tenant that it names; the kinds of the platform are of no tenant. */
static void settle_tenants(struct plan *plan, const char *tenant)
{
    const char *own = tenant == NULL ? plan->state.own_tenant : tenant;
    for (size_t i = 0; i < plan->documents.count; i++) {
        struct document *document = &plan->documents.list[i];
        bool is_silent = document->manifest.tenant[0] == '\0';
        if (document->kind->owner == OWNED_BY_PLATFORM) {
            document->tenant = "";
        } else if (is_silent && document->kind != &KINDS[KIND_TENANT]) {
            document->tenant = own;
        }
    }
}

static void plan_orders(struct plan *plan, bool is_pruning)
{
    for (const struct objects *o = plan->state.first; o != NULL; o = o->next) {
        if (o->kind == &KINDS[KIND_RULE]) {
            plan_order(plan, o, is_pruning);
        }
    }
}

int plan_make(struct session *s, struct documents documents, const char *tenant, bool is_pruning,
              struct plan *out)
{
    *out = (struct plan){.documents = documents};
    int code = state_begin(&out->state, s);
    if (code == EXIT_OK) {
        settle_tenants(out, tenant);
        code = check_once(out);
    }
    for (size_t i = 0; code == EXIT_OK && i < documents.count; i++) {
        code = plan_document(out, &documents.list[i]);
    }
    if (code != EXIT_OK) {
        return code;
    }
    for (size_t kind = KIND_COUNT; is_pruning && kind-- > 0;) {
        if (KINDS[kind].remove != NULL) {
            plan_removals(out, &KINDS[kind]);
        }
    }
    plan_orders(out, is_pruning);
    return EXIT_OK;
}
