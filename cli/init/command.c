/* SPDX-License-Identifier: Apache-2.0 */
/* chancery init */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/init/init.h"
#include "cli/number.h"
#include "crypto/algs.h"

static const char HELP[] =
    "usage: chancery init [--dir DIR] [--listen ADDRESS:PORT] [--user NAME] [--database CONNINFO]\n"
    "                     [--unit FILE] [--apply CONNINFO] URL\n"
    "\n"
    "Makes what a node needs, for the address by which clients will reach it: root key, a server's\n"
    "certificate for 30 days, the first admin's key and certificate, configuration, and the SQL of the\n"
    "database's roles. It prints each file, and then what is left to do, as commands. What is there\n"
    "already is kept, so it may be run again. An installation that says something else is refused.\n"
    "It has no -o.\n"
    "\n"
    "  --dir DIR              folder of all files; default: /etc/chancery\n"
    "  --listen ADDRESS:PORT  where to listen; default: 0.0.0.0 and the port of URL\n"
    "  --user NAME            whom the server runs as, to whom its keys then belong; default:\n"
    "                         chancery for root, else who runs this\n"
    "  --database CONNINFO    by what the server connects; default:\n"
    "                         'host=/run/postgresql dbname=chancery user=chancery'\n"
    "  --unit FILE            write a unit of systemd, such as /etc/systemd/system/chanceryd.service\n"
    "  --apply CONNINFO       as this superuser of PostgreSQL make database, roles and tables, and\n"
    "                         register the admin; without it, the commands are printed\n"
    "\n"
    "Names of folders, users and databases may have letters, digits and / . _ - only. Nothing is\n"
    "started, and no file is replaced.\n"
    "\n"
    "  chancery init --unit /etc/systemd/system/chanceryd.service https://rms.example.org:8443\n"
    "  chancery init --dir ~/trial --user \"$(id -un)\" --listen 127.0.0.1:8443 \\\n"
    "      --database \"host=/run/postgresql dbname=trial user=$(id -un)\" https://localhost:8443\n"
    "\n"
    "Next: docs/install.md says more about each step, and goes on with the first tenant.\n";

static const char FOLDER[] = "/etc/chancery";
static const char CONNINFO[] = "host=/run/postgresql dbname=chancery user=chancery";

/* --- usage ------------------------------------------------------------------------------------ */

/* What stands as it is in YAML, in a unit, in a shell and in a connection string. */
static bool is_plain(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") ==
           strlen(text);
}

static bool is_sql_name(const char *text)
{
    return text[0] != '\0' && strlen(text) < 64 && strpbrk(text, "/.-") == NULL && is_plain(text);
}

static int read_url(struct init *init)
{
    static const char scheme[] = "https://";
    const char *host = init->url + strlen(scheme), *colon;
    uint32_t port = 443;
    if (strncmp(init->url, scheme, strlen(scheme)) != 0 || strchr(host, '/') != NULL) {
        return usage_error(&command_init, "give an address such as https://rms.example.org:8443");
    }
    colon = strchr(host, ':');
    init->host = arena_dup(init->arena,
                           slice_of(host, colon == NULL ? strlen(host) : (size_t)(colon - host)));
    CH_ASSERT(init->host != NULL); /* the arena is far larger than an argument */
    if (init->host[0] == '\0' || !is_plain(init->host)) {
        return usage_error(&command_init, "%s names no host", init->url);
    }
    if (colon != NULL &&
        number_read(&command_init, "the port of URL", colon + 1, 1, 65535, &port) != EXIT_OK) {
        return EXIT_USAGE;
    }
    init->port = init_text(init, "%u", port);
    return EXIT_OK;
}

static int read_listen(struct init *init)
{
    uint32_t port;
    if (init->listen == NULL) {
        init->listen = init_text(init, "0.0.0.0:%s", init->port);
        return EXIT_OK;
    }
    const char *colon = strrchr(init->listen, ':');
    if (colon == NULL ||
        strspn(init->listen, "0123456789abcdefABCDEF.:[]") != strlen(init->listen)) {
        return usage_error(&command_init, "--listen takes a numeric address and a port, such as "
                                          "127.0.0.1:8443");
    }
    return number_read(&command_init, "the port of --listen", colon + 1, 1, 65535, &port);
}

static int read_database(struct init *init)
{
    init->conninfo = init->conninfo == NULL ? CONNINFO : init->conninfo;
    if (!conninfo_parse(init->arena, init->conninfo, &init->database, NULL).ok) {
        return usage_error(&command_init, "--database takes a connection string of libpq");
    }
    init->db_name = conninfo_get(&init->database, "dbname");
    init->db_user = conninfo_get(&init->database, "user");
    if (init->database.has_password) {
        return usage_error(&command_init, "--database must not hold a password; use passfile=");
    }
    if (!is_sql_name(init->db_name) || !is_sql_name(init->db_user)) {
        return usage_error(&command_init,
                           "--database needs dbname and user, of letters, digits and _");
    }
    for (size_t i = 0; i < init->database.host_count; i++) {
        if (!is_plain(init->database.hosts[i].host)) {
            return usage_error(&command_init, "--database: a host has letters, digits and / . _ -");
        }
    }
    return EXIT_OK;
}

static int read_superuser(struct init *init)
{
    struct conninfo superuser;
    if (init->superuser == NULL) {
        return EXIT_OK;
    }
    if (strstr(init->superuser, "://") != NULL ||
        !conninfo_parse(init->arena, init->superuser, &superuser, NULL).ok) {
        return usage_error(&command_init, "--apply takes a connection string such as "
                                          "'host=/run/postgresql user=postgres dbname=postgres'");
    }
    return superuser.has_password
               ? usage_error(&command_init, "--apply must not hold a password; use passfile=")
               : EXIT_OK;
}

/* --- who and where ---------------------------------------------------------------------------- */

static rc find_user(struct init *init, struct err *err)
{
    init->is_root = geteuid() == 0;
    bool is_self = init->user == NULL && !init->is_root;
    const char *name = init->user == NULL ? "chancery" : init->user;
    const struct passwd *user = is_self ? getpwuid(geteuid()) : getpwnam(name);
    if (user == NULL) {
        FAIL(err, R_PRECONDITION_FAILED,
             "there is no user %s: useradd --system --user-group --home-dir /nonexistent --shell "
             "/usr/sbin/nologin %s, or --user",
             name, name);
    }
    if (!init->is_root && user->pw_uid != geteuid()) {
        FAIL(err, R_PRECONDITION_FAILED,
             "only root can give keys to %s: run this as root, or as %s", name, name);
    }
    init->user = init_text(init, "%s", user->pw_name);
    init->uid = user->pw_uid;
    init->gid = user->pw_gid;
    return OK;
}

static rc find_programs(struct init *init, struct err *err)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0) {
        FAIL(err, R_FILE_UNREADABLE, "/proc/self/exe: %s", strerrordesc_np(errno));
    }
    self[len] = '\0';
    init->program = init_text(init, "%s", self);
    *strrchr(self, '/') = '\0';
    init->daemon = init_text(init, "%s/chanceryd", self);
    if (!init_is_there(init->daemon)) { /* where the build puts it */
        init->daemon = init_text(init, "%s/../server/daemon/chanceryd", self);
    }
    return OK;
}

/* The last part of it may be new. */
static rc find_folder(struct init *init, struct err *err)
{
    char real[PATH_MAX],
        *given = arena_strdup(init->arena, init->folder == NULL ? FOLDER : init->folder);
    ARENA_ENSURE(given, err);
    for (size_t len = strlen(given); len > 1 && given[len - 1] == '/';) {
        given[--len] = '\0';
    }
    const char *slash = strrchr(given, '/'), *name = slash == NULL ? given : slash + 1;
    const char *parent =
        slash == NULL ? "." : init_text(init, "%.*s", (int)(slash - given) + 1, given);
    if (realpath(parent, real) == NULL) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: %s", parent, strerrordesc_np(errno));
    }
    init->folder = init_text(init, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
    if (!is_plain(init->folder) || name[0] == '\0' || strcmp(name, "..") == 0 ||
        strcmp(name, ".") == 0) {
        FAIL(err, R_INPUT_INVALID,
             "the folder's whole name may have letters, digits and / . _ - only");
    }
    bool is_by_systemd = init->unit != NULL || strcmp(init->folder, FOLDER) == 0;
    init->socket =
        is_by_systemd ? "/run/chancery/chanceryd.sock" : init_path(init, "run/chanceryd.sock");
    size_t most = sizeof((struct sockaddr_un *)NULL)->sun_path - 1;
    if (strlen(init->socket) > most) {
        FAIL(err, R_INPUT_INVALID,
             "%s: a Unix socket's path has at most %zu bytes, so the folder's name is too long",
             init->socket, most);
    }
    return OK;
}

/* systemd makes the one below /run. */
static rc make_socket_folder(struct init *init, struct err *err)
{
    const char *folder = init_path(init, "run");
    if (strncmp(init->socket, folder, strlen(folder)) != 0 || init_is_there(folder)) {
        return OK;
    }
    TRY(init_folder(init, folder, 0750, true, err));
    if (init->is_root && chown(folder, init->uid, init->gid) != 0) {
        FAIL(err, R_FILE_UNWRITABLE, "%s: %s", folder, strerrordesc_np(errno));
    }
    return OK;
}

/* --- the command ------------------------------------------------------------------------------ */

static rc make(struct init *init, struct err *err)
{
    static rc (*const steps[])(struct init * init, struct err * err) = {
        find_user,          find_programs,      find_folder, init_compare, init_keys,
        make_socket_folder, init_configuration, init_roles,  init_unit,    init_database};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        TRY(steps[i](init, err));
    }
    return OK;
}

static int make_all(struct init *init)
{
    struct err err = {0};
    if (read_url(init) != EXIT_OK || read_listen(init) != EXIT_OK ||
        read_database(init) != EXIT_OK || read_superuser(init) != EXIT_OK) {
        return EXIT_USAGE;
    }
    if (!crypto_init(NULL, &err).ok || !make(init, &err).ok) {
        return fail_with(&command_init, &err);
    }
    init_tell_next(init);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct init init = {0};
    const struct option_spec specs[] = {
        {"--dir", &init.folder, NULL, NULL}, {"--listen", &init.listen, NULL, NULL},
        {"--user", &init.user, NULL, NULL},  {"--database", &init.conninfo, NULL, NULL},
        {"--unit", &init.unit, NULL, NULL},  {"--apply", &init.superuser, NULL, NULL}};
    if (options_take(&command_init, specs, sizeof specs / sizeof specs[0], argc, argv) != 2) {
        return usage_error(&command_init,
                           "give the address by which clients will reach the authority");
    }
    init.arena = arena_new(INIT_BUDGET);
    init.url = argv[1];
    int code = make_all(&init);
    arena_free(init.arena);
    crypto_fini();
    return code;
}

const struct command command_init = {
    .name = "init",
    .summary = "make keys and configuration of a node, and say what is left",
    .help = HELP,
    .run = run};
