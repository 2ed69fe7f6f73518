/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/dev/dev.h"

static rc system_failed(const char *what, struct err *err)
{
    FAIL(err, R_STARTUP_FAILED, "%s: %s", what, strerrordesc_np(errno));
}

const char *dev_path(const struct dev *dev, const char *format, ...)
{
    char tail[DEV_PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(tail, sizeof tail, format, args);
    va_end(args);
    const char *path = arena_printf(dev->arena, "%s/%s", dev->folder, tail);
    CH_ASSERT(path != NULL); /* a command's arena is far larger than its paths */
    return path;
}

bool dev_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* Beside its place first: a power loss must not leave half a file, which would stay as it is. */
rc dev_write_new(const char *path, struct slice bytes, struct err *err)
{
    char aside[DEV_PATH_MAX];
    snprintf(aside, sizeof aside, "%s.new", path);
    (void)unlink(aside);
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return system_failed(aside, err);
    }
    bool ok = write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
    close(fd);
    ok = ok && (link(aside, path) == 0 || errno == EEXIST);
    if (!ok) {
        return system_failed(path, err);
    }
    (void)unlink(aside);
    return OK;
}

rc dev_mkdir(const char *path, struct err *err)
{
    return mkdir(path, 0711) == 0 || errno == EEXIST ? OK : system_failed(path, err);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

rc dev_remove(const char *path, struct err *err)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT
               ? OK
               : system_failed(path, err);
}

static void become_postgres(void)
{
    const struct passwd *user = getpwnam("postgres");
    if (user == NULL || initgroups("postgres", user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0) {
        fputs("there is no user postgres: apt-get install postgresql\n", stderr);
        _exit(126);
    }
}

static void exec_program(const char *const *argv, bool as_postgres, const char *log)
{
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out >= 0 && in >= 0) {
        (void)dup2(in, 0);
        (void)dup2(out, 1);
        (void)dup2(out, 2);
    }
    if (as_postgres && geteuid() == 0) {
        become_postgres();
    }
    if (chdir("/") != 0) {
        _exit(127);
    }
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

rc dev_run(const struct dev *dev, const char *const *argv, bool as_postgres, struct err *err)
{
    int status = 0;
    const char *log = dev_path(dev, "commands.log");
    pid_t pid = fork();
    if (pid == 0) {
        exec_program(argv, as_postgres, log);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return system_failed(argv[0], err);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        FAIL(err, R_STARTUP_FAILED, "%s failed; see %s", argv[0], log);
    }
    return OK;
}

const char *dev_default_folder(struct arena *arena)
{
    const char *home = getenv("HOME");
    return geteuid() == 0 || home == NULL
               ? "/var/lib/chancery-dev"
               : arena_printf(arena, "%s/.local/share/chancery-dev", home);
}
