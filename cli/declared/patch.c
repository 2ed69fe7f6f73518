/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/patch.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/declared/fields.h"

/* --- lines ------------------------------------------------------------------------------------ */

/* YAML by its lines. */
struct lines {
    const char **list;
    size_t count;
};

static struct lines lines_of(struct session *s, const char *yaml)
{
    size_t count = 0;
    for (const char *at = yaml; *at != '\0'; at++) {
        count += *at == '\n';
    }
    struct lines out = {ARENA_ARRAY(s->arena, const char *, count + 1), 0};
    CH_ASSERT(out.list != NULL); /* a session's arena is far larger than what is shown */
    for (; out.count < count; out.count++) {
        size_t len = strcspn(yaml, "\n");
        out.list[out.count] = arena_dup(s->arena, slice_of(yaml, len));
        CH_ASSERT(out.list[out.count] != NULL);
        yaml += len + 1;
    }
    return out;
}

static void print_lines(char sign, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%c   %s\n", sign, list[i]);
    }
}

enum { CONTEXT = 2 };

static void print_around(const char *const *list, size_t count, bool is_end)
{
    size_t shown = count < CONTEXT ? count : CONTEXT;
    if (count > shown && !is_end) {
        printf("      … %zu lines\n", count - shown);
    }
    print_lines(' ', is_end ? list : list + count - shown, shown);
    if (count > shown && is_end) {
        printf("      … %zu lines\n", count - shown);
    }
}

/* What both begin and end with is told once, and shortened. */
static void print_difference(const struct lines *is, const struct lines *shall)
{
    size_t least = is->count < shall->count ? is->count : shall->count;
    size_t before = 0, after = 0;
    while (before < least && strcmp(is->list[before], shall->list[before]) == 0) {
        before++;
    }
    while (after < least - before &&
           strcmp(is->list[is->count - 1 - after], shall->list[shall->count - 1 - after]) == 0) {
        after++;
    }
    print_around(is->list, before, false);
    print_lines('-', is->list + before, is->count - before - after);
    print_lines('+', shall->list + before, shall->count - before - after);
    print_around(is->list + is->count - after, after, true);
}

/* --- changes ---------------------------------------------------------------------------------- */

void patch_print_name(const struct kind *kind, const char *key, const char *tenant)
{
    fputs(kind->name, stdout);
    if (key[0] != '\0') {
        putchar(' ');
        utf8_print(stdout, key);
    }
    if (tenant[0] != '\0' && kind != &KINDS[KIND_TENANT]) {
        fputs(" of ", stdout);
        utf8_print(stdout, tenant);
    }
}

static void print_head(char sign, const struct change *change)
{
    printf("%c ", sign);
    patch_print_name(change->kind, change->key, change->tenant);
    if (change->document != NULL) {
        fputs("  (", stdout);
        utf8_print(stdout, change->document->file);
        printf(", line %zu)", change->document->manifest.line);
    }
    putchar('\n');
}

static void print_whole(char sign, struct session *s, const struct kind *kind,
                        const ProtobufCMessage *message)
{
    const char *const *texts = field_texts(s, message, false, 0);
    for (unsigned i = 0; i < kind->type->n_fields; i++) {
        if (field_is_declared(kind, &kind->type->fields[i])) {
            struct lines lines = lines_of(s, texts[i]);
            print_lines(sign, lines.list, lines.count);
        }
    }
}

static void print_fields(struct session *s, const struct change *change)
{
    const char *const *is = field_texts(s, change->object->message, false, 0);
    const char *const *shall = field_texts(s, change->document->manifest.spec, false, 0);
    for (size_t i = 0; i < change->field_count; i++) {
        size_t field = (size_t)(change->fields[i] - change->kind->type->fields);
        struct lines before = lines_of(s, is[field]), after = lines_of(s, shall[field]);
        print_difference(&before, &after);
    }
}

static void print_order(const struct change *change)
{
    fputs("~ order of the rules", stdout);
    if (change->tenant[0] != '\0') {
        fputs(" of ", stdout);
        utf8_print(stdout, change->tenant);
    }
    putchar('\n');
    for (size_t i = 0; change->after[i] != NULL; i++) {
        bool is_same = change->before[i] == change->after[i];
        printf("%c   %zu. ", is_same ? ' ' : '+', i + 1);
        utf8_print(stdout, change->after[i]);
        putchar('\n');
    }
}

static void print_change(struct session *s, const struct change *change)
{
    switch (change->act) {
    case ACT_MAKE:
        print_head('+', change);
        print_whole('+', s, change->kind, change->document->manifest.spec);
        return;
    case ACT_CHANGE:
        print_head('~', change);
        print_fields(s, change);
        return;
    case ACT_REMOVE:
        print_head('-', change);
        print_whole('-', s, change->kind, change->object->message);
        return;
    case ACT_ORDER:
        print_order(change);
        return;
    }
}

void patch_print(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        print_change(plan->state.session, &plan->list[i]);
    }
}

void patch_print_summary(const struct plan *plan)
{
    printf("%zu to make, %zu to change, %zu to remove; %zu as declared already\n",
           plan_count(plan, ACT_MAKE), plan_count(plan, ACT_CHANGE) + plan_count(plan, ACT_ORDER),
           plan_count(plan, ACT_REMOVE), plan->same);
}
