/* SPDX-License-Identifier: Apache-2.0 */
/* chancery migrate */
#include <stdio.h>

#include "cli/certificate.h"
#include "cli/command.h"
#include "store/migrations.h"

static const char HELP[] =
    "usage: chancery migrate --database CONNINFO [--platform-admin-cert FILE]\n"
    "\n"
    "Brings the database to the schema of this version: one transaction per migration, forward only. Again is\n"
    "no error. Run it as the database's owner; the server's own role only needs to be a member of\n"
    "chancery_server, which the first migration makes.\n"
    "\n"
    "  --database CONNINFO          libpq connection string, e.g. 'host=/run/postgresql dbname=chancery'\n"
    "  --platform-admin-cert FILE   register this certificate (PEM) as a platform admin: the first one, who\n"
    "                               can then make tenants through the API\n";

static void report(void *ctx, int version, const char *name)
{
    (void)ctx;
    printf("applying %04d %s\n", version, name);
}

static rc migrate(const char *conninfo, const char *certificate, struct err *err)
{
    unsigned char print[32];
    TRY(migrate_apply(conninfo, report, NULL, err));
    if (certificate != NULL) {
        TRY(certificate_fingerprint(certificate, print, err));
        TRY(migrate_platform_admin(conninfo, "platform-admin", print, err));
    }
    return OK;
}

static int run(int argc, char **argv)
{
    const char *conninfo = NULL, *certificate = NULL;
    const struct option_spec specs[] = {
        {"--database", &conninfo, NULL, NULL},
        {"--platform-admin-cert", &certificate, NULL, NULL},
    };
    struct err err = {0};
    if (options_take(&command_migrate, specs, 2, argc, argv) != 1) {
        return usage_error(&command_migrate, "there are no operands");
    }
    if (conninfo == NULL) {
        return usage_error(&command_migrate, "--database is required");
    }
    if (!migrate(conninfo, certificate, &err).ok) {
        return fail_with(&command_migrate, &err);
    }
    puts("the database is up to date");
    return EXIT_OK;
}

const struct command command_migrate = {.name = "migrate",
                                        .summary = "bring a database to the schema of this version",
                                        .help = HELP,
                                        .run = run};
