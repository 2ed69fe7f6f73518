/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/contexts.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/session.h"
#include "wire/message_text.h"
#include "wire/yaml_print.h"

enum { NAME_BYTES = 63, CURRENT_MAX = 256 };

static const char ENDING[] = ".yaml";

/* --- names ------------------------------------------------------------------------------------ */

bool context_is_name(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= NAME_BYTES && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* A relative XDG_CONFIG_HOME counts as unset, as the specification says. */
static rc folder_of(struct arena *arena, const char **out, struct err *err)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    const struct passwd *user = NULL;
    if (config != NULL && config[0] == '/') {
        *out = arena_printf(arena, "%s/chancery", config);
        ARENA_ENSURE(*out, err);
        return OK;
    }
    if (home == NULL || home[0] != '/') {
        user = getpwuid(geteuid());
        home = user == NULL ? NULL : user->pw_dir;
    }
    if (home == NULL) {
        FAIL(err, R_PROFILE_INVALID, "there is no home folder for contexts: set HOME");
    }
    *out = arena_printf(arena, "%s/.config/chancery", home);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc file_in(struct arena *arena, const char *name, const char **out, struct err *err)
{
    const char *folder;
    TRY(folder_of(arena, &folder, err));
    *out = arena_printf(arena, "%s/%s", folder, name);
    ARENA_ENSURE(*out, err);
    return OK;
}

rc context_file(struct arena *arena, const char *name, const char **out, struct err *err)
{
    const char *folder;
    TRY(file_in(arena, "contexts", &folder, err));
    *out = arena_printf(arena, "%s/%s%s", folder, name, ENDING);
    ARENA_ENSURE(*out, err);
    return OK;
}

rc context_login_file(struct arena *arena, const char *name, const char *kind, const char **out,
                      struct err *err)
{
    const char *folder;
    TRY(file_in(arena, "tokens", &folder, err));
    *out = arena_printf(arena, "%s/%s.%s", folder, name, kind);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc unreadable(const char *path, struct err *err)
{
    FAIL(err, R_FILE_UNREADABLE, "%s: %s", path, strerrordesc_np(errno));
}

rc context_exists(const char *file, bool *out, struct err *err)
{
    struct stat info;
    *out = lstat(file, &info) == 0; /* a link to nothing is in the way, too */
    return *out || errno == ENOENT ? OK : unreadable(file, err);
}

/* --- all of them ------------------------------------------------------------------------------ */

static int is_context(const struct dirent *entry)
{
    char name[NAME_BYTES + 1];
    size_t len = strlen(entry->d_name), tail = strlen(ENDING);
    if (len <= tail || len - tail > NAME_BYTES || strcmp(entry->d_name + len - tail, ENDING) != 0) {
        return 0;
    }
    memcpy(name, entry->d_name, len - tail);
    name[len - tail] = '\0';
    return context_is_name(name) ? 1 : 0;
}

rc context_names(struct arena *arena, char *const **out, size_t *count, struct err *err)
{
    const char *folder;
    struct dirent **found = NULL;
    TRY(file_in(arena, "contexts", &folder, err));
    int n = scandir(folder, &found, is_context, alphasort);
    *count = n < 0 ? 0 : (size_t)n;
    if (n < 0 && errno != ENOENT) {
        return unreadable(folder, err);
    }
    char **names = ARENA_ARRAY(arena, char *, *count + 1);
    bool is_full = names == NULL;
    for (size_t i = 0; i < *count; i++) {
        const char *name = found[i]->d_name;
        if (!is_full) {
            names[i] = arena_dup(arena, slice_of(name, strlen(name) - strlen(ENDING)));
            is_full = names[i] == NULL;
        }
        free(found[i]);
    }
    free((void *)found);
    ENSURE(!is_full, err, R_ARENA_EXHAUSTED);
    *out = names;
    return OK;
}

/* --- the current one -------------------------------------------------------------------------- */

rc context_current(struct arena *arena, const char **out, struct err *err)
{
    const char *path;
    bool is_there;
    struct slice text;
    *out = "";
    TRY(file_in(arena, "current", &path, err));
    TRY(context_exists(path, &is_there, err));
    if (!is_there) {
        return OK;
    }
    TRY(read_own_file(arena, path, CURRENT_MAX, &text, err));
    while (text.len > 0 && text.ptr[text.len - 1] == '\n') {
        text.len--;
    }
    const char *name = arena_dup(arena, text);
    ARENA_ENSURE(name, err);
    if (text.len > 0 && !context_is_name(name)) {
        FAIL(err, R_PROFILE_INVALID, "%s has no context's name; chancery context use NAME", path);
    }
    *out = name;
    return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Our folder and those above it, for the user alone (XDG: 0700). */
static rc make_folders(char *path, struct err *err)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool ok = mkdir(path, 0700) == 0 || errno == EEXIST;
        if (!ok) {
            FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
        }
        *slash = '/';
    }
    return OK;
}

rc context_make_folders(struct arena *arena, const char *file, struct err *err)
{
    char *path = arena_strdup(arena, file);
    ARENA_ENSURE(path, err);
    return make_folders(path, err);
}

rc context_set_current(struct arena *arena, const char *name, struct err *err)
{
    const char *path;
    TRY(file_in(arena, "current", &path, err));
    const char *text = name[0] == '\0' ? "" : arena_printf(arena, "%s\n", name);
    ARENA_ENSURE(text, err);
    TRY(context_make_folders(arena, path, err));
    return output_write(path, slice_str(text), err);
}

rc context_write(struct arena *arena, const char *name, const Profile *profile, struct err *err)
{
    const char *path, *json;
    struct output output;
    TRY(context_file(arena, name, &path, err));
    TRY(message_to_json(arena, &profile->base, true, false, &json, err));
    TRY(context_make_folders(arena, path, err));
    TRY(output_open(path, &output, err));
    yaml_print(output.file, json);
    return output_keep(&output, err);
}

rc context_delete(struct arena *arena, const char *name, struct err *err)
{
    const char *path;
    TRY(context_file(arena, name, &path, err));
    if (unlink(path) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
    }
    return OK;
}
