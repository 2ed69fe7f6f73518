/* SPDX-License-Identifier: Apache-2.0 */
/* The chanceryd of the dev folder: its configuration, its start and its end. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/dev/dev.h"
#include "client/client.h"

enum { READY_MS = 20000, STOP_MS = 35000, POLL_MS = 20 };

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    (void)nanosleep(&time, NULL);
}

static const char *pid_file(const struct dev *dev)
{
    return dev_path(dev, "chanceryd.pid");
}

static const char *config_file(const struct dev *dev)
{
    return dev_path(dev, "chanceryd.yaml");
}

static const char *quoted_path(const struct dev *dev, const char *name)
{
    return dev_quoted(dev, dev_path(dev, "%s", name));
}

static rc write_config(const struct dev *dev, struct err *err)
{
    const char *socket = arena_printf(dev->arena, "unix:%s/chanceryd.sock", dev->folder);
    const char *conninfo = dev_server_conninfo(dev);
    ARENA_ENSURE(socket, err);
    ARENA_ENSURE(conninfo, err);
    const char *text =
        arena_printf(dev->arena,
                     "# Written by chancery dev; your changes are kept.\n"
                     "listeners:\n"
                     "  - address: \"127.0.0.1:%s\"\n"
                     "    tls: {certificate_file: %s, key_file: %s}\n"
                     "  - {address: %s, metrics: true}\n"
                     "database: {conninfo: %s}\n"
                     "root_key: {file: %s}\n"
                     "authority_url: \"https://127.0.0.1:%s\"\n"
                     "workers: 2\n"
                     "identity: {allow_loopback: true}\n",
                     dev->port, quoted_path(dev, "certificates/server.pem"),
                     quoted_path(dev, "certificates/server.key"), dev_quoted(dev, socket),
                     dev_quoted(dev, conninfo), quoted_path(dev, "root.key"), dev->port);
    ARENA_ENSURE(text, err);
    return dev_write_new(config_file(dev), slice_str(text), err);
}

/* The server and its workers hold the lock on their pid file. One that an earlier version has started
 * holds none. */
bool dev_server_is_running(const struct dev *dev)
{
    return dev_is_locked(pid_file(dev)) ||
           dev_process_has(dev_pid_in(pid_file(dev)), config_file(dev));
}

/* Beside this program, as installed, or where the build puts it. */
static rc find_daemon(const struct dev *dev, const char **out, struct err *err)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    TRY(len > 0 ? OK : dev_failed("/proc/self/exe", err));
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    *out = arena_printf(dev->arena, "%s/chanceryd", self);
    if (!dev_exists(*out)) {
        *out = arena_printf(dev->arena, "%s/../server/daemon/chanceryd", self);
    }
    if (!dev_exists(*out)) {
        FAIL(err, R_STARTUP_FAILED, "chanceryd is not in %s: build or install it", self);
    }
    return OK;
}

/* `lock` is inherited by the daemon and its workers. */
static void exec_daemon(const struct dev *dev, const char *daemon, int lock)
{
    int log = open(dev_path(dev, "chanceryd.log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)setsid();
    if (in >= 0 && log >= 0) {
        (void)dup2(in, 0);
        (void)dup2(log, 1);
        (void)dup2(log, 2);
    }
    if (chdir("/") != 0 || fcntl(lock, F_SETFD, 0) != 0) {
        _exit(127);
    }
    execl(daemon, "chanceryd", "--config", config_file(dev), (char *)NULL);
    _exit(127);
}

/* `child` is 0 for a server of an earlier start, which is not our child. */
static bool is_alive(const struct dev *dev, pid_t child)
{
    return child > 0 ? waitpid(child, NULL, WNOHANG) == 0 : dev_server_is_running(dev);
}

static rc wait_until_ready(const struct dev *dev, pid_t child, struct err *err)
{
    struct client *client = NULL;
    struct slice body = SLICE_NONE;
    struct client_config config = {
        .server = arena_printf(dev->arena, "unix:%s/chanceryd.sock", dev->folder),
        .timeout_ms = 1000};
    int status = 0;
    TRY(client_new(&config, &client, err));
    for (int waited = 0; waited < READY_MS && status != 200 && is_alive(dev, child);
         waited += POLL_MS) {
        status = client_get(client, dev->arena, "/readyz", &body);
        if (status != 200) {
            sleep_ms(POLL_MS);
        }
    }
    client_free(client);
    if (status != 200) {
        FAIL(err, R_STARTUP_FAILED, "chanceryd didn't become ready: see %s",
             dev_path(dev, "chanceryd.log"));
    }
    return OK;
}

/* Told here and not by the log alone: it is what goes wrong most. */
static rc check_port(const struct dev *dev, struct err *err)
{
    static const int on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((in_port_t)atoi(dev->port)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_free = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                   bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(fd, 1) == 0;
    int why = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (!is_free) {
        FAIL(err, R_STARTUP_FAILED, "port %s can't be used (%s): choose another by --port",
             dev->port, strerror(why));
    }
    return OK;
}

rc dev_server_check(struct dev *dev, struct err *err)
{
    const char *daemon;
    if (dev_server_is_running(dev)) {
        return OK;
    }
    TRY(find_daemon(dev, &daemon, err));
    return check_port(dev, err);
}

rc dev_server_start(struct dev *dev, struct err *err)
{
    const char *daemon;
    int lock;
    TRY(write_config(dev, err));
    if (dev_server_is_running(dev)) {
        return wait_until_ready(dev, 0, err);
    }
    TRY(find_daemon(dev, &daemon, err));
    TRY(check_port(dev, err));
    TRY(dev_lock(pid_file(dev), false, &lock, err));
    pid_t pid = fork();
    if (pid == 0) {
        exec_daemon(dev, daemon, lock);
    }
    bool is_noted = pid > 0 && ftruncate(lock, 0) == 0 && dprintf(lock, "%ld\n", (long)pid) > 0;
    close(lock);
    TRY(is_noted ? OK : dev_failed(pid_file(dev), err));
    return wait_until_ready(dev, pid, err);
}

rc dev_server_stop(struct dev *dev, struct err *err)
{
    if (dev_server_is_running(dev)) {
        (void)dev_process_end(dev_pid_in(pid_file(dev)), config_file(dev));
    }
    for (int waited = 0; waited < STOP_MS && dev_server_is_running(dev); waited += POLL_MS) {
        sleep_ms(POLL_MS);
    }
    if (dev_server_is_running(dev)) {
        FAIL(err, R_STARTUP_FAILED, "chanceryd didn't end: see %s", dev_path(dev, "chanceryd.log"));
    }
    (void)unlink(pid_file(dev));
    return OK;
}
