/* SPDX-License-Identifier: Apache-2.0 */
/* chancery dev, chancery token */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "cli/dev/dev.h"
#include "cli/number.h"
#include "cli/output.h"
#include "cli/session.h"
#include "crypto/algs.h"

static const char DEV_HELP[] =
    "usage: chancery dev start|stop|status|clean [--folder DIR] [--port PORT]\n"
    "\n"
    "Runs a whole authority in one folder, to try things out: a private PostgreSQL, chanceryd,\n"
    "keys and certificates, four tenants, an identity provider that signs what you ask for, and\n"
    "profiles for the other commands. Never use it in production. It has no -o.\n"
    "\n"
    "  start    make what is missing, and start; again, it keeps everything and is quick\n"
    "  stop     end the processes\n"
    "  status   show what runs\n"
    "  clean    end the processes and delete the folder\n"
    "\n"
    "  --folder DIR   default: /var/lib/chancery-dev for root, else ~/.local/share/chancery-dev; one\n"
    "                 that is new or empty, because clean deletes it with all that is in it\n"
    "  --port PORT    of the TLS listener on loopback, default 8443. Another one than before is\n"
    "                 taken over into configuration and profiles\n"
    "\n"
    "Contoso (contoso.com) and Fabrikam (fabrikam.com) are in the boundary commercial, A. Datum\n"
    "(adatum.us) and Wingtip (wingtip.us) in gcc-high. People of mail.example have no tenant.\n"
    "\n"
    "  chancery dev start\n"
    "  chancery tenant list --profile /var/lib/chancery-dev/profiles/platform-admin.yaml\n"
    "\n"
    "Next: chancery token makes people's tokens, chancery protect protects a mail or a file.\n";

static const char TOKEN_HELP[] =
    "usage: chancery token [--folder DIR] [--minutes N] [--bind KEY.pem] [-o FILE] ADDRESS\n"
    "\n"
    "Signs an identity token, as the identity provider of the address's domain in the authority\n"
    "of chancery dev: contoso.com, fabrikam.com, adatum.us, wingtip.us, or mail.example for\n"
    "somebody of no tenant.\n"
    "\n"
    "  --folder DIR    of the authority; default as for chancery dev\n"
    "  --minutes N     how long the token holds, at most a year; default 60\n"
    "  --bind KEY.pem  bind it to this key on P-256 or P-384 (DPoP, RFC 9449); the key is made if\n"
    "                  the file doesn't exist. Nobody can use the token without it\n"
    "  -o FILE         write it to this file, which only you can read; default: standard output\n"
    "\n"
    "  chancery token -o bob.token bob@fabrikam.com\n"
    "\n"
    "Next: write a profile for this person, such as bob.yaml, and use it with --profile:\n"
    "\n"
    "  server: https://127.0.0.1:8443\n"
    "  ca_file: /var/lib/chancery-dev/certificates/ca.pem\n"
    "  token_file: bob.token            # with --bind also: dpop_key_file: KEY.pem\n";

enum { MINUTES_MAX = 366 * 24 * 60 };

static int64_t now_ms(void)
{
    return clock_mono().ns / 1000000;
}

/* In one spelling, because processes are known by it. What doesn't exist yet has none. */
static void absolute(struct dev *dev)
{
    char path[PATH_MAX];
    if (realpath(dev->folder, path) != NULL) {
        dev->folder = arena_strdup(dev->arena, path);
    } else if (dev->folder[0] != '/' && getcwd(path, sizeof path) != NULL) {
        dev->folder = arena_printf(dev->arena, "%s/%s", path, dev->folder);
    }
    CH_ASSERT(dev->folder != NULL); /* a command's arena is far larger than its paths */
}

static rc make_folder(struct dev *dev, struct err *err)
{
    char path[DEV_PATH_MAX];
    snprintf(path, sizeof path, "%s", dev->folder);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST) {
            FAIL(err, R_STARTUP_FAILED, "%s: %s", path, strerrordesc_np(errno));
        }
        *slash = '/';
    }
    TRY(dev_mkdir(dev->folder, err));
    absolute(dev);
    return OK;
}

/* The first thing that a start puts into a folder, so one that was interrupted is known too. */
static bool is_ours(const struct dev *dev)
{
    return dev_exists(dev_path(dev, "dev.lock"));
}

/* What PostgreSQL's programs, YAML and sockets can carry. */
static rc check_path(const struct dev *dev, struct err *err)
{
    enum { SOCKET_PATH_MAX = 107 };
    static const char longest[] = "/postgres/.s.PGSQL.5432.lock";
    size_t room = SOCKET_PATH_MAX - (sizeof longest - 1);
    if (strlen(dev->folder) > room) {
        FAIL(err, R_STARTUP_FAILED,
             "%.80s… is too long for sockets: choose a folder of at most %zu bytes", dev->folder,
             room);
    }
    if (strpbrk(dev->folder, "'\"\\$`,") != NULL || !utf8_is_printable(slice_str(dev->folder))) {
        FAIL(err, R_STARTUP_FAILED,
             "PostgreSQL can't live in %s: choose a folder without quotes, commas, \\, $, ` and "
             "characters that can't be seen",
             dev->folder);
    }
    return OK;
}

/* Nobody's files: clean deletes the folder with all that is in it. */
static rc check_folder(const struct dev *dev, struct err *err)
{
    TRY(check_path(dev, err));
    if (dev_exists(dev->folder) && !dev_is_empty(dev->folder) && !is_ours(dev)) {
        FAIL(err, R_STARTUP_FAILED,
             "%s holds files that are not of chancery dev, or is none: choose a folder that is new "
             "or empty",
             dev->folder);
    }
    return OK;
}

static rc run_steps(struct dev *dev, struct err *err)
{
    static const struct {
        const char *what;
        rc (*run)(struct dev *dev, struct err *err);
    } steps[] = {
        {"keys and certificates", dev_certificates},
        {"PostgreSQL", dev_postgres_start},
        {"schema", dev_database},
        {"chanceryd", dev_server_start},
        {"tenants, issuers, components", dev_tenants},
    };
    TRY(dev_server_check(dev, err)); /* what goes wrong most, before anything is begun */
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        int64_t began = now_ms();
        TRY(steps[i].run(dev, err));
        printf("  %-30s %5lld ms\n", steps[i].what, (long long)(now_ms() - began));
        fflush(stdout);
    }
    return OK;
}

/* A start that fails leaves nothing running that it has begun: whoever sees the error may never come back. */
static rc start(struct dev *dev, struct err *err)
{
    bool had_postgres = dev_postgres_is_running(dev), had_server = dev_server_is_running(dev);
    rc done = run_steps(dev, err);
    if (!done.ok) {
        struct err ignored = {0}; /* the first error says more */
        (void)(had_server ? OK : dev_server_stop(dev, &ignored));
        (void)(had_postgres ? OK : dev_postgres_stop(dev, &ignored));
        return done;
    }
    printf("The authority listens on https://127.0.0.1:%s and unix:%s/chanceryd.sock\n", dev->port,
           dev->folder); /* check_path has looked at it */
    printf("Profiles: %s/profiles\n", dev->folder);
    return OK;
}

static void tell(const char *what, const struct dev *dev)
{
    fputs(what, stdout);
    utf8_print(stdout, dev->folder);
    putchar('\n');
}

static rc stop(struct dev *dev, struct err *err)
{
    bool was_running = dev_server_is_running(dev) || dev_postgres_is_running(dev);
    TRY(dev_server_stop(dev, err));
    TRY(dev_postgres_stop(dev, err));
    tell(was_running ? "Ended the authority in " : "No authority was running in ", dev);
    return OK;
}

/* Deletes only a folder that an earlier start made. */
static rc clean(struct dev *dev, struct err *err)
{
    if (!dev_exists(dev->folder)) {
        tell("There is no folder ", dev);
        return OK;
    }
    if (!is_ours(dev)) {
        FAIL(err, R_PRECONDITION_FAILED, "%s was not made by chancery dev", dev->folder);
    }
    TRY(stop(dev, err));
    TRY(dev_remove(dev->folder, err));
    tell("Deleted ", dev);
    return OK;
}

/* What an earlier start has written into configuration and profiles holds, unless another port is
 * asked for. */
static void keep_port(struct dev *dev)
{
    struct slice text;
    struct err err = {0};
    const char *path = dev_path(dev, "chanceryd.yaml");
    if (!dev_exists(path) || !read_file(dev->arena, path, 65536, &text, &err).ok) {
        return;
    }
    const char *mark = "127.0.0.1:", *found = strstr((const char *)text.ptr, mark);
    if (found != NULL) {
        size_t digits = strspn(found + strlen(mark), "0123456789");
        dev->port = arena_dup(dev->arena, slice_of(found + strlen(mark), digits));
    }
}

/* One command at a time works on a folder. */
static rc with_lock(struct dev *dev, rc (*run)(struct dev *dev, struct err *err),
                    const char *asked_port, struct err *err)
{
    int lock;
    if (run == start) {
        TRY(check_folder(dev, err));
        TRY(make_folder(dev, err));
    } else if (!is_ours(dev)) {
        return run(dev, err); /* it isn't one of ours */
    }
    TRY(dev_lock(dev_path(dev, "dev.lock"), true, &lock, err));
    keep_port(dev);
    bool is_other = run == start && asked_port != NULL && strcmp(asked_port, dev->port) != 0;
    rc result = is_other ? dev_change_port(dev, asked_port, err) : OK;
    if (result.ok) {
        result = run(dev, err);
    }
    close(lock);
    return result;
}

static rc status(struct dev *dev, struct err *err)
{
    (void)err;
    fputs("folder      ", stdout);
    utf8_print(stdout, dev->folder);
    putchar('\n');
    printf("PostgreSQL  %s\n", dev_postgres_is_running(dev) ? "running" : "stopped");
    printf("chanceryd   %s\n", dev_server_is_running(dev) ? "running" : "stopped");
    return OK;
}

static int run_dev(int argc, char **argv)
{
    static const char *const names[] = {"start", "stop", "status", "clean", NULL};
    static rc (*const verbs[])(struct dev * dev, struct err * err) = {start, stop, status, clean};
    const char *asked_port = NULL;
    struct dev dev = {0};
    const struct option_spec specs[] = {{"--folder", &dev.folder, NULL, NULL},
                                        {"--port", &asked_port, NULL, NULL}};
    struct err err = {0};
    size_t verb;
    uint32_t port = 8443;
    if (options_take(&command_dev, specs, 2, argc, argv) != 2) {
        return usage_error(&command_dev, "say start, stop, status or clean");
    }
    if (choice_read(&command_dev, NULL, argv[1], names, &verb) != EXIT_OK ||
        (asked_port != NULL &&
         number_read(&command_dev, "--port", asked_port, 1, 65535, &port) != EXIT_OK)) {
        return EXIT_USAGE;
    }
    dev.arena = arena_new(SESSION_BUDGET);
    dev.folder = dev.folder == NULL ? dev_default_folder(dev.arena) : dev.folder;
    dev.port = arena_printf(dev.arena, "%u", port);
    asked_port = asked_port == NULL ? NULL : dev.port;
    absolute(&dev);
    if (!crypto_init(NULL, &err).ok) {
        return fail_with(&command_dev, &err);
    }
    rc done =
        verbs[verb] == status ? status(&dev, &err) : with_lock(&dev, verbs[verb], asked_port, &err);
    int code = done.ok ? EXIT_OK : fail_with(&command_dev, &err);
    arena_free(dev.arena);
    crypto_fini();
    return code;
}

const struct command command_dev = {.name = "dev",
                                    .summary = "run a whole authority in one folder, to try out",
                                    .help = DEV_HELP,
                                    .run = run_dev};

static int run_token(int argc, char **argv)
{
    struct dev dev = {0};
    uint32_t lasts = 60;
    const char *minutes = NULL, *output = "-", *key_file = NULL, *token;
    const struct option_spec specs[] = {{"--folder", &dev.folder, NULL, NULL},
                                        {"--minutes", &minutes, NULL, NULL},
                                        {"--bind", &key_file, NULL, NULL},
                                        {"-o", &output, NULL, NULL}};
    struct err err = {0};
    if (options_take(&command_token, specs, 4, argc, argv) != 2) {
        return usage_error(&command_token, "give one address");
    }
    if (minutes != NULL &&
        number_read(&command_token, "--minutes", minutes, 1, MINUTES_MAX, &lasts) != EXIT_OK) {
        return EXIT_USAGE;
    }
    dev.arena = arena_new(SESSION_BUDGET);
    dev.folder = dev.folder == NULL ? dev_default_folder(dev.arena) : dev.folder;
    absolute(&dev);
    bool ok = crypto_init(NULL, &err).ok &&
              dev_token(&dev, argv[1], lasts, key_file, &token, &err).ok &&
              output_write(output, slice_str(arena_printf(dev.arena, "%s\n", token)), &err).ok;
    int code = ok ? EXIT_OK : fail_with(&command_token, &err);
    arena_free(dev.arena);
    crypto_fini();
    return code;
}

const struct command command_token = {.name = "token",
                                      .summary = "sign an identity token for the dev authority",
                                      .help = TOKEN_HELP,
                                      .run = run_token};
