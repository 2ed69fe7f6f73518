/* SPDX-License-Identifier: Apache-2.0 */
/* chancery migrate */
#include <stdio.h>
#include <string.h>

#include "cli/certificate.h"
#include "cli/command.h"
#include "domain/values/boundary.h"
#include "domain/values/role.h"
#include "store/migrate/migrate.h"

static const char HELP[] =
    "usage: chancery migrate --database CONNINFO [--platform-admin-cert FILE]\n"
    "                        [--node-role NAME --boundaries NAME,…]\n"
    "\n"
    "Brings the database to the schema of this version: one transaction per migration, forward only. Again is\n"
    "no error. Run it as the database's owner. A server's own role is a member of chancery_server, which sees\n"
    "every boundary, or is made by --node-role: then PostgreSQL itself keeps other boundaries' rows from it.\n"
    "\n"
    "  --database CONNINFO          libpq connection string, e.g. 'host=/run/postgresql dbname=chancery'\n"
    "  --platform-admin-cert FILE   register this certificate (PEM) as a platform admin: the first one, who\n"
    "                               can then make tenants through the API\n"
    "  --node-role NAME             database role of nodes that serve only some boundaries; made if there is\n"
    "                               none, with LOGIN and no password\n"
    "  --boundaries NAME,…          all the boundaries that the role sees from now on, e.g. gcc-high,dod\n";

enum { ROLE_NAME_MAX = 63 };

static void report(void *ctx, int version, const char *name)
{
    (void)ctx;
    printf("applying %04d %s\n", version, name);
}

/* Names separated by commas, each a boundary's. */
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
    const char *conninfo, *certificate, *role, *boundaries;
};

static rc migrate(const struct migrate_args *args, struct err *err)
{
    unsigned char print[32];
    struct node_role role = {.name = args->role, .boundaries = args->boundaries};
    TRY(migrate_apply(args->conninfo, report, NULL, err));
    if (args->certificate != NULL) {
        TRY(certificate_fingerprint(args->certificate, print, err));
        TRY(migrate_platform_admin(args->conninfo, "platform-admin", print, err));
    }
    if (args->role == NULL) {
        return OK;
    }
    TRY(migrate_node_role(args->conninfo, &role, err));
    printf("role %s sees %s\n", role.name,
           role.boundaries[0] == '\0' ? "no boundary" : role.boundaries);
    if (role.unknown[0] != '\0') {
        printf("note: there is no boundary %s yet\n", role.unknown);
    }
    return OK;
}

static int check_usage(const struct migrate_args *args)
{
    if (args->conninfo == NULL) {
        return usage_error(&command_migrate, "--database is required");
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
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    struct migrate_args args = {0};
    const struct option_spec specs[] = {
        {"--database", &args.conninfo, NULL, NULL},
        {"--platform-admin-cert", &args.certificate, NULL, NULL},
        {"--node-role", &args.role, NULL, NULL},
        {"--boundaries", &args.boundaries, NULL, NULL},
    };
    struct err err = {0};
    if (options_take(&command_migrate, specs, 4, argc, argv) != 1) {
        return usage_error(&command_migrate, "there are no operands");
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
