# SPDX-License-Identifier: Apache-2.0
"""A migration of the owners' notices rewrote all that wait, and made two indexes, under a lock that every decision with a notice waits
for. It has that done beforehand now: piece by piece, and concurrently."""
import glob
import hashlib
import os
import subprocess
import threading

import psycopg2
import pytest

from command import CHANCERY
from postgres import Postgres
from waiting import eventually

FOLDER = f"{os.path.dirname(os.path.abspath(__file__))}/../../migrations"
TENANT = "11111111-1111-4111-8111-111111111111"
OWNER = f"{'a' * 250}@contoso.com"  # so that the table is a large one: 16 MiB
ROW = f"('{TENANT}', gen_random_uuid(), '{OWNER}', now(), now() + interval '5 minutes', now()"
NOTICES = 60000


@pytest.fixture(name="before", scope="module")
def fixture_before():
    """A database as it was before the notices' boundaries, with many that wait."""
    postgres = Postgres(durable=False)
    postgres.sql("CREATE TABLE schema_migration (version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, "
                 "applied_at timestamptz NOT NULL DEFAULT now())")
    for path in sorted(glob.glob(f"{FOLDER}/*.sql")):
        number, name = os.path.basename(path).removesuffix(".sql").split("_", 1)
        if name == "notice_turns":
            break
        with open(path, encoding="utf-8") as file:
            text = file.read()
        postgres.sql(text)
        postgres.sql(f"INSERT INTO schema_migration (version, name, sha256) VALUES ({int(number)}, '{name}', "
                     f"'{hashlib.sha256(text.encode()).hexdigest()}')")
    postgres.sql(f"INSERT INTO tenant (tenant, name, display_name, boundary, state, license_cap_days) VALUES ('{TENANT}', 'contoso', "
                 "'Contoso', 'gcc-high', 1, 30)")
    postgres.sql(f"INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at, mail_state) SELECT {ROW[1:]}, "
                 f"1 + n % 2 FROM generate_series(1, {NOTICES}) n")
    yield postgres
    postgres.close()


def test_decisions_go_on_while_what_waits_is_rewritten(before):
    """Notices are made all the time, each by a transaction that waits for no lock longer than a moment."""
    stop, made, failed = threading.Event(), [], []

    def decide():
        connection = psycopg2.connect(before.conninfo)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
            while not stop.is_set():
                try:
                    cursor.execute(f"INSERT INTO owner_notice (tenant, content, owner, begins_at, ends_at, mail_at) VALUES {ROW})")
                    made.append(1)
                except psycopg2.Error as error:
                    failed.append(error)
        connection.close()

    thread = threading.Thread(target=decide, daemon=True)
    thread.start()
    try:
        eventually(lambda: len(made) > 10, "decisions are made")
        done = subprocess.run([CHANCERY, "migrate", "--database", before.conninfo], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "making owner_notice_due on owner_notice\n" in done.stdout  # concurrently
        behind = len(made)
        eventually(lambda: failed or len(made) > behind + 10, "decisions go on")
    finally:
        stop.set()
        thread.join(60)
    assert not failed
    found = dict(line.split("|") for line in before.sql(
        "SELECT mail_state || boundary, count(*) FROM owner_notice GROUP BY 1").splitlines())
    assert found == {"1gcc-high": str(NOTICES // 2 + len(made)), "2": str(NOTICES // 2)}
    assert before.sql("SELECT count(*) FROM pg_index WHERE indrelid = 'owner_notice'::regclass AND NOT indisvalid") == "0"


def test_there_is_nothing_left_of_it(before):
    assert before.sql("SELECT count(*) FROM pg_proc WHERE proname = 'owner_notice_fill'") == "0"
    assert before.sql("SELECT to_regclass('owner_notice_to_mail') IS NULL") == "t"
