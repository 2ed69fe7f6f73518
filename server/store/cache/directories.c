/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/directories.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hashmap.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "domain/values/subject.h"
#include "obs/metrics.h"
#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

enum { PEOPLE_BYTES_MAX = 64 << 20 };

struct directories {
    struct hashmap *people; /* by tenant and digest of the question; each tenant has its share */
    struct hashmap *epochs; /* by scope: the one that was seen last */
};

/* One block with all texts behind; counted, because calls hold it while the cache forgets it. */
struct remembered {
    size_t references;
    struct directory_person person;
    const char *texts[];
};

struct seen {
    int64_t epoch;
};

static void unref(void *value)
{
    struct remembered *entry = value;
    if (--entry->references == 0) {
        xfree(entry);
    }
}

struct directories *directories_new(size_t max)
{
    struct directories *directories = xcalloc(1, sizeof *directories);
    directories->people = hashmap_new_shared(max, PEOPLE_BYTES_MAX, unref);
    directories->epochs = hashmap_new(max, xfree);
    return directories;
}

void directories_free(struct directories *directories)
{
    if (directories != NULL) {
        hashmap_free(directories->people);
        hashmap_free(directories->epochs);
        xfree(directories);
    }
}

/* The tenant's UUIDv7 with version 8: the high half of the seventh byte (RFC 9562 §4.2, §5.8). */
struct uuid directories_scope(struct tenant_id tenant)
{
    struct uuid scope = tenant.u;
    scope.b[6] = (uint8_t)((scope.b[6] & 0x0f) | 0x80);
    return scope;
}

/* --- epochs ----------------------------------------------------------------------------------- */

void directories_drop(struct directories *directories, struct uuid scope)
{
    if (hashmap_remove(directories->epochs, slice_of(scope.b, UUID_BYTES))) {
        metric_add(M_DIRECTORIES, "dropped", NULL, 1);
    }
}

/* Of two answers the one that comes last counts. It may be the older one: then the gate says stale,
 * and both are forgotten. */
static void note_epoch(struct directories *directories, struct uuid scope, int64_t epoch)
{
    struct seen *known = hashmap_get(directories->epochs, slice_of(scope.b, UUID_BYTES));
    if (known == NULL) {
        known = xcalloc(1, sizeof *known);
        hashmap_put(directories->epochs, slice_of(scope.b, UUID_BYTES), known);
    }
    known->epoch = epoch;
}

static bool is_last_seen(struct directories *directories, struct uuid scope, int64_t epoch)
{
    const struct seen *known = hashmap_get(directories->epochs, slice_of(scope.b, UUID_BYTES));
    return known != NULL && known->epoch == epoch;
}

/* --- the key: what the answer depends on ------------------------------------------------------ */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A list in one order whatever order it came in. An empty text, which no list holds, ends it. */
static void add_list(struct buf *buf, const char *const *texts, size_t count)
{
    const char **sorted = ARENA_ARRAY(buf->arena, const char *, count + 1);
    if (sorted == NULL) {
        buf->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = texts[i];
    }
    qsort(sorted, count, sizeof sorted[0], compare_text);
    for (size_t i = 0; i < count; i++) {
        buf_add(buf, slice_of(sorted[i], strlen(sorted[i]) + 1));
    }
    buf_add_byte(buf, 0);
}

/* Without a key, for lack of memory, nothing is remembered. */
static void prepare(struct directories *directories, struct directory_find *find,
                    const struct directory_question *q)
{
    struct buf buf;
    struct slice text;
    find->directories = directories;
    find->scope = directories_scope(q->tenant->id);
    find->person = NULL;
    buf_init(&buf, find->op.arena);
    add_list(&buf, q->tenant->domains, q->tenant->domain_count);
    add_list(&buf, q->addresses, q->address_count);
    add_list(&buf, q->groups, q->group_count);
    memcpy(find->key, q->tenant->id.u.b, UUID_BYTES);
    find->is_keyed =
        buf_finish(&buf, &text, NULL).ok && hash_sha256(text, find->key + UUID_BYTES, NULL).ok;
}

bool directories_remembered(struct directories *directories, struct directory_find *find,
                            const struct directory_question *question)
{
    prepare(directories, find, question);
    struct remembered *entry =
        find->is_keyed ? hashmap_get(directories->people, slice_of(find->key, sizeof find->key))
                       : NULL;
    if (entry == NULL || !is_last_seen(directories, find->scope, entry->person.epoch)) {
        return false;
    }
    entry->references++;
    if (!arena_on_free(find->op.arena, unref, entry, NULL).ok) {
        return false;
    }
    metric_add(M_DIRECTORIES, "hit", NULL, 1);
    find->person = &entry->person;
    return true;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Lay a list behind another; where its first pointer went. */
static const char *const *lay(const char **texts, char **at, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(list[i]) + 1;
        texts[i] = memcpy(*at, list[i], len);
        *at += len;
    }
    return texts;
}

static size_t bytes_of(const char *const *list, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += strlen(list[i]) + 1;
    }
    return bytes;
}

/* The same in one block of memory of its own. */
static struct remembered *keep(const struct directory_person *person, size_t *bytes_out)
{
    size_t count = person->alias_count + person->group_count;
    size_t bytes = bytes_of(person->aliases, person->alias_count) +
                   bytes_of(person->groups, person->group_count);
    *bytes_out = sizeof(struct remembered) + count * sizeof(const char *) + bytes;
    struct remembered *entry = xcalloc(1, *bytes_out);
    char *at = (char *)(entry->texts + count);
    entry->references = 1;
    entry->person = *person;
    entry->person.aliases = lay(entry->texts, &at, person->aliases, person->alias_count);
    entry->person.groups =
        lay(entry->texts + person->alias_count, &at, person->groups, person->group_count);
    return entry;
}

static rc read_person(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct directory_find *find = LIST_ENTRY(op, struct directory_find, op);
    struct sql_directory_find_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_directory_find_read(op->arena, r, 0, &row, err));
    struct directory_person person = {.is_visible = row.is_visible,
                                      .is_guest = row.is_guest,
                                      .is_disabled = row.is_disabled,
                                      .aliases = row.aliases.items,
                                      .alias_count = row.aliases.count,
                                      .groups = row.groups.items,
                                      .group_count = row.groups.count,
                                      .epoch = row.epoch};
    size_t bytes;
    struct remembered *entry = keep(&person, &bytes);
    TRY(arena_on_free(op->arena, unref, entry, err));
    find->person = &entry->person;
    if (find->is_keyed && op->transaction == NULL) { /* what is not committed is nobody else's */
        entry->references++;
        hashmap_put_owned(find->directories->people, slice_of(find->key, sizeof find->key), entry,
                          find->scope, bytes);
        note_epoch(find->directories, find->scope, person.epoch);
    }
    metric_add(M_DIRECTORIES, "loaded", NULL, 1);
    return OK;
}

void directories_ask(struct directories *directories, struct directory_find *find,
                     const struct directory_question *question)
{
    prepare(directories, find, question);
    struct pg_params p = sql_directory_find(
        find->op.arena, &(struct sql_directory_find){
                            .tenant = question->tenant->id,
                            .addresses = {question->addresses, question->address_count},
                            .token_groups = {question->groups, question->group_count},
                            .domains = {question->tenant->domains, question->tenant->domain_count},
                            .limit = SUBJECT_GROUPS_MAX + 1,
                        });
    find->op.party = question->tenant->id.u; /* it takes as long as its groups make it */
    pg_submit_one(&find->op, &p, read_person);
}
