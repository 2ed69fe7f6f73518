/* SPDX-License-Identifier: Apache-2.0 */
/* chancery migrate */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/certificate.h"
#include "cli/command.h"
#include "cli/number.h"
#include "conninfo/conninfo.h"
#include "domain/values/boundary.h"
#include "domain/values/role.h"
#include "store/migrate/migrate.h"

static const char HELP[] =
    "usage: chancery migrate --database CONNINFO [--platform-admin-cert FILE]\n"
    "                        [--node-role NAME --boundaries NAME,…] [--keep-log MONTHS|forever]\n"
    "                        [--lock-timeout MS] [--lock-wait SECONDS]\n"
    "\n"
    "Brings the database to the schema of this version: one transaction for each migration,\n"
    "forward only, while servers go on. Running it again does nothing. Run it as the database's\n"
    "owner. A database that is at a later version stays as it is, if that works with this one.\n"
    "It has no -o: see its exit code.\n"
    "\n"
    "The role of a server is a member of chancery_server, which sees every boundary, or is made\n"
    "by --node-role: then PostgreSQL itself keeps other boundaries' rows from it.\n"
    "\n"
    "  --database CONNINFO         connection string of libpq\n"
    "  --platform-admin-cert FILE  register this certificate (PEM) as a platform admin: the first\n"
    "                              one, who can then make tenants through the API\n"
    "  --node-role NAME            database role of nodes that serve only some boundaries; it is\n"
    "                              made if it doesn't exist, with LOGIN and without a password\n"
    "  --boundaries NAME,…         all boundaries that the role sees from now on\n"
    "  --keep-log MONTHS|forever   how long the audit log is kept, 1 to 1,200 months besides the\n"
    "                              present one: older months are announced in the platform's log,\n"
    "                              leave the log a week later, and are deleted. forever unless\n"
    "                              it was set\n"
    "  --lock-timeout MS           the longest wait for a lock of a table, behind which everybody\n"
    "                              else waits, 10 to 60,000; 200 unless it is given. A vacuum that\n"
    "                              PostgreSQL began by itself gives way after 1,000\n"
    "  --lock-wait SECONDS         how long a migration is tried again, with pauses, while others\n"
    "                              hold such a lock, up to 86,400; 60 unless it is given. So long\n"
    "                              it also waits for another chancery migrate, and an index of the\n"
    "                              log for each older transaction. It is told who they are\n"
    "\n"
    "  chancery migrate --database 'host=/run/postgresql dbname=chancery' \\\n"
    "      --platform-admin-cert admin.pem\n"
    "  chancery migrate --database 'host=/run/postgresql dbname=chancery' --keep-log 24\n"
    "  chancery migrate --database 'host=/run/postgresql dbname=chancery' \\\n"
    "      --node-role chancery_gov --boundaries gcc-high,dod\n"
    "\n"
    "Next: chancery doctor checks the rest; chancery tenant create makes the first tenant.\n";

enum {
    ROLE_NAME_MAX = 63,
    CONNINFO_BUDGET = 64 * 1024,
    LOCK_MS_MIN = 10,
    LOCK_MS_MAX = 60000,
    LOCK_WAIT_S_MAX = 86400,
};

/* On a terminal each migration says how long it took and how many are to come: one that makes an index of a large table
 * takes minutes. */
struct progress {
    struct mono_time began;
    int version; /* that runs; 0: none */
    bool is_terminal;
};

static void tell_done(const struct progress *progress)
{
    double seconds = (double)(clock_mono().ns - progress->began.ns) / 1e9;
    if (progress->is_terminal && progress->version > 0) {
        fprintf(stderr, "  %.1f s; %d of %zu\n", seconds, progress->version, MIGRATION_COUNT);
    }
}

static void report(void *ctx, int version, const char *name)
{
    struct progress *progress = ctx;
    tell_done(progress);
    printf("applying %04d %s\n", version, name);
    (void)fflush(stdout); /* it may take long */
    progress->version = version;
    progress->began = clock_mono();
}

static void say(void *ctx, const char *line)
{
    (void)ctx;
    printf("%s\n", line);
    (void)fflush(stdout);
}

/* Boundaries' names with commas between; "" is an empty list. */
static bool are_boundaries(const char *list)
{
    while (list[0] != '\0') {
        size_t len = strcspn(list, ",");
        if (!boundary_name_is_valid(slice_of(list, len))) {
            return false;
        }
        list += len;
        if (list[0] == ',' && *++list == '\0') {
            return false;
        }
    }
    return true;
}

struct migrate_args {
    const char *conninfo, *certificate, *role, *boundaries, *keep_log, *lock_timeout, *lock_wait;
    uint32_t months; /* of keep_log; 0: for ever */
    uint32_t lock_ms, wait_s;
};

static rc keep_log(const struct migrate_args *args, struct err *err)
{
    if (args->keep_log == NULL) {
        return OK;
    }
    TRY(migrate_keep_log(args->conninfo, args->months, err));
    if (args->months == 0) {
        puts("the audit log is kept for ever");
    } else {
        printf("the audit log is kept for %u months and the present one\n", args->months);
    }
    return OK;
}

static rc migrate(const struct migrate_args *args, struct err *err)
{
    unsigned char print[32];
    struct node_role role = {.name = args->role, .boundaries = args->boundaries};
    struct progress progress = {.is_terminal = isatty(STDERR_FILENO) == 1};
    const struct migrate_options options = {.conninfo = args->conninfo,
                                            .lock_ms = (int)args->lock_ms,
                                            .wait_s = (int)args->wait_s,
                                            .report = report,
                                            .say = say,
                                            .ctx = &progress};
    TRY(migrate_apply(&options, err));
    tell_done(&progress);
    if (args->certificate != NULL) {
        TRY(certificate_fingerprint(args->certificate, print, err));
        TRY(migrate_platform_admin(args->conninfo, "platform-admin", print, err));
    }
    TRY(keep_log(args, err));
    if (args->role == NULL) {
        return OK;
    }
    TRY(migrate_node_role(args->conninfo, &role, err));
    printf("role %s sees %s\n", role.name,
           role.boundaries[0] == '\0' ? "no boundary" : role.boundaries);
    if (role.unknown[0] != '\0') {
        printf("note: there is no boundary %s yet\n", role.unknown);
    }
    if (role.sinks[0] != '\0') {
        printf(
            "note: a new boundary's earlier records are behind sinks that go on where they are:\n"
            "      %s. Give such a sink another name in audit_sinks to have all of them\n",
            role.sinks);
    }
    return OK;
}

/* Secrets come from files: others can see arguments. */
static int check_conninfo(const char *text)
{
    struct conninfo conninfo;
    AUTO(arena_free_at) struct arena *arena = arena_new(CONNINFO_BUDGET);
    if (!conninfo_parse(arena, text, &conninfo, NULL).ok) {
        return usage_error(&command_migrate, "--database takes a connection string of libpq, such "
                                             "as 'host=/run/postgresql dbname=chancery'");
    }
    return conninfo.has_password
               ? usage_error(&command_migrate, "--database must not hold a password; use passfile=")
               : EXIT_OK;
}

static int read_one(const char *option, const char *text, uint32_t least, uint32_t most,
                    uint32_t *out)
{
    return text == NULL ? EXIT_OK : number_read(&command_migrate, option, text, least, most, out);
}

static int read_numbers(struct migrate_args *args)
{
    bool is_number = args->keep_log != NULL && strcmp(args->keep_log, "forever") != 0;
    const char *months = is_number ? args->keep_log : NULL;
    args->lock_ms = MIGRATE_LOCK_MS;
    args->wait_s = MIGRATE_WAIT_S;
    int code = read_one("--keep-log", months, 1, KEEP_LOG_MONTHS_MAX, &args->months);
    if (code == EXIT_OK) {
        code = read_one("--lock-timeout", args->lock_timeout, LOCK_MS_MIN, LOCK_MS_MAX,
                        &args->lock_ms);
    }
    return code == EXIT_OK
               ? read_one("--lock-wait", args->lock_wait, 0, LOCK_WAIT_S_MAX, &args->wait_s)
               : code;
}

static int check_usage(struct migrate_args *args)
{
    if (args->conninfo == NULL) {
        return usage_error(&command_migrate, "--database is required");
    }
    if (check_conninfo(args->conninfo) != EXIT_OK) {
        return EXIT_USAGE;
    }
    if ((args->role == NULL) != (args->boundaries == NULL)) {
        return usage_error(&command_migrate, "--node-role and --boundaries belong together");
    }
    if (args->role != NULL && (args->role[0] == '\0' || strlen(args->role) > ROLE_NAME_MAX)) {
        return usage_error(&command_migrate, "--node-role needs a name of 1 to 63 bytes");
    }
    if (args->boundaries != NULL && !are_boundaries(args->boundaries)) {
        return usage_error(&command_migrate,
                           "--boundaries are names separated by commas, such as gcc-high,dod");
    }
    return read_numbers(args);
}

static int run(int argc, char **argv)
{
    struct migrate_args args = {0};
    const struct option_spec specs[] = {
        {"--database", &args.conninfo, NULL, NULL},
        {"--platform-admin-cert", &args.certificate, NULL, NULL},
        {"--node-role", &args.role, NULL, NULL},
        {"--boundaries", &args.boundaries, NULL, NULL},
        {"--keep-log", &args.keep_log, NULL, NULL},
        {"--lock-timeout", &args.lock_timeout, NULL, NULL},
        {"--lock-wait", &args.lock_wait, NULL, NULL},
    };
    struct err err = {0};
    if (options_take(&command_migrate, specs, sizeof specs / sizeof specs[0], argc, argv) != 1) {
        return usage_error(&command_migrate, "it takes no operands");
    }
    if (check_usage(&args) != EXIT_OK) {
        return EXIT_USAGE;
    }
    if (!migrate(&args, &err).ok) {
        return fail_with(&command_migrate, &err);
    }
    puts("the database is up to date");
    return EXIT_OK;
}

const struct command command_migrate = {.name = "migrate",
                                        .summary = "bring a database to the schema of this version",
                                        .help = HELP,
                                        .run = run};
