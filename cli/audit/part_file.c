/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit/part_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/session.h"

enum {
    PLACE_MAX = 4096,
    NOTE_MS = 1000,
    OPENED = O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, /* a pipe there is not waited for */
};

static rc unwritable(const char *path, struct err *err)
{
    FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Whose file it is reads what is written there. The lock ends with the process, however that ends. */
static rc lock(const struct part_file *f, int fd, struct err *err)
{
    struct stat ours, there;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: another process is writing it; wait for that one",
             f->part);
    }
    if (fstat(fd, &ours) != 0 || lstat(f->part, &there) != 0 || ours.st_ino != there.st_ino ||
        ours.st_dev != there.st_dev) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: another process has just finished it", f->part);
    }
    if (ours.st_uid != geteuid()) {
        FAIL(err, R_FILE_UNWRITABLE, "%s belongs to another user", f->part);
    }
    return OK;
}

static rc refuse_left(const struct part_file *f, struct err *err)
{
    int fd = open(f->part, OPENED);
    rc is_free = fd < 0 ? OK : lock(f, fd, err);
    if (fd >= 0) {
        close(fd);
    }
    TRY(is_free);
    FAIL(err, R_FILE_UNWRITABLE,
         "%s is there, of an export that was broken off: go on with it by --continue, or remove it",
         f->part);
}

static rc begin(struct part_file *f, int *fd, struct err *err)
{
    *fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*fd < 0 && errno == EEXIST) {
        return refuse_left(f, err);
    }
    return *fd < 0 ? unwritable(f->part, err) : lock(f, *fd, err);
}

/* "12345 csv TOKEN\n" */
static rc read_place(struct arena *arena, const struct part_file *f, off_t *size,
                     const char **token, struct err *err)
{
    struct slice text;
    TRY(read_file(arena, f->place, PLACE_MAX, &text, err));
    char *line = arena_dup(arena, text), *end = NULL;
    ARENA_ENSURE(line, err);
    errno = 0;
    intmax_t number = strtoimax(line, &end, 10);
    size_t format_len = *end == ' ' ? strcspn(end + 1, " \n") : 0;
    char *behind = end + format_len + (format_len > 0);
    size_t len = *behind == ' ' ? strcspn(behind + 1, "\n") : 0;
    if (errno != 0 || number < 0 || len == 0) {
        FAIL(err, R_FILE_UNREADABLE, "%s does not say where to go on", f->place);
    }
    behind[0] = behind[1 + len] = '\0';
    if (strcmp(end + 1, f->format) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s was begun in another format: go on by --format %s",
             f->part, end + 1);
    }
    *size = number;
    *token = behind + 1;
    return OK;
}

/* What was written after the place was noted comes again. */
static rc take_up(struct arena *arena, struct part_file *f, int *fd, const char **token,
                  struct err *err)
{
    struct stat info;
    off_t size = 0;
    *fd = open(f->part, OPENED);
    if (*fd >= 0) {
        TRY(lock(f, *fd, err));
    }
    int problem = errno;
    TRY(read_place(arena, f, &size, token, err));
    if (*fd < 0 || fstat(*fd, &info) != 0) {
        errno = *fd < 0 ? problem : errno;
        return unwritable(f->part, err);
    }
    if (!S_ISREG(info.st_mode) || info.st_size < size) {
        FAIL(err, R_FILE_UNREADABLE, "%s is not the file of which %s tells", f->part, f->place);
    }
    return ftruncate(*fd, size) != 0 || lseek(*fd, 0, SEEK_END) < 0 ? unwritable(f->part, err) : OK;
}

rc part_file_open(struct arena *arena, const char *path, const char *format, bool goes_on,
                  struct part_file *out, const char **token, struct err *err)
{
    *out = (struct part_file){
        .path = path == NULL ? "-" : path, .format = format, .is_taken_up = goes_on};
    out->is_in_place = output_is_in_place(out->path);
    if (out->is_in_place) {
        TRY(output_open(out->path, &out->output, err));
        out->file = out->output.file;
        return OK;
    }
    char real[PATH_MAX];
    int fd = -1;
    out->path = arena_strdup(arena, realpath(path, real) == NULL ? path : real);
    ARENA_ENSURE(out->path, err);
    out->part = arena_printf(arena, "%s.part", out->path);
    out->place = arena_printf(arena, "%s.place", out->path);
    ARENA_ENSURE(out->part, err);
    ARENA_ENSURE(out->place, err);
    rc result = goes_on ? take_up(arena, out, &fd, token, err) : begin(out, &fd, err);
    if (!result.ok) {
        if (fd >= 0) {
            close(fd);
        }
        return result;
    }
    out->file = fdopen(fd, "w");
    CH_ASSERT(out->file != NULL);
    return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static rc note(struct part_file *f, struct err *err)
{
    char text[PLACE_MAX];
    if (fflush(f->file) != 0 || fdatasync(fileno(f->file)) != 0) {
        return unwritable(f->part, err);
    }
    int len =
        snprintf(text, sizeof text, "%jd %s %s\n", (intmax_t)ftello(f->file), f->format, f->token);
    CH_ASSERT(len > 0 && (size_t)len < sizeof text);
    f->noted_at = clock_mono();
    return output_write(f->place, slice_of(text, (size_t)len), err);
}

rc part_file_note(struct part_file *f, const char *token, struct err *err)
{
    if (f->is_in_place) {
        return fflush(f->file) != 0 || ferror(f->file) != 0 ? unwritable(f->path, err) : OK;
    }
    xfree(f->token);
    f->token = xstrdup(token);
    if (ferror(f->file) != 0) {
        return unwritable(f->part, err);
    }
    return clock_mono().ns < mono_add_ms(f->noted_at, NOTE_MS).ns ? OK : note(f, err);
}

static rc sync_folder(const char *path, struct err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
                   slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 ? fsync(fd) == 0 || errno == EINVAL : errno == EACCES;
    rc result = ok ? OK : unwritable(path, err);
    if (fd >= 0) {
        close(fd);
    }
    return result;
}

rc part_file_keep(struct part_file *f, struct err *err)
{
    if (f->is_in_place) {
        return output_keep(&f->output, err);
    }
    bool ok = fflush(f->file) == 0 && fsync(fileno(f->file)) == 0;
    ok = fclose(f->file) == 0 && ok;
    f->file = NULL;
    xfree(f->token);
    if (!ok || rename(f->part, f->path) != 0) {
        return unwritable(f->path, err);
    }
    (void)unlink(f->place);
    return sync_folder(f->path, err);
}

void part_file_leave(struct part_file *f)
{
    if (f->is_in_place) {
        (void)output_drop(&f->output).ok;
        return;
    }
    if (f->file != NULL && f->token != NULL) {
        (void)note(f, NULL).ok; /* else what was noted before holds */
    }
    if (f->file != NULL) {
        (void)fclose(f->file);
    }
    if (f->token == NULL && !f->is_taken_up) {
        (void)unlink(f->part); /* nothing is in it but perhaps a heading */
    }
    xfree(f->token);
}
