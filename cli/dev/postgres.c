/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/dev/dev.h"
#include "store/migrate/migrate.h"

#define SOCKET_OPTIONS_FORMAT \
    "-k %s -c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=100"

/* Debian keeps the programs of each version in a folder of their own, outside PATH. */
static rc find_programs(struct dev *dev, struct err *err)
{
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0 || found.gl_pathc == 0) {
        FAIL(err, R_STARTUP_FAILED, "PostgreSQL is not installed: apt-get install postgresql");
    }
    dev->bin = arena_strdup(dev->arena, found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    ARENA_ENSURE(dev->bin, err);
    return OK;
}

static const char *program(const struct dev *dev, const char *name)
{
    return arena_printf(dev->arena, "%s/%s", dev->bin, name);
}

const char *dev_owner_conninfo(const struct dev *dev)
{
    return arena_printf(dev->arena, "host=%s/postgres dbname=postgres user=chancery_owner",
                        dev->folder);
}

const char *dev_server_conninfo(const struct dev *dev)
{
    return arena_printf(dev->arena, "host=%s/postgres dbname=postgres user=chancery_dev",
                        dev->folder);
}

static pid_t postmaster(const struct dev *dev)
{
    long pid = 0;
    FILE *file = fopen(dev_path(dev, "postgres/data/postmaster.pid"), "re");
    if (file != NULL) {
        if (fscanf(file, "%ld", &pid) != 1) {
            pid = 0;
        }
        fclose(file);
    }
    return (pid_t)pid;
}

bool dev_postgres_is_running(const struct dev *dev)
{
    pid_t pid = postmaster(dev);
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

/* Only its user can reach the socket, so "trust" lets nobody else in. */
static rc make_cluster(struct dev *dev, struct err *err)
{
    const char *folder = dev_path(dev, "postgres");
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    TRY(dev_mkdir(folder, err));
    ENSURE(chmod(folder, 0700) == 0, err, R_STARTUP_FAILED);
    if (user != NULL) {
        ENSURE(chown(folder, user->pw_uid, user->pw_gid) == 0, err, R_STARTUP_FAILED);
    }
    if (dev_exists(dev_path(dev, "postgres/data/PG_VERSION"))) {
        return OK;
    }
    const char *argv[] = {program(dev, "initdb"),
                          "-D",
                          dev_path(dev, "postgres/data"),
                          "-U",
                          "chancery_owner",
                          "-A",
                          "trust",
                          "-E",
                          "UTF8",
                          "--no-locale",
                          NULL};
    return dev_run(dev, argv, true, err);
}

rc dev_postgres_start(struct dev *dev, struct err *err)
{
    TRY(find_programs(dev, err));
    TRY(make_cluster(dev, err));
    if (dev_postgres_is_running(dev)) {
        return OK;
    }
    const char *folder = dev_path(dev, "postgres");
    const char *argv[] = {program(dev, "pg_ctl"),
                          "start",
                          "-w",
                          "-s",
                          "-D",
                          dev_path(dev, "postgres/data"),
                          "-l",
                          dev_path(dev, "postgres/log"),
                          "-o",
                          arena_printf(dev->arena, SOCKET_OPTIONS_FORMAT, folder),
                          NULL};
    return dev_run(dev, argv, true, err);
}

rc dev_postgres_stop(struct dev *dev, struct err *err)
{
    if (!dev_postgres_is_running(dev)) {
        return OK;
    }
    TRY(find_programs(dev, err));
    const char *argv[] = {program(dev, "pg_ctl"),         "stop", "-w", "-s", "-m", "fast", "-D",
                          dev_path(dev, "postgres/data"), NULL};
    return dev_run(dev, argv, true, err);
}

static void quiet(void *ctx, int version, const char *name)
{
    (void)ctx;
    (void)version;
    (void)name;
}

static rc make_role(struct dev *dev, struct err *err)
{
    static const char sql[] =
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_dev') THEN "
        "CREATE ROLE chancery_dev LOGIN IN ROLE chancery_server; END IF; END $$";
    const char *argv[] = {program(dev, "psql"),    "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                          dev_owner_conninfo(dev), "-c", sql,  NULL};
    return dev_run(dev, argv, true, err);
}

rc dev_database(struct dev *dev, struct err *err)
{
    unsigned char print[32];
    TRY(migrate_apply(dev_owner_conninfo(dev), quiet, NULL, err));
    TRY(make_role(dev, err));
    TRY(dev_fingerprint(dev, "platform-admin", print, err));
    return migrate_platform_admin(dev_owner_conninfo(dev), "platform-admin", print, err);
}
