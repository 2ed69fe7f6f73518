# SPDX-License-Identifier: Apache-2.0
"""Durability, isolation and what statements mean rested on settings of PostgreSQL that nobody set or looked at. With
`synchronous_commit = off` of the role, 20 licenses were held after a crash of PostgreSQL, and 13 to 18 records."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile

import psycopg2
import pytest

from authority import BUILD
from clusters import migrated_cluster
from pg_hosts import conninfo, dead_port
from postgres import Postgres
from waiting import eventually

LICENSES = 20


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


@pytest.fixture
def node_on(authority):
    with contextlib.ExitStack() as stack:
        def start(said=None):
            said = said or authority.postgres.server_conninfo
            node = authority.node(workers=1, database={**authority.config["database"], "conninfo": said})
            stack.callback(node.stop)
            return node.start(ready=False)
        yield start


@pytest.fixture
def sql(world):
    """Owner's statements, each on a connection of its own: settings are of new ones."""
    def run(*statements):
        connection = psycopg2.connect(world.a.postgres.conninfo)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()
    return run


def doctor(node):
    """What stands behind `settings` in the doctor's report, and the lines below it."""
    node.write("chanceryd.yaml", json.dumps(node.config).encode())
    done = subprocess.run([f"{BUILD}/cli/chancery", "doctor", "--config", f"{node.folder}/chanceryd.yaml"],
                          capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    at = next((n for n, line in enumerate(lines) if line.startswith("settings")), None)
    assert at is not None, done.stdout + done.stderr
    return lines[at].split()[1], " ".join(lines[at + 1:at + 3])


def unfit(node, reason, detail):
    """The node serves nobody and says why, and so does the doctor."""
    line = node.wait_for_log("db.unfit")
    assert (line["reason"], line["level"]) == (reason, "error") and detail in line["detail"], line
    assert line["what"] and line["advice"]
    page = eventually(lambda: found if (found := node.page("/readyz"))[1].startswith(reason) else None,
                      lambda: f"/readyz says {reason}: {node.page('/readyz')}")
    assert page[0] == 503 and line["what"] in page[1] and line["advice"] in page[1]
    said, why = doctor(node)
    assert said == reason and detail in why


BAD = {
    "fsync": (["ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"],
              ["ALTER SYSTEM RESET fsync", "SELECT pg_reload_conf()"], "DATABASE_NOT_DURABLE", "fsync=off"),
    "pages": (["ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()"],
              ["ALTER SYSTEM RESET full_page_writes", "SELECT pg_reload_conf()"], "DATABASE_NOT_DURABLE",
              "full_page_writes=off"),
    "superuser": (["ALTER ROLE server SUPERUSER"], ["ALTER ROLE server NOSUPERUSER"], "DATABASE_ROLE_TOO_POWERFUL",
                  "server may act as server"),
    "bypass": (["ALTER ROLE server BYPASSRLS"], ["ALTER ROLE server NOBYPASSRLS"], "DATABASE_ROLE_TOO_POWERFUL", "server"),
    "create roles": (["ALTER ROLE server CREATEROLE"], ["ALTER ROLE server NOCREATEROLE"], "DATABASE_ROLE_TOO_POWERFUL",
                     "server"),
    "owner": (["ALTER TABLE audit OWNER TO server"], ["ALTER TABLE audit OWNER TO owner"], "DATABASE_ROLE_TOO_POWERFUL",
              "server"),
    "member of the owner": (["CREATE ROLE boss", "ALTER TABLE audit OWNER TO boss", "GRANT boss TO server"],
                            ["ALTER TABLE audit OWNER TO owner", "DROP ROLE boss"], "DATABASE_ROLE_TOO_POWERFUL", "boss"),
    "changes the log": (["GRANT UPDATE ON audit TO chancery_server"], ["REVOKE UPDATE ON audit FROM chancery_server"],
                        "DATABASE_ROLE_TOO_POWERFUL", "server may change audit"),
    "not isolated": (["ALTER TABLE content DISABLE ROW LEVEL SECURITY"], ["ALTER TABLE content ENABLE ROW LEVEL SECURITY"],
                     "DATABASE_NOT_ISOLATED", "content"),
    "replica": (["ALTER ROLE server SET session_replication_role = replica"],
                ["ALTER ROLE server RESET session_replication_role"], "DATABASE_SETTINGS_LOST",
                "session_replication_role=replica"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_what_cannot_be_set_is_looked_at(node_on, sql, case):
    before, after, reason, detail = BAD[case]
    sql(*before)
    try:
        node = node_on()
        unfit(node, reason, detail)
    finally:
        sql(*after)
    eventually(node.is_ready, lambda: f"the node is ready: {node.log[-5:]}")
    assert doctor(node)[0] == "ok"


def test_a_database_of_another_encoding_is_refused(node_on, sql, world):
    sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    unfit(node_on(world.a.postgres.server_conninfo.replace("dbname=postgres", "dbname=latin")), "DATABASE_NOT_UTF8",
          "LATIN1")


def test_a_standby_is_refused_by_name(node_on):
    standby = Postgres(migrated_cluster(), durable=False)
    try:
        standby.sql("CREATE ROLE server LOGIN IN ROLE chancery_server")
        standby.stop()
        with open(f"{standby.folder}/data/standby.signal", "w", encoding="ascii"):
            pass
        standby.start()
        unfit(node_on(f"{standby.server_conninfo} target_session_attrs=standby"), "DATABASE_READ_ONLY", "recovery")
    finally:
        standby.close()


@pytest.fixture
def bouncer(authority):
    """A PgBouncer before the database, in a pool mode."""
    if not shutil.which("pgbouncer"):
        pytest.skip("pgbouncer is not installed: scripts/install-deps test")
    with contextlib.ExitStack() as stack:
        def start(mode):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chancery-bouncer-"))
            os.chmod(folder, 0o755)
            port = dead_port()
            with open(f"{folder}/users", "w", encoding="ascii") as file:
                file.write('"server" ""\n')
            with open(f"{folder}/ini", "w", encoding="ascii") as file:
                file.write(f"[databases]\npostgres = host={authority.postgres.folder} dbname=postgres\n[pgbouncer]\n"
                           f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
                           f"auth_file = {folder}/users\npool_mode = {mode}\nignore_startup_parameters = options\n")
            user = authority.postgres.user
            process = subprocess.Popen([*(["setpriv", f"--reuid={user}", "--clear-groups"] if user else []), "pgbouncer",
                                        "-q", f"{folder}/ini"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            eventually(lambda: subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)],
                                              check=False).returncode == 0, "pgbouncer answers")
            return conninfo([("127.0.0.1", port)])
        yield start


@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_a_pooler_is_refused(node_on, bouncer, mode):
    unfit(node_on(bouncer(mode)), "DATABASE_POOLED", "backend")


ODD = ["default_transaction_read_only = on", "default_transaction_isolation = 'serializable'", "search_path = pg_catalog",
       "row_security = off", "standard_conforming_strings = off", "DateStyle = 'German'", "bytea_output = 'escape'",
       "TimeZone = 'Asia/Kathmandu'", "lock_timeout = 1", "statement_timeout = 1", "transform_null_equals = on",
       "idle_in_transaction_session_timeout = 1", "client_encoding = 'SQL_ASCII'", "plan_cache_mode = force_custom_plan"]


def test_what_a_session_may_set_is_set(world, node_on, sql):
    sql(*(f"ALTER ROLE server SET {setting}" for setting in ODD))
    try:
        node = node_on()
        eventually(node.is_ready, lambda: f"the node is ready: {node.log[-5:]}")
        made = world.protect(on=node, display_name="Grüße")
        assert world.acquire(made, token=world.bob, on=node).use_license
    finally:
        sql("ALTER ROLE server RESET ALL")


@pytest.mark.parametrize("where,value", [("ROLE server", "off"), ("DATABASE postgres", "off"), ("SYSTEM", "off"),
                                         ("ROLE server", "local"), ("ROLE server", "remote_write")])
def test_no_license_outlives_its_record(world, node_on, sql, where, value):
    """PostgreSQL is killed before it would have written by itself."""
    postgres = world.a.postgres
    sql("ALTER SYSTEM SET wal_writer_delay = '10s'", f"ALTER {where} SET synchronous_commit = {value}",
        "SELECT pg_reload_conf()")
    try:
        node = node_on()
        eventually(node.is_ready, lambda: f"the node is ready: {node.log[-5:]}")
        made = world.protect(on=node)
        held = {world.acquire(made, token=world.bob, on=node).use_license for _ in range(LICENSES)}
        postgres.stop(signal.SIGKILL)
        postgres.start()
        kept = int(world.sql(f"SELECT count(*) FROM audit WHERE granted AND content = '{made.content_id}'"))
        assert (len(held), kept) == (LICENSES, LICENSES + 1)  # and that it was protected
    finally:
        sql("ALTER SYSTEM RESET ALL", f"ALTER {where} RESET synchronous_commit", "SELECT pg_reload_conf()")


def test_migrations_mean_the_same_everywhere():
    """The owner's settings put tables elsewhere, or ended a migration."""
    postgres = Postgres(durable=False)
    try:
        for setting in ("search_path = pg_catalog", "default_transaction_read_only = on", "statement_timeout = 1",
                        "standard_conforming_strings = off", "client_encoding = 'LATIN1'"):
            postgres.sql(f"ALTER ROLE owner SET {setting}")
        done = subprocess.run([f"{BUILD}/cli/chancery", "migrate", "--database", postgres.conninfo], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, done.stderr
        # On the connection of before, which has the defaults.
        assert postgres.sql("SELECT to_regclass('public.audit') IS NOT NULL AND"
                            " to_regclass('public.schema_migration') IS NOT NULL") == "t"
    finally:
        postgres.close()


def test_more_than_on_is_kept(world, node_on, sql):
    sql("ALTER ROLE server SET synchronous_commit = remote_apply")
    try:
        node = node_on()
        eventually(node.is_ready, lambda: f"the node is ready: {node.log[-5:]}")
    finally:
        sql("ALTER ROLE server RESET synchronous_commit")
