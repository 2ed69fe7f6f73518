/* SPDX-License-Identifier: Apache-2.0 */
/* What is left to do, as commands that can be copied. All names in them are plain (command.c), so only a connection
 * string needs quotes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/init/init.h"

enum { UNPRIVILEGED_PORT = 1024 };

static void step(unsigned *number, const char *what)
{
    printf("\n%u. %s\n", ++*number, what);
}

/* --- the database ----------------------------------------------------------------------------- */

/* By what of the server's connection a superuser comes to the same PostgreSQL. */
static const char *place(const struct init *init)
{
    static const char *const kept[] = {"sslmode", "sslrootcert"};
    const char *text = "", *hosts = "", *ports = "";
    for (size_t i = 0; i < init->database.host_count; i++) {
        const struct conninfo_host *host = &init->database.hosts[i];
        const char *comma = i == 0 ? "" : ",";
        hosts = init_text(init, "%s%s%s", hosts, comma, host->host);
        ports = init_text(init, "%s%s%s", ports, comma, host->port);
    }
    text = hosts[0] == '\0' ? text : init_text(init, "host=%s ", hosts);
    text = strspn(ports, ",") == strlen(ports) ? text : init_text(init, "%sport=%s ", text, ports);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        const char *value = conninfo_get(&init->database, kept[i]);
        text = value[0] == '\0' ? text : init_text(init, "%s%s=%s ", text, kept[i], value);
    }
    return text;
}

/* On this machine the superuser is a user of it. */
static bool is_by_peer(const struct init *init)
{
    return init->is_root && init->database.host_count == 1 &&
           conninfo_is_local(&init->database.hosts[0]);
}

static void tell_database(const struct init *init, unsigned *number)
{
    const char *as = is_by_peer(init) ? "runuser -u postgres -- " : "", *where = place(init);
    step(number,
         is_by_peer(init)
             ? "Make the database, its roles and its tables, and register the first admin:"
             : "The same as a superuser of that PostgreSQL (PGUSER and PGPASSFILE say which):");
    printf("   %spsql -qv ON_ERROR_STOP=1 -d \"%sdbname=postgres\" <%s\n", as, where,
           init_path(init, "roles.sql"));
    printf("   %s%s migrate --database \"%sdbname=%s options='-c role=" INIT_OWNER "'\" \\\n"
           "       --platform-admin-cert /dev/stdin <%s\n",
           as, init->program, where, init->db_name, init_path(init, "admin/admin.pem"));
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Debian's PostgreSQL would refuse the server, which is known before it is started. */
static bool is_other_by_peer(const struct init *init)
{
    return init->database.host_count == 1 && conninfo_is_local(&init->database.hosts[0]) &&
           conninfo_get(&init->database, "passfile")[0] == '\0' &&
           strcmp(init->user, init->db_user) != 0;
}

static void tell_server(const struct init *init, unsigned *number)
{
    const char *config = init_path(init, "chanceryd.yaml");
    const char *as =
        init->is_root && init->uid != 0 ? init_text(init, "runuser -u %s -- ", init->user) : "";
    step(number, "Check what there is, and start:");
    if (strtol(init->port, NULL, 10) < UNPRIVILEGED_PORT) {
        printf(
            "   (a port below 1024 needs a right that systemd gives: docs/install.md, step 6)\n");
    }
    if (is_other_by_peer(init)) {
        printf(
            "   (by a socket PostgreSQL lets %s in as %s only if pg_hba.conf or pg_ident.conf says so;\n"
            "   by default, peer, names must be the same: --user, or user= of --database)\n",
            init->user, init->db_user);
    }
    printf("   %s%s --config %s --check-config\n", as, init->daemon, config);
    if (init->unit != NULL) {
        printf("   systemctl daemon-reload && systemctl enable --now chanceryd\n");
    } else {
        printf("   %s%s --config %s\n", as, init->daemon, config);
    }
}

/* 0.0.0.0 is no address to go to. */
static const char *here(const struct init *init)
{
    bool is_any = strncmp(init->listen, "0.0.0.0:", 8) == 0;
    return init_text(init, "%s%s", is_any ? "127.0.0.1" : "", init->listen + (is_any ? 7 : 0));
}

static void tell_admin(const struct init *init, unsigned *number)
{
    step(number, "As the first admin, whose key should leave this machine:");
    printf("   %s context add platform --server https://%s --authority-url %s \\\n"
           "       --ca %s --certificate %s \\\n"
           "       --key %s\n"
           "   %s whoami --profile platform\n",
           init->program, here(init), init->url, init_path(init, "tls.pem"),
           init_path(init, "admin/admin.pem"), init_path(init, "admin/admin.key"), init->program);
}

void init_tell_next(const struct init *init)
{
    unsigned number = 0;
    printf("\nNext:\n");
    step(&number, "Keep two copies of the root key, apart from each other and from the database's");
    printf("   backups; without it nothing opens any more: %s\n", init_path(init, "root.key"));
    step(&number,
         "Put a certificate that your clients trust, with its chain, in place of the one that was");
    printf("   made for 30 days: %s, and its key %s\n", init_path(init, "tls.pem"),
           init_path(init, "tls.key"));
    if (init->superuser == NULL) {
        tell_database(init, &number);
    }
    tell_server(init, &number);
    tell_admin(init, &number);
    printf("\ndocs/install.md goes on from there (step 8): the first tenant.\n");
}
