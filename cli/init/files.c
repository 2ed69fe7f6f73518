/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/init/init.h"
#include "cli/output.h"

enum { TEXT_MAX = 2048 };

const char *init_path(const struct init *init, const char *name)
{
    return init_text(init, "%s/%s", init->folder, name);
}

const char *init_text(const struct init *init, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *kept = arena_strdup(init->arena, text);
    CH_ASSERT(kept != NULL); /* the arena is far larger than what a command line names */
    return kept;
}

bool init_is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0; /* a link to nothing is in the way, too */
}

void init_kept(const char *path)
{
    printf("kept  %s\n", path);
}

static rc failed(const char *path, struct err *err)
{
    FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
}

/* Whoever may write to it could put a root key there that they know. */
static rc check_folder(const char *path, struct err *err)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return failed(path, err);
    }
    if (!S_ISDIR(info.st_mode)) {
        FAIL(err, R_FILE_UNWRITABLE, "%s is no folder", path);
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
        (info.st_uid != geteuid() && info.st_uid != 0)) {
        FAIL(
            err, R_PRECONDITION_FAILED,
            "others may write to %s, where keys are to lie: choose a folder of your own, or chmod go-w",
            path);
    }
    return OK;
}

rc init_folder(const struct init *init, const char *path, mode_t mode, bool is_servers,
               struct err *err)
{
    if (mkdir(path, mode) != 0) {
        return errno == EEXIST ? check_folder(path, err) : failed(path, err);
    }
    if (init->is_root && is_servers && chown(path, (uid_t)-1, init->gid) != 0) {
        return failed(path, err);
    }
    return chmod(path, mode) == 0 ? OK : failed(path, err); /* whatever the umask says */
}

/* Before it has its name, so that nobody meets it half made. */
static bool give(const struct init *init, int fd, mode_t mode, bool is_servers)
{
    return (!init->is_root || !is_servers || fchown(fd, init->uid, init->gid) == 0) &&
           fchmod(fd, mode) == 0;
}

rc init_file(const struct init *init, const char *path, struct slice bytes, mode_t mode,
             bool is_servers, struct err *err)
{
    struct output output;
    if (init_is_there(path)) {
        init_kept(path);
        return OK;
    }
    TRY(output_open(path, &output, err));
    output.is_new = true;
    (void)setvbuf(output.file, NULL, _IONBF, 0); /* stdio's own buffer would keep a copy of a key */
    if (!give(init, fileno(output.file), mode, is_servers) ||
        fwrite(bytes.ptr, 1, bytes.len, output.file) != bytes.len) {
        (void)failed(path, err).ok;
        return output_drop(&output);
    }
    TRY(output_keep(&output, err));
    printf("made  %s\n", path);
    return OK;
}
