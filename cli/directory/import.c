/* SPDX-License-Identifier: Apache-2.0 */
/* chancery directory import: sends a file in parts. Each part is put whole, or not at all. */
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "chancery/v1/directory.pb-c.h"
#include "cli/csv.h"
#include "cli/directory/directory.h"
#include "cli/directory/progress.h"
#include "wire/message_text.h"

/* Parts stay below the authority's limits (10,000 entries, 10,000 members, 512 KiB): it holds the
 * directory's lock while it puts one, and people want to see progress. */
enum { FILE_MAX = 128 << 20, PART_ENTRIES = 2000, PART_MEMBERS = 4000, PART_BYTES = 448 << 10 };
/* What a text or a message costs on the wire beside its bytes, at most: a tag and a length. */
enum { FIELD_BYTES = 4 };
enum { PART_BUDGET = 64 << 20 };
enum {
    COLUMN_KIND,
    COLUMN_ADDRESS,
    COLUMN_NAME,
    COLUMN_LIST,
    COLUMN_MARK,
    COLUMN_ALIASES, /* of a group */
    COLUMNS
};

/* Where in the file an entry of the part stands; of each kind as many as the part has. */
struct part_lines {
    size_t users[PART_ENTRIES], groups[PART_ENTRIES], members[PART_ENTRIES];
};

struct import {
    struct session *session;
    struct arena *arena; /* of the part */
    char id[UUID_TEXT_BYTES];
    Chancery__V1__ImportDirectoryRequest part;
    size_t bytes, member_count;
    size_t first_line, last_line; /* of the part, in the file */
    struct part_lines *lines;     /* NULL: the part is one line */
    uint64_t done;                /* how many entries of the file were put */
    struct progress progress;
    Chancery__V1__ImportDirectoryResponse totals;
};

/* --- parts ------------------------------------------------------------------------------------ */

static int begin_part(struct import *in, size_t line)
{
    arena_reset(in->arena);
    chancery__v1__import_directory_request__init(&in->part);
    in->part.import_id = in->id;
    in->part.users = ARENA_ARRAY(in->arena, Chancery__V1__User *, PART_ENTRIES);
    in->part.groups = ARENA_ARRAY(in->arena, Chancery__V1__Group *, PART_ENTRIES);
    in->part.members = ARENA_ARRAY(in->arena, Chancery__V1__GroupMembers *, PART_ENTRIES);
    in->lines = ARENA_NEW(in->arena, struct part_lines);
    in->bytes = in->member_count = 0;
    in->first_line = line;
    CH_ASSERT(in->part.users != NULL && in->part.groups != NULL && in->part.members != NULL &&
              in->lines != NULL);
    return EXIT_OK;
}

/* The line of what the authority refused, by its place in the request: "users[7].address". 0: it
 * named none. */
static size_t refused_line(const struct import *in)
{
    const char *field = in->session->refused_field;
    size_t index;
    if (in->lines == NULL) {
        return 0;
    }
    if (sscanf(field, "users[%zu]", &index) == 1 && index < in->part.n_users) {
        return in->lines->users[index];
    }
    if (sscanf(field, "groups[%zu]", &index) == 1 && index < in->part.n_groups) {
        return in->lines->groups[index];
    }
    if (sscanf(field, "members[%zu]", &index) == 1 && index < in->part.n_members) {
        return in->lines->members[index];
    }
    return 0;
}

static int send_request(struct import *in, const ProtobufCMessage *request, size_t entries)
{
    ProtobufCMessage *message = NULL;
    int code = session_call(in->session, "DirectoryService/ImportDirectory", request,
                            &chancery__v1__import_directory_response__descriptor, &message);
    if (code != EXIT_OK) {
        size_t line = refused_line(in);
        progress_end(&in->progress);
        if (line > 0) {
            fprintf(stderr, "  It is in line %zu.\n", line);
        }
        fprintf(stderr,
                "  Nothing of lines %zu to %zu was put; everything before them was.\n"
                "  Correct them, and run the import again.\n",
                in->first_line, in->last_line);
        return code;
    }
    in->totals = *(const Chancery__V1__ImportDirectoryResponse *)(const void *)message;
    in->done += entries;
    progress_show(&in->progress, in->done);
    return EXIT_OK;
}

static int flush(struct import *in, size_t next_line)
{
    size_t entries = in->part.n_users + in->part.n_groups;
    int code =
        entries + in->part.n_members == 0 ? EXIT_OK : send_request(in, &in->part.base, entries);
    return code == EXIT_OK ? begin_part(in, next_line) : code;
}

static bool is_full(const struct import *in)
{
    return in->part.n_users + in->part.n_groups >= PART_ENTRIES || in->bytes >= PART_BYTES ||
           in->part.n_members >= PART_ENTRIES || in->member_count >= PART_MEMBERS;
}

/* --- rows ------------------------------------------------------------------------------------- */

static int bad_row(const struct import *in, const char *what)
{
    struct err err = {0};
    progress_end(&in->progress);
    (void)err_raise(&err, R_FIELD_INVALID, __FILE__, __LINE__, "line %zu: %s", in->last_line, what);
    return fail_with(in->session->command, &err);
}

/* Split at spaces, and return the count. The words are in the part's arena. */
static size_t split(struct import *in, const char *list, char ***out)
{
    size_t count = 0, most = strlen(list) / 2 + 1;
    char *copy = arena_strdup(in->arena, list);
    *out = ARENA_ARRAY(in->arena, char *, most);
    CH_ASSERT(copy != NULL && *out != NULL); /* the budget is far above a part's size */
    for (char *save = NULL, *word = strtok_r(copy, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        (*out)[count++] = word;
    }
    return count;
}

static size_t split_aliases(struct import *in, const char *list, char ***out)
{
    size_t count = split(in, list, out);
    for (size_t i = 0; i < count; i++) {
        in->bytes += strlen((*out)[i]) + FIELD_BYTES;
    }
    return count;
}

static int add_user(struct import *in, const struct csv_row *row)
{
    Chancery__V1__User *user = ARENA_NEW(in->arena, Chancery__V1__User);
    const char *mark = row->fields[COLUMN_MARK];
    CH_ASSERT(user != NULL);
    chancery__v1__user__init(user);
    if (mark[0] != '\0' && strcmp(mark, "guest") != 0) {
        return bad_row(in, "the fifth column of a user is guest or empty");
    }
    if (row->fields[COLUMN_ALIASES][0] != '\0') {
        return bad_row(in, "the sixth column is a group's");
    }
    user->address = text_field(row->fields[COLUMN_ADDRESS]);
    user->display_name = text_field(row->fields[COLUMN_NAME]);
    user->n_aliases = split_aliases(in, row->fields[COLUMN_LIST], &user->aliases);
    user->guest = mark[0] != '\0';
    in->lines->users[in->part.n_users] = in->last_line;
    in->part.users[in->part.n_users++] = user;
    return EXIT_OK;
}

/* How many of these members have room in the part; at least one. */
static size_t take_members(struct import *in, char **members, size_t count)
{
    size_t room = PART_MEMBERS - in->member_count, taken = 0;
    while (taken < count && taken < room && (taken == 0 || in->bytes < PART_BYTES)) {
        in->bytes += strlen(members[taken++]) + FIELD_BYTES;
    }
    return taken;
}

/* Add members of one group, in several requests if they are too many for one part. */
static int add_members(struct import *in, char *group, char **members, size_t count)
{
    while (count > 0) {
        size_t now = take_members(in, members, count);
        Chancery__V1__GroupMembers *list = ARENA_NEW(in->arena, Chancery__V1__GroupMembers);
        CH_ASSERT(list != NULL);
        chancery__v1__group_members__init(list);
        list->group = group;
        list->members = members;
        list->n_members = now;
        in->lines->members[in->part.n_members] = in->last_line;
        in->part.members[in->part.n_members++] = list;
        in->member_count += now;
        members += now;
        count -= now;
        if (count == 0) {
            break;
        }
        /* Not flush(): it empties the arena, in which the rest of the list is. */
        size_t entries = in->part.n_users + in->part.n_groups;
        int code = send_request(in, &in->part.base, entries);
        if (code != EXIT_OK) {
            return code;
        }
        in->part.n_users = in->part.n_groups = in->part.n_members = in->member_count = 0;
        in->bytes = 0;
    }
    return EXIT_OK;
}

static int add_group(struct import *in, const struct csv_row *row)
{
    char **members;
    Chancery__V1__Group *group = ARENA_NEW(in->arena, Chancery__V1__Group);
    CH_ASSERT(group != NULL);
    chancery__v1__group__init(group);
    group->address = text_field(row->fields[COLUMN_ADDRESS]);
    group->display_name = text_field(row->fields[COLUMN_NAME]);
    group->external_id = text_field(row->fields[COLUMN_MARK]);
    group->n_aliases = split_aliases(in, row->fields[COLUMN_ALIASES], &group->aliases);
    in->lines->groups[in->part.n_groups] = in->last_line;
    in->part.groups[in->part.n_groups++] = group;
    size_t count = split(in, row->fields[COLUMN_LIST], &members);
    return add_members(in, group->address, members, count);
}

static int add_row(struct import *in, const struct csv_row *row)
{
    const char *kind = row->fields[COLUMN_KIND];
    if (row->count < 2 || row->count > COLUMNS) {
        return bad_row(in, "there must be two to six columns");
    }
    for (size_t i = 0; i < row->count; i++) { /* lists are counted word by word */
        bool is_list = i == COLUMN_LIST || i == COLUMN_ALIASES;
        in->bytes += is_list ? 0 : strlen(row->fields[i]) + FIELD_BYTES;
    }
    if (strcmp(kind, "user") == 0) {
        return add_user(in, row);
    }
    return strcmp(kind, "group") == 0 ? add_group(in, row)
                                      : bad_row(in, "the first column must be user or group");
}

/* A first line that names the columns is not data. */
static bool is_heading(const struct csv_row *row, size_t line)
{
    return line == 1 && strcmp(row->fields[COLUMN_KIND], "kind") == 0;
}

static int import_csv(struct import *in, struct slice text)
{
    struct csv csv;
    int code = begin_part(in, 1);
    csv_init(&csv, text);
    while (code == EXIT_OK && !csv_at_end(&csv)) {
        struct csv_row row;
        struct err err = {0};
        if (!csv_next(&csv, in->arena, &row, &err).ok) {
            return fail_with(in->session->command, &err);
        }
        in->last_line = csv.line;
        code = is_heading(&row, csv.line) ? EXIT_OK : add_row(in, &row);
        if (code == EXIT_OK && is_full(in)) {
            code = flush(in, csv.next_line);
        }
    }
    return code == EXIT_OK ? flush(in, 0) : code;
}

/* Each line is an ImportDirectoryRequest, written by a program, which decides how large its parts
 * are. */
static int import_lines(struct import *in, struct slice text)
{
    int code = EXIT_OK;
    for (size_t line = 1; code == EXIT_OK && text.len > 0; line++) {
        struct err err = {0};
        ProtobufCMessage *message = NULL;
        ptrdiff_t end = slice_find(text, '\n');
        struct slice one = slice_cut(text, 0, end < 0 ? text.len : (size_t)end);
        text = slice_cut(text, one.len + 1, text.len);
        if (one.len == 0) {
            continue;
        }
        arena_reset(in->arena);
        in->first_line = in->last_line = line;
        if (!message_from_yaml(in->arena, &chancery__v1__import_directory_request__descriptor, one,
                               &message, &err)
                 .ok) {
            return fail_with(in->session->command, &err);
        }
        Chancery__V1__ImportDirectoryRequest *part = (void *)message;
        part->import_id = in->id;
        code = send_request(in, &part->base, 1);
    }
    return code;
}

/* --- the command ------------------------------------------------------------------------------ */

/* An estimate of the number of entries, for progress: quoted fields may contain line ends. */
static uint64_t count_lines(struct slice text)
{
    uint64_t lines = text.len > 0 && text.ptr[text.len - 1] != '\n';
    lines -= slice_starts_with(text, "kind,");
    for (size_t i = 0; i < text.len; i++) {
        lines += text.ptr[i] == '\n';
    }
    return lines;
}

static bool is_json_lines(const char *path)
{
    size_t len = strlen(path);
    return len > 6 && strcmp(path + len - 6, ".jsonl") == 0;
}

int directory_import(struct session *s, const struct verb_args *args)
{
    struct err err = {0};
    struct slice text;
    const char *path = args->operands[0];
    struct import in = {.session = s};
    if (!read_file(s->arena, path, FILE_MAX, &text, &err).ok) {
        return fail_with(s->command, &err);
    }
    uuid_format(uuid_v7(clock_unix_us()), in.id);
    chancery__v1__import_directory_response__init(&in.totals);
    in.arena = arena_new(PART_BUDGET);
    bool is_lines = is_json_lines(path);
    progress_begin(&in.progress, is_lines ? "parts" : "entries", count_lines(text));
    int code = is_lines ? import_lines(&in, text) : import_csv(&in, text);
    if (code == EXIT_OK) {
        progress_end(&in.progress);
        code =
            args->answer != ANSWER_TEXT ? answer_print(s, args->answer, &in.totals.base) : EXIT_OK;
    }
    if (code == EXIT_OK && args->answer == ANSWER_TEXT) {
        printf("%lld users and %lld groups put, %lld members added in %.1f s\n",
               (long long)in.totals.users, (long long)in.totals.groups,
               (long long)in.totals.members, progress_seconds(&in.progress));
    }
    arena_free(in.arena);
    return code;
}
