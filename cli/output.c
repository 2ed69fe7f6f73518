/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "cli/command.h"

enum { RANDOM_BYTES = 8, IN_PLACE = -1 };

static const char STANDARD_OUTPUT[] = "standard output";
static bool standard_was_told; /* that it could not be written */
static int standard_problem;   /* the errno of the first write that failed; 0: none */

static rc failed(const char *path, struct err *err)
{
    if (path == STANDARD_OUTPUT && standard_problem != 0) {
        errno = standard_problem;
    }
    standard_was_told = standard_was_told || path == STANDARD_OUTPUT;
    FAIL(err, R_FILE_UNWRITABLE, "%s: %s", path, strerrordesc_np(errno));
}

/* --- signals ---------------------------------------------------------------------------------- */

/* Those that end a process (signal(7)), but for SIGKILL and for what is a fault of our own, after
 * which nothing is touched. */
static const int ending[] = {SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGPIPE,
                             SIGXCPU, SIGABRT, SIGALRM,   SIGUSR1, SIGUSR2,
                             SIGPROF, SIGPOLL, SIGVTALRM, SIGPWR,  SIGSTKFLT};
enum { ENDING = sizeof ending / sizeof ending[0] };

/* What a signal removes. */
static struct {
    volatile sig_atomic_t folder; /* IN_PLACE: nothing */
    char aside[sizeof((struct output *)NULL)->aside];
    struct sigaction before[ENDING], before_size;
} unfinished = {.folder = IN_PLACE};

static void remove_unfinished(int number)
{
    if (unfinished.folder >= 0) {
        (void)unlinkat(unfinished.folder, unfinished.aside, 0);
    }
    (void)raise(number); /* SA_RESETHAND: it ends us when this returns and unblocks it */
}

static sigset_t ending_set(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ENDING; i++) {
        sigaddset(&set, ending[i]);
    }
    return set;
}

/* A signal that is ignored (nohup) stays so. A file beyond RLIMIT_FSIZE becomes an error, to be told
 * as such (setrlimit(2)). */
static void watch(const struct output *output)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction action = {
        .sa_handler = remove_unfinished, .sa_mask = ending_set(), .sa_flags = (int)SA_RESETHAND};
    memcpy(unfinished.aside, output->aside, sizeof unfinished.aside);
    unfinished.folder = output->folder;
    (void)sigaction(SIGXFSZ, &ignore, &unfinished.before_size);
    for (size_t i = 0; i < ENDING; i++) {
        (void)sigaction(ending[i], NULL, &unfinished.before[i]);
        if (unfinished.before[i].sa_handler != SIG_IGN) {
            (void)sigaction(ending[i], &action, NULL);
        }
    }
}

static void unwatch(void)
{
    unfinished.folder = IN_PLACE;
    (void)sigaction(SIGXFSZ, &unfinished.before_size, NULL);
    for (size_t i = 0; i < ENDING; i++) {
        (void)sigaction(ending[i], &unfinished.before[i], NULL);
    }
}

/* --- in place --------------------------------------------------------------------------------- */

/* The descriptor that "/dev/fd/3" and its like name, or -1. To open such a name would begin a file
 * anew that the shell appends to. */
static int descriptor_named(const char *path)
{
    static const char *const heads[] = {"/dev/fd/", "/proc/self/fd/"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t len = strlen(heads[i]);
        if (strncmp(path, heads[i], len) == 0 && strlen(path) - len <= 6 &&
            strspn(path + len, "0123456789") == strlen(path) - len && path[len] != '\0') {
            return (int)strtol(path + len, NULL, 10);
        }
    }
    return strcmp(path, "/dev/stderr") == 0 ? STDERR_FILENO : -1;
}

static rc open_stream(int fd, struct output *out, struct err *err)
{
    out->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (out->file == NULL) {
        rc result = failed(out->path, err);
        if (fd >= 0) {
            close(fd);
        }
        return result;
    }
    return OK;
}

/* Neither made nor cut: what was a device a moment ago could be something else by now. */
static rc open_in_place(struct output *out, struct err *err)
{
    struct stat info;
    int fd = open(out->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
        close(fd);
        FAIL(err, R_FILE_UNWRITABLE, "%s has just become another file", out->path);
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error to be told */
    return open_stream(fd, out, err);
}

/* --- aside ------------------------------------------------------------------------------------ */

static rc open_folder(const char *path, struct output *out, struct err *err)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if (name[0] == '\0' || strlen(name) >= sizeof out->name || len >= sizeof folder) {
        errno = name[0] == '\0' ? EISDIR : ENAMETOOLONG;
        return failed(out->path, err);
    }
    memcpy(folder, len == 0 ? "." : path, len == 0 ? 1 : len);
    folder[len == 0 ? 1 : len] = '\0';
    memcpy(out->name, name, strlen(name) + 1);
    out->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return out->folder < 0 ? failed(out->path, err) : OK;
}

/* Signals wait meanwhile: the file is never there without whoever removes it. */
static int open_random(struct output *out)
{
    uint8_t random[RANDOM_BYTES];
    char text[sizeof out->aside] = "";
    sigset_t waiting = ending_set(), before;
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return -1;
    }
    (void)base64url_encode(slice_of(random, sizeof random), text);
    (void)snprintf(out->aside, sizeof out->aside, ".chancery-%.*s", 12, text);
    (void)sigprocmask(SIG_BLOCK, &waiting, &before);
    int fd = openat(out->folder, out->aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        watch(out);
    }
    int problem = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    return fd;
}

/* `path`: where the file is in truth, without symbolic links at its end. */
static rc open_aside(const char *path, struct output *out, struct err *err)
{
    TRY(open_folder(path, out, err));
    int fd = open_random(out);
    rc result = open_stream(fd, out, err);
    if (!result.ok) {
        if (fd >= 0) {
            (void)unlinkat(out->folder, out->aside, 0);
            unwatch();
        }
        close(out->folder);
    }
    return result;
}

/* A link to nothing could be somebody's trap, and what is not to be written is not to be replaced. */
static rc open_regular(bool is_there, struct output *out, struct err *err)
{
    struct stat info;
    char real[PATH_MAX];
    if (!is_there) {
        if (lstat(out->path, &info) == 0) {
            FAIL(err, R_FILE_UNWRITABLE, "%s is a symbolic link to nothing", out->path);
        }
        return open_aside(out->path, out, err);
    }
    return realpath(out->path, real) == NULL || faccessat(AT_FDCWD, real, W_OK, AT_EACCESS) != 0
               ? failed(out->path, err)
               : open_aside(real, out, err);
}

bool output_is_standard(const char *path)
{
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0 ||
           descriptor_named(path) == STDOUT_FILENO;
}

bool output_is_in_place(const char *path)
{
    struct stat info;
    return output_is_standard(path) || descriptor_named(path) >= 0 ||
           (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
}

bool output_is_beside(const char *input)
{
    struct stat info;
    return strcmp(input, "-") == 0 || stat(input, &info) != 0 || S_ISREG(info.st_mode) ||
           S_ISDIR(info.st_mode);
}

/* --- for commands ----------------------------------------------------------------------------- */

rc output_open(const char *path, struct output *out, struct err *err)
{
    struct stat info;
    *out = (struct output){.path = path, .folder = IN_PLACE};
    if (output_is_standard(path)) {
        out->file = stdout;
        return OK;
    }
    int named = descriptor_named(path);
    if (named >= 0) {
        return open_stream(fcntl(named, F_DUPFD_CLOEXEC, 3), out, err);
    }
    bool is_there = stat(path, &info) == 0;
    if (!is_there && errno != ENOENT) {
        return failed(path, err);
    }
    if (!is_there || S_ISREG(info.st_mode)) {
        return open_regular(is_there, out, err);
    }
    if (S_ISDIR(info.st_mode)) {
        errno = EISDIR;
        return failed(path, err);
    }
    return open_in_place(out, err);
}

/* Pipes and most devices can't be flushed to a disk: EINVAL (fsync(2)). */
static bool sync_and_close(FILE *file)
{
    bool ok = fflush(file) == 0 && (fsync(fileno(file)) == 0 || errno == EINVAL);
    int problem = errno;
    bool is_closed = fclose(file) == 0;
    errno = ok ? errno : problem;
    return ok && is_closed;
}

/* The name is on the disk when its folder is. Folders that may not be read can't be flushed. */
static bool sync_folder(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 ? fsync(fd) == 0 || errno == EINVAL : errno == EACCES;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static bool take_place(const struct output *output)
{
    if (!output->is_new) {
        return renameat(output->folder, output->aside, output->folder, output->name) == 0;
    }
    bool ok = linkat(output->folder, output->aside, output->folder, output->name, 0) == 0 ||
              errno == EEXIST;
    return unlinkat(output->folder, output->aside, 0) == 0 && ok;
}

rc output_keep(struct output *output, struct err *err)
{
    if (output->file == stdout) {
        return fflush(stdout) == 0 ? OK : failed(STANDARD_OUTPUT, err);
    }
    if (output->folder == IN_PLACE) {
        return sync_and_close(output->file) ? OK : failed(output->path, err);
    }
    rc result = OK;
    if (!sync_and_close(output->file) || !take_place(output)) {
        result = failed(output->path, err);
        (void)unlinkat(output->folder, output->aside, 0);
    } else if (!sync_folder(output->folder)) {
        result = failed(output->path, err);
    }
    unwatch();
    close(output->folder);
    return result;
}

rc output_drop(struct output *output)
{
    if (output->file == stdout) {
        standard_was_told = true; /* by whoever drops it */
    } else {
        (void)fclose(output->file);
    }
    if (output->folder != IN_PLACE) {
        (void)unlinkat(output->folder, output->aside, 0);
        unwatch();
        close(output->folder);
    }
    return (rc){false};
}

static rc write_all(struct output *output, struct slice bytes, struct err *err)
{
    if (fwrite(bytes.ptr, 1, bytes.len, output->file) != bytes.len) {
        (void)failed(output->file == stdout ? STANDARD_OUTPUT : output->path, err).ok;
        return output_drop(output);
    }
    return output_keep(output, err);
}

rc output_write(const char *path, struct slice bytes, struct err *err)
{
    struct output output;
    TRY(output_open(path, &output, err));
    return write_all(&output, bytes, err);
}

rc output_write_new(const char *path, struct slice bytes, struct err *err)
{
    struct output output = {.path = path, .folder = IN_PLACE, .is_new = true};
    TRY(open_aside(path, &output, err));
    return write_all(&output, bytes, err);
}

/* --- standard output -------------------------------------------------------------------------- */

/* The stream of <stdio.h> keeps only that a write failed, and not why. */
static ssize_t write_standard(void *cookie, const char *bytes, size_t len)
{
    (void)cookie;
    size_t written = 0;
    while (written < len) {
        ssize_t n = write(STDOUT_FILENO, bytes + written, len - written);
        if (n < 0 && errno != EINTR) {
            standard_problem = standard_problem == 0 ? errno : standard_problem;
            break;
        }
        written += n < 0 ? 0 : (size_t)n;
    }
    return (ssize_t)written;
}

static void remember_why(void)
{
    const cookie_io_functions_t io = {.write = write_standard};
    FILE *file = fopencookie(NULL, "w", io);
    if (file == NULL ||
        setvbuf(file, NULL, isatty(STDOUT_FILENO) != 0 ? _IOLBF : _IOFBF, BUFSIZ) != 0) {
        abort();
    }
    stdout = file;
}

/* What stands in the buffer can fail as late as here. */
static void close_standard(void)
{
    bool had_failed = ferror(stdout) != 0;
    if (fclose(stdout) == 0 && !had_failed) {
        return;
    }
    if (!standard_was_told) {
        struct err err = {0};
        (void)failed(STANDARD_OUTPUT, &err).ok;
        (void)fail_with(NULL, &err);
    }
    _exit(EXIT_FAILED);
}

void output_watch_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0) {
            abort(); /* the next file would be standard output */
        }
    }
    remember_why();
    (void)atexit(close_standard);
}
