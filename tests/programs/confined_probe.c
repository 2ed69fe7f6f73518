/* SPDX-License-Identifier: Apache-2.0 */
/* What a PDF could do that has taken over the process that reads it: each act is tried, and those that aren't forbidden are
 * printed by name.
 *
 * usage: confined_probe [--free]     with --free it isn't confined, so that a test sees that the acts would be possible
 *
 * Addresses are bad on purpose: an act that gets past its guard fails for them, or does nothing. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <stdbool.h>

#include "confine.h"

struct act {
    const char *name;
    long number, arguments[6];
};

static bool is_forbidden(const struct act *act)
{
    const long *a = act->arguments;
    long done = syscall(act->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return done < 0 && (errno == EPERM || errno == EACCES);
}

int main(int argc, char **argv)
{
    const long me = getpid(), parent = getppid();
    const struct act acts[] = {
        {"kill", SYS_kill, {parent, 0}},
        {"tgkill", SYS_tgkill, {parent, parent, 0}},
        {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {parent, SIGUSR1, 0}},
        {"pidfd_open", SYS_pidfd_open, {parent, 0}},
        {"fcntl F_SETOWN", SYS_fcntl, {STDIN_FILENO, F_SETOWN, me}},
        {"fcntl F_SETOWN_EX", SYS_fcntl, {STDIN_FILENO, F_SETOWN_EX, 0}},
        {"fcntl F_SETSIG", SYS_fcntl, {STDIN_FILENO, F_SETSIG, SIGURG}},
        {"fcntl F_SETFL", SYS_fcntl, {STDIN_FILENO, F_SETFL, 0}},
        {"fcntl F_NOTIFY", SYS_fcntl, {STDIN_FILENO, F_NOTIFY, 0}},
        {"fcntl F_SETPIPE_SZ", SYS_fcntl, {STDIN_FILENO, F_SETPIPE_SZ, 4096}},
        {"ioctl FIOASYNC", SYS_ioctl, {STDIN_FILENO, FIOASYNC, 0}},
        {"socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}},
        {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, 0}},
        {"connect", SYS_connect, {STDIN_FILENO, 0, 0}},
        {"open a file", SYS_openat, {AT_FDCWD, (long)"/etc/passwd", O_RDONLY}},
        {"open a process", SYS_openat, {AT_FDCWD, (long)"/proc/self/status", O_RDONLY}},
        {"open to write", SYS_openat, {AT_FDCWD, (long)"/dev/null", O_WRONLY}},
        {"openat2", SYS_openat2, {AT_FDCWD, 0, 0, 0}},
        {"mkdir", SYS_mkdirat, {AT_FDCWD, 0, 0}},
        {"unlink", SYS_unlinkat, {AT_FDCWD, 0, 0}},
        {"rename", SYS_renameat2, {AT_FDCWD, 0, AT_FDCWD, 0, 0}},
        {"link", SYS_linkat, {AT_FDCWD, 0, AT_FDCWD, 0, 0}},
        {"chmod", SYS_fchmodat, {AT_FDCWD, 0, 0}},
        {"clone", SYS_clone, {CLONE_SIGHAND, 0}},
        {"clone3", SYS_clone3, {0, 0}},
        {"execve", SYS_execve, {0, 0, 0}},
        {"execveat", SYS_execveat, {-1, 0, 0, 0, 0}},
        {"memfd_create", SYS_memfd_create, {0, 0}},
        {"mmap to execute", SYS_mmap, {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0}},
        {"mprotect to execute", SYS_mprotect, {0, 4096, PROT_EXEC}},
        {"pkey_mprotect", SYS_pkey_mprotect, {0, 4096, PROT_EXEC, -1}},
        {"ptrace", SYS_ptrace, {PTRACE_PEEKDATA, parent, 0, 0}},
        {"process_vm_readv", SYS_process_vm_readv, {parent, 0, 1, 0, 1, 0}},
        {"io_uring_setup", SYS_io_uring_setup, {1, 0}},
        {"userfaultfd", SYS_userfaultfd, {-1}},
        {"prctl", SYS_prctl, {PR_GET_NAME, 0}},
        {"prlimit of another", SYS_prlimit64, {parent, RLIMIT_CORE, 0, 0}},
        {"setpriority", SYS_setpriority, {PRIO_PROCESS, me, 19}},
        {"sched_setaffinity", SYS_sched_setaffinity, {me, 0, 0}},
        {"shmget", SYS_shmget, {0, 0, 0}},
        {"inotify_init1", SYS_inotify_init1, {-1}},
    };
    if (!(argc == 2 && strcmp(argv[1], "--free") == 0) && confine() != CONFINED) {
        return 1;
    }
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (!is_forbidden(&acts[i])) {
            dprintf(STDOUT_FILENO, "%s\n", acts[i].name);
        }
    }
    return 0;
}
