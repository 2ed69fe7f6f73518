/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/declared/documents.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/declared/fields.h"
#include "cli/declared/normal.h"
#include "cli/failure.h"

enum { FOLDERS_DEEP = 8 };

struct reading {
    struct session *session;
    struct documents *out;
    size_t room;
    const char *file;
    struct manifest_kind kinds[KIND_COUNT];
};

/* --- failures --------------------------------------------------------------------------------- */

static int tell(const struct session *s, enum reason reason, const char *detail)
{
    const struct reason_info *info = reason_info(reason);
    const struct failure failure = {.command = s->command,
                                    .reason = info->public_name,
                                    .sentence = info->text,
                                    .detail = detail,
                                    .advice = info->advice,
                                    .code = EXIT_FAILED};
    return failure_tell(&failure);
}

int document_fail(const struct session *s, const struct document *document, const char *field,
                  const char *format, ...)
{
    char why[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    size_t line =
        field == NULL ? document->manifest.line : manifest_line(&document->manifest, field);
    const char *detail = arena_printf(s->arena, "%s: line %zu: %s %s", document->file, line,
                                      field == NULL ? document->kind->name : field, why);
    CH_ASSERT(detail != NULL); /* a session's arena is far larger than a sentence */
    return tell(s, R_INPUT_INVALID, detail);
}

/* --- documents -------------------------------------------------------------------------------- */

static void make_room(struct reading *r)
{
    if (r->out->count < r->room) {
        return;
    }
    r->room = 2 * r->room + 64;
    struct document *list = ARENA_ARRAY(r->session->arena, struct document, r->room);
    CH_ASSERT(list != NULL); /* DOCUMENTS_MAX of them are small */
    if (r->out->count > 0) {
        memcpy(list, r->out->list, r->out->count * sizeof *list);
    }
    r->out->list = list;
}

static rc take(void *arg, const struct manifest *manifest, struct err *err)
{
    struct reading *r = arg;
    if (r->out->count == DOCUMENTS_MAX) {
        FAIL(err, R_CONFIG_INVALID,
             "line %zu: these are more than %d documents: take fewer at once", manifest->line,
             DOCUMENTS_MAX);
    }
    make_room(r);
    const struct kind *kind = &KINDS[manifest->kind];
    if (kind == &KINDS[KIND_TENANT]) {
        field_set_text(manifest->spec, "tenant", manifest->tenant);
    }
    struct document document = {.kind = kind,
                                .file = r->file,
                                .manifest = *manifest,
                                .tenant = manifest->tenant,
                                .asked = manifest->spec};
    document.manifest.spec = normal_spec(r->session, kind, manifest->spec);
    document.key = field_key(r->session, kind, document.manifest.spec);
    r->out->list[r->out->count++] = document;
    return OK;
}

static int read_text(struct reading *r, const char *path)
{
    struct err err = {0};
    struct slice text;
    struct session *s = r->session;
    if (!read_file(s->arena, path, MANIFEST_TEXT_MAX, &text, &err).ok) {
        return fail_with(s->command, &err);
    }
    r->file = strcmp(path, "-") == 0 ? "standard input" : path;
    if (manifest_read(s->arena, text, r->kinds, KIND_COUNT, take, r, &err).ok) {
        return EXIT_OK;
    }
    const char *detail = arena_printf(s->arena, "%s: %s", r->file, err_words(&err));
    return tell(s, R_INPUT_INVALID, detail == NULL ? err_words(&err) : detail);
}

/* --- folders ---------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), tail = strlen(end);
    return len > tail && strcmp(name + len - tail, end) == 0;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int unreadable(const struct session *s, const char *path, const char *why)
{
    const char *detail = arena_printf(s->arena, "%s: %s", path, why);
    return tell(s, R_FILE_UNREADABLE, detail == NULL ? path : detail);
}

static int read_path(struct reading *r, const char *path, bool is_named, unsigned depth);

/* In the order of their names, whatever the language. Recursion is bounded by FOLDERS_DEEP. */
/* NOLINTBEGIN(misc-no-recursion) */
static int by_name(const struct dirent **one, const struct dirent **other)
{
    return strcmp((*one)->d_name, (*other)->d_name);
}

static int read_folder(struct reading *r, const char *folder, unsigned depth)
{
    struct dirent **entries = NULL;
    if (depth > FOLDERS_DEEP) {
        return unreadable(r->session, folder, "is nested too deeply");
    }
    int count = scandir(folder, &entries, is_shown, by_name);
    int code = count < 0 ? unreadable(r->session, folder, strerrordesc_np(errno)) : EXIT_OK;
    for (int i = 0; i < count; i++) {
        const char *path = arena_printf(r->session->arena, "%s/%s", folder, entries[i]->d_name);
        CH_ASSERT(path != NULL); /* a session's arena is far larger than names */
        code = code == EXIT_OK ? read_path(r, path, false, depth + 1) : code;
        free(entries[i]);
    }
    free(entries);
    return code;
}

/* Within a folder only files of YAML are read; what was named is, whatever its name. */
static int read_path(struct reading *r, const char *path, bool is_named, unsigned depth)
{
    struct stat info;
    if (strcmp(path, "-") == 0 && is_named) {
        return read_text(r, path);
    }
    if (stat(path, &info) != 0) {
        return unreadable(r->session, path, strerrordesc_np(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        return read_folder(r, path, depth);
    }
    bool is_yaml = ends_with(path, ".yaml") || ends_with(path, ".yml");
    return is_named || is_yaml ? read_text(r, path) : EXIT_OK;
}
/* NOLINTEND(misc-no-recursion) */

/* --- all of them ------------------------------------------------------------------------------ */

/* What each kind is done after stands before it. */
static void sort_by_kind(struct session *s, struct documents *documents)
{
    struct document *list = ARENA_ARRAY(s->arena, struct document, documents->count + 1);
    size_t count = 0;
    CH_ASSERT(list != NULL); /* DOCUMENTS_MAX of them are small */
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        for (size_t i = 0; i < documents->count; i++) {
            if (documents->list[i].kind == &KINDS[kind]) {
                list[count++] = documents->list[i];
            }
        }
    }
    documents->list = list;
}

int documents_read(struct session *s, const char *const *paths, struct documents *out)
{
    struct reading r = {.session = s, .out = out};
    int code = EXIT_OK;
    *out = (struct documents){0};
    for (size_t i = 0; i < KIND_COUNT; i++) {
        r.kinds[i] = (struct manifest_kind){KINDS[i].name, KINDS[i].type};
    }
    for (size_t i = 0; code == EXIT_OK && paths[i] != NULL; i++) {
        code = read_path(&r, paths[i], true, 0);
    }
    if (code == EXIT_OK && out->count == 0) {
        return tell(s, R_INPUT_INVALID, "there is no document in what -f names");
    }
    if (code == EXIT_OK) {
        sort_by_kind(s, out);
    }
    return code;
}
