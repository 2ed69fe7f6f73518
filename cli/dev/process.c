/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are ours. A number in a file says little: after a power loss it may be another
 * process's. So a process is known by its command line, which names this folder, and a daemon by the
 * lock that it holds. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/dev/dev.h"

enum { COMMAND_LINE_MAX = 16384 };

pid_t dev_pid_in(const char *path)
{
    long pid = 0;
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fscanf(file, "%ld", &pid) != 1) {
            pid = 0;
        }
        fclose(file);
    }
    return pid > 0 ? (pid_t)pid : 0;
}

bool dev_process_has(pid_t pid, const char *argument)
{
    char path[64], line[COMMAND_LINE_MAX];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return false;
    }
    size_t len = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[len] = '\0';
    for (size_t at = 0; at < len; at += strlen(line + at) + 1) {
        if (strcmp(line + at, argument) == 0) {
            return true;
        }
    }
    return false;
}

/* A server of PostgreSQL works in its data folder, and so do all that it has started. */
static bool works_in(const char *pid, const struct stat *folder)
{
    char path[64];
    struct stat found;
    snprintf(path, sizeof path, "/proc/%.20s/cwd", pid);
    return stat(path, &found) == 0 && found.st_dev == folder->st_dev &&
           found.st_ino == folder->st_ino;
}

bool dev_folder_is_in_use(const char *folder)
{
    struct stat wanted;
    bool is_in_use = false;
    DIR *all = opendir("/proc");
    if (all == NULL || stat(folder, &wanted) != 0) {
        is_in_use = all == NULL; /* who can't look must not believe that nobody is there */
    } else {
        for (const struct dirent *one; !is_in_use && (one = readdir(all)) != NULL;) {
            is_in_use = isdigit((unsigned char)one->d_name[0]) != 0 &&
                        (works_in(one->d_name, &wanted) ||
                         dev_process_has((pid_t)strtol(one->d_name, NULL, 10), folder));
        }
    }
    if (all != NULL) {
        closedir(all);
    }
    return is_in_use;
}

bool dev_process_end(pid_t pid, const char *argument)
{
    /* Opened before it is looked at, so that the signal comes to the process that was looked at. */
    int process = pid > 0 ? pidfd_open(pid, 0) : -1;
    bool is_sent = process >= 0 && dev_process_has(pid, argument) &&
                   pidfd_send_signal(process, SIGTERM, NULL, 0) == 0;
    if (process >= 0) {
        close(process);
    }
    return is_sent;
}

/* --- locks ------------------------------------------------------------------------------------ */

/* Of the open file (fcntl(2), "Open file description locks"): whoever inherits it holds it too, until
 * the last of them has ended, however. */
static bool lock(int fd, int command)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, command, &whole) == 0;
}

bool dev_is_locked(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool is_locked = fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
    if (fd >= 0) {
        close(fd);
    }
    return is_locked;
}

rc dev_lock(const char *path, bool wait, int *fd_out, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || !lock(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK)) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        FAIL(err, R_STARTUP_FAILED, "%s: %s", path, strerrordesc_np(why));
    }
    *fd_out = fd;
    return OK;
}
