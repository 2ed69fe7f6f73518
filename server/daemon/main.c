/* SPDX-License-Identifier: Apache-2.0 */
/* chanceryd: the authority's server. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/authenticate.h"
#include "base/utf8.h"
#include "crypto/algs.h"
#include "daemon/supervisor.h"
#include "daemon/version.h"
#include "daemon/worker.h"
#include "loop/loop.h"
#include "service/registry.h"
#include "setup/setup.h"

static const char USAGE[] =
    "usage: chanceryd --config FILE [--check-config | --print-config]\n"
    "       chanceryd --list-steps | --version\n"
    "\n"
    "The server of a rights-management authority. Runs in the foreground and logs to standard\n"
    "error. SIGTERM ends it after the calls in flight are answered; SIGHUP lets it take over a\n"
    "changed configuration.\n"
    "\n"
    "  --config FILE    configuration in YAML; docs/config.md has its fields\n"
    "  --check-config   test the file and those that it names (keys, certificates and whether they\n"
    "                   belong together and hold, authorities), and end, with exit code 0 if all\n"
    "                   are valid, 78 if not. It logs in to no token, which counts tries: chancery\n"
    "                   doctor does\n"
    "  --print-config   show the configuration with all defaults filled in, as JSON\n"
    "  --list-steps     show the steps of every flow: \"flow step [commit]\"\n"
    "  --version        show the version\n"
    "\n"
    "  chanceryd --config /etc/chancery/chanceryd.yaml --check-config\n"
    "  chanceryd --config /etc/chancery/chanceryd.yaml\n"
    "\n"
    "Before the first start, chancery migrate prepares the database, and chancery doctor checks\n"
    "everything. chancery dev runs a whole authority to try out.\n";

static void tell(void *ctx, const struct setup_finding *finding)
{
    bool *is_valid = ctx;
    *is_valid = *is_valid && finding->severity == SETUP_WARNING;
    fprintf(stderr, "chanceryd: %s: ", finding->code);
    utf8_print(stderr, finding->why);
    fprintf(stderr, "\n%s %s\n", finding->what, finding->next);
}

/* The file's fields are right; now what they name. */
static int check_files(const char *path, const Conf *conf)
{
    bool is_valid = true;
    const struct setup_listener to = {.tell = tell, .ctx = &is_valid};
    for (size_t i = 0; i < SETUP_CHECK_COUNT; i++) {
        SETUP_CHECKS[i].run(conf, &to);
    }
    crypto_fini();
    if (is_valid) {
        utf8_print(stdout, path);
        puts(" is valid");
    }
    return is_valid ? 0 : EXIT_HOPELESS;
}

static int show(const char *path, bool print)
{
    struct arena *arena = arena_new(4 * 1024 * 1024);
    struct err err = {0};
    Conf *conf;
    const char *text;
    int exit_code = 0;
    if (!conf_load(arena, path, &conf, &err).ok) {
        fputs("chanceryd: ", stderr);
        utf8_print(stderr, path);
        fputs(": ", stderr);
        utf8_print(stderr, err_words(&err));
        fprintf(stderr, "\n%s\n", reason_info(err.reason)->advice);
        exit_code = EXIT_HOPELESS;
    } else if (print && conf_print(arena, conf, &text, &err).ok) {
        puts(text);
    } else {
        exit_code = check_files(path, conf);
    }
    arena_free(arena);
    return exit_code;
}

static void show_step(const struct flow *flow, const char *sub, const struct step_row *row,
                      void *ctx)
{
    (void)ctx;
    printf("%s %s%s%s%s\n", flow->name, sub == NULL ? "" : sub, sub == NULL ? "" : ".", row->name,
           (row->flags & STEP_COMMIT) != 0 ? " commit" : "");
}

static int list_steps(void)
{
    struct rpc_limits limits = {0};
    struct loop *loop = loop_new();
    struct rpc *rpc = rpc_new(loop, NULL, &AUTHENTICATOR, &limits);
    registry_add_all(rpc);
    rpc_each_step(rpc, show_step, NULL);
    rpc_free(rpc);
    loop_free(loop);
    return 0;
}

/* What was to be shown and was cut is no success. */
static int shown(int exit_code)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return exit_code;
    }
    fprintf(stderr, "chanceryd: standard output: %s\n", strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    const char *path = NULL;
    bool check = false, print = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            path = argv[++i];
        } else if (strcmp(argv[i], "--check-config") == 0) {
            check = true;
        } else if (strcmp(argv[i], "--print-config") == 0) {
            print = true;
        } else if (strcmp(argv[i], "--list-steps") == 0) {
            return shown(list_steps());
        } else if (strcmp(argv[i], "--version") == 0) {
            puts("chanceryd " CHANCERY_VERSION);
            return shown(0);
        } else {
            bool is_help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
            fputs(USAGE, is_help ? stdout : stderr);
            return is_help ? shown(0) : 2;
        }
    }
    if (path == NULL) {
        fputs(USAGE, stderr);
        return 2;
    }
    return check || print ? shown(show(path, print)) : supervisor_run(path);
}
