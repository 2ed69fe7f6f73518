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

#define SOCKET_NAME ".s.PGSQL.5432"
#define SOCKET_OPTIONS_FORMAT \
    "-k '%s' -c listen_addresses='' -c unix_socket_permissions=0700 -c max_connections=100"

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
    return arena_printf(dev->arena, "host='%s/postgres' dbname=postgres user=chancery_owner",
                        dev->folder);
}

const char *dev_server_conninfo(const struct dev *dev)
{
    return arena_printf(dev->arena, "host='%s/postgres' dbname=postgres user=chancery_dev",
                        dev->folder);
}

static const char *data_folder(const struct dev *dev)
{
    return dev_path(dev, "postgres/data");
}

static const char *pid_file(const struct dev *dev)
{
    return dev_path(dev, "postgres/data/postmaster.pid");
}

/* pg_ctl and the server itself take any process of that number and user for it. */
bool dev_postgres_is_running(const struct dev *dev)
{
    return dev_process_has(dev_pid_in(pid_file(dev)), data_folder(dev));
}

/* After a power loss the numbers in PostgreSQL's lock files may be those of other processes, or be
 * lost, and then it refuses to start. Where the process is gone, it sees by itself what is left. */
static rc forget_power_loss(const struct dev *dev, struct err *err)
{
    pid_t pid = dev_pid_in(pid_file(dev));
    bool is_other = pid == 0 || kill(pid, 0) == 0 || errno == EPERM;
    if (dev_exists(pid_file(dev)) && is_other) {
        if (dev_folder_is_in_use(data_folder(dev))) {
            FAIL(err, R_STARTUP_FAILED, "processes work in %s, and %s doesn't name them",
                 data_folder(dev), pid_file(dev));
        }
        TRY(unlink(pid_file(dev)) == 0 ? OK : dev_failed(pid_file(dev), err));
    }
    (void)unlink(dev_path(dev, "postgres/" SOCKET_NAME ".lock"));
    return OK;
}

/* Only its user can reach the socket, so "trust" lets nobody else in. Beside its place first: what a
 * power loss leaves of it is no cluster. */
static rc make_cluster(struct dev *dev, struct err *err)
{
    const char *folder = dev_path(dev, "postgres");
    const struct passwd *user = geteuid() == 0 ? getpwnam("postgres") : NULL;
    TRY(dev_mkdir(folder, err));
    TRY(chmod(folder, 0700) == 0 ? OK : dev_failed(folder, err));
    if (user != NULL) {
        TRY(chown(folder, user->pw_uid, user->pw_gid) == 0 ? OK : dev_failed(folder, err));
    }
    if (dev_exists(dev_path(dev, "postgres/data/PG_VERSION"))) {
        return OK;
    }
    TRY(dev_remove(dev_path(dev, "postgres/data.new"), err));
    const char *argv[] = {program(dev, "initdb"),
                          "-D",
                          dev_path(dev, "postgres/data.new"),
                          "-U",
                          "chancery_owner",
                          "-A",
                          "trust",
                          "-E",
                          "UTF8",
                          "--no-locale",
                          NULL};
    TRY(dev_run(dev, argv, true, err));
    return rename(dev_path(dev, "postgres/data.new"), data_folder(dev)) == 0
               ? OK
               : dev_failed(data_folder(dev), err);
}

rc dev_postgres_start(struct dev *dev, struct err *err)
{
    TRY(find_programs(dev, err));
    TRY(make_cluster(dev, err));
    if (dev_postgres_is_running(dev)) {
        return OK;
    }
    TRY(forget_power_loss(dev, err));
    const char *folder = dev_path(dev, "postgres");
    const char *argv[] = {program(dev, "pg_ctl"),
                          "start",
                          "-w",
                          "-s",
                          "-D",
                          data_folder(dev),
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
    const char *argv[] = {program(dev, "pg_ctl"), "stop", "-w", "-s", "-m", "fast", "-D",
                          data_folder(dev),       NULL};
    return dev_run(dev, argv, true, err);
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
    const struct migrate_options options = {
        .conninfo = dev_owner_conninfo(dev), .lock_ms = MIGRATE_LOCK_MS, .wait_s = MIGRATE_WAIT_S};
    TRY(migrate_apply(&options, err));
    TRY(make_role(dev, err));
    TRY(dev_fingerprint(dev, "platform-admin", print, err));
    return migrate_platform_admin(dev_owner_conninfo(dev), "platform-admin", print, err);
}
