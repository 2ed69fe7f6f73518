/* SPDX-License-Identifier: Apache-2.0 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where fonts, and tables of how text is encoded, lie on Debian. What is missing is passed over. */
static const char *const READABLE[] = {"/etc/fonts",
                                       "/usr/share/fonts",
                                       "/usr/local/share/fonts",
                                       "/usr/share/fontconfig",
                                       "/var/cache/fontconfig",
                                       "/usr/share/poppler"};
enum { DESCRIPTORS_MAX = 64 };

static bool limit(int resource, rlim_t most)
{
    const struct rlimit value = {most, most};
    return setrlimit(resource, &value) == 0;
}

static bool limit_all(void)
{
    return limit(RLIMIT_AS, (rlim_t)CONFINE_MEMORY_MIB << 20) && limit(RLIMIT_CPU, CONFINE_CPU_S) &&
           limit(RLIMIT_NOFILE, DESCRIPTORS_MAX) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0);
}

/* --- files: Landlock -------------------------------------------------------------------------- */

/* What later versions know, by the kernel's documentation: headers are older than kernels. */
struct ruleset {
    __u64 files, network, scoped;
};
enum {
    VERSION_OF_NETWORK = 4,
    VERSION_OF_SCOPES = 6,
    TCP_BIND_AND_CONNECT = 3,
    ABSTRACT_SOCKETS_AND_SIGNALS = 3,
};

static bool let_read(int rules, const char *folder)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
                                                                   LANDLOCK_ACCESS_FS_READ_DIR};
    beneath.parent_fd = open(folder, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0) {
        return errno == ENOENT;
    }
    long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
    return added == 0;
}

/* All of files that the first version knows is handled, and what the kernel's has for sockets and signals: what no rule lets
 * is refused. */
static bool restrict_files(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    const struct ruleset handled = {
        .files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
        .network = version >= VERSION_OF_NETWORK ? TCP_BIND_AND_CONNECT : 0,
        .scoped = version >= VERSION_OF_SCOPES ? ABSTRACT_SOCKETS_AND_SIGNALS : 0};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    bool ok = rules >= 0;
    for (size_t i = 0; ok && i < sizeof READABLE / sizeof READABLE[0]; i++) {
        ok = let_read(rules, READABLE[i]);
    }
    ok = ok && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    if (rules >= 0) {
        close(rules);
    }
    return ok;
}

/* --- system calls: seccomp -------------------------------------------------------------------- */

/* What reading, computing and writing to a pipe take. Files are opened to be read: Landlock says which. */
static const int ALLOWED[] = {SCMP_SYS(read),
                              SCMP_SYS(pread64),
                              SCMP_SYS(readv),
                              SCMP_SYS(write),
                              SCMP_SYS(writev),
                              SCMP_SYS(close),
                              SCMP_SYS(lseek),
                              SCMP_SYS(fstat),
                              SCMP_SYS(newfstatat),
                              SCMP_SYS(stat),
                              SCMP_SYS(lstat),
                              SCMP_SYS(statx),
                              SCMP_SYS(statfs),
                              SCMP_SYS(fstatfs),
                              SCMP_SYS(access),
                              SCMP_SYS(faccessat),
                              SCMP_SYS(faccessat2),
                              SCMP_SYS(readlink),
                              SCMP_SYS(readlinkat),
                              SCMP_SYS(getdents64),
                              SCMP_SYS(getcwd),
                              SCMP_SYS(fadvise64),
                              SCMP_SYS(brk),
                              SCMP_SYS(munmap),
                              SCMP_SYS(mremap),
                              SCMP_SYS(madvise),
                              SCMP_SYS(futex),
                              SCMP_SYS(rt_sigaction),
                              SCMP_SYS(rt_sigprocmask),
                              SCMP_SYS(rt_sigreturn),
                              SCMP_SYS(getrandom),
                              SCMP_SYS(clock_gettime),
                              SCMP_SYS(gettimeofday),
                              SCMP_SYS(time),
                              SCMP_SYS(clock_getres),
                              SCMP_SYS(getpid),
                              SCMP_SYS(gettid),
                              SCMP_SYS(getuid),
                              SCMP_SYS(geteuid),
                              SCMP_SYS(getgid),
                              SCMP_SYS(getegid),
                              SCMP_SYS(uname),
                              SCMP_SYS(sysinfo),
                              SCMP_SYS(sched_getaffinity),
                              SCMP_SYS(sched_yield),
                              SCMP_SYS(restart_syscall),
                              SCMP_SYS(exit),
                              SCMP_SYS(exit_group)};

static bool let_call(scmp_filter_ctx filter, int number)
{
    int added = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    return added == 0 || added == -EDOM; /* another machine's */
}

/* Its other commands have signals sent, to whomever it names. */
static bool let_fcntl(scmp_filter_ctx filter)
{
    static const int commands[] = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof commands / sizeof commands[0]; i++) {
        ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                              (struct scmp_arg_cmp){.arg = 1,
                                                    .op = SCMP_CMP_EQ,
                                                    .datum_a = (scmp_datum_t)commands[i]}) == 0;
    }
    return ok;
}

static bool let_open_and_map(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)) ==
               0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0)) == 0;
}

/* Everything else fails as if it were forbidden, which libraries bear. */
static bool restrict_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool ok = filter != NULL && let_open_and_map(filter) && let_fcntl(filter);
    for (size_t i = 0; ok && i < sizeof ALLOWED / sizeof ALLOWED[0]; i++) {
        ok = let_call(filter, ALLOWED[i]);
    }
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

enum confined confine(void)
{
    if (!limit_all() || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return CONFINED_BY_NO_LIMITS;
    }
    if (!restrict_files()) {
        return CONFINED_BY_NO_LANDLOCK;
    }
    return restrict_calls() ? CONFINED : CONFINED_BY_NO_SECCOMP;
}
