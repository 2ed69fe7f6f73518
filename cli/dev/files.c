/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/dev/dev.h"
#include "cli/output.h"

rc dev_failed(const char *what, struct err *err)
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

const char *dev_quoted(const struct dev *dev, const char *text)
{
    char *out = arena_alloc(dev->arena, 2 * strlen(text) + 3);
    size_t len = 0;
    CH_ASSERT(out != NULL); /* a command's arena is far larger than its paths */
    out[len++] = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            out[len++] = '\\';
        }
        out[len++] = *text;
    }
    out[len++] = '"';
    out[len] = '\0';
    return out;
}

bool dev_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool dev_is_empty(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    while (folder != NULL && count <= 2 && readdir(folder) != NULL) {
        count++; /* "." and ".." too */
    }
    bool is_empty = folder != NULL && count == 2;
    if (folder != NULL) {
        closedir(folder);
    }
    return is_empty;
}

/* A power loss must not leave half a file, which would stay as it is. */
rc dev_write_new(const char *path, struct slice bytes, struct err *err)
{
    return output_write_new(path, bytes, err);
}

rc dev_mkdir(const char *path, struct err *err)
{
    return mkdir(path, 0711) == 0 || errno == EEXIST ? OK : dev_failed(path, err);
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
               : dev_failed(path, err);
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

static void exec_program(const char *const *argv, bool as_postgres, const char *log, pid_t parent)
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
    /* Nobody is left to wait for it, and the next start must not meet it. A change of user takes this
     * away (prctl(2)), so it comes after. */
    if (chdir("/") != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(127);
    }
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

rc dev_run(const struct dev *dev, const char *const *argv, bool as_postgres, struct err *err)
{
    int status = 0;
    const char *log = dev_path(dev, "commands.log");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        exec_program(argv, as_postgres, log, parent);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return dev_failed(argv[0], err);
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
