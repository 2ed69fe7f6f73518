# SPDX-License-Identifier: Apache-2.0
"""deploy/backup and deploy/restore-drill: what is backed up can be restored, and a backup that can't be is found out."""
import concurrent.futures
import json
import os
import secrets
import shutil
import subprocess
import tempfile

import psycopg2
import pytest

from authority import BUILD, Issuer
from command import SAMPLE, protect, with_certificate, with_token
from jwks_server import make_certificate, serve

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy")


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 1}


def backup(world, name, expect=0):
    done = subprocess.run([f"{DEPLOY}/backup", "--database", world.a.postgres.conninfo, f"{world.a.folder}/{name}"],
                          capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == expect, (done.stdout, done.stderr)
    return done


def in_path(folder, program, before):
    """An environment whose program of this name does something else first."""
    os.makedirs(folder)
    with open(f"{folder}/{program}", "w", encoding="ascii") as file:
        file.write(f'#!/bin/bash\n{before}\nexec {shutil.which(program)} "$@"\n')
    os.chmod(f"{folder}/{program}", 0o755)
    return dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}")


def drill(world, name, *more, root_key=None, expect=0):
    done = subprocess.run([f"{DEPLOY}/restore-drill", "--build", BUILD, "--root-key", root_key or f"{world.a.folder}/root.key",
                           "--authority-url", world.a.config["authority_url"], *more, f"{world.a.folder}/{name}"],
                          capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == expect, (done.stdout, done.stderr)
    return done


@pytest.fixture(scope="module")
def world(world):
    """With protected mail, licenses and a backup, made while others ask for licenses."""
    with_certificate(world, "edge", world.gateway)
    with_token(world, "bob", world.bob)
    with_token(world, "mallory", world.mallory)
    protect(world, SAMPLE, f"{world.a.folder}/old.eml")
    world.acquire(world.made, world.bob)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        load = [pool.submit(world.acquire, world.made, world.bob) for _ in range(200)]
        backup(world, "backup")
        for license_ in load:
            license_.result()
    return world


def damaged(world, name, change):
    """A copy of the backup that was changed, and whose sums of files were made anew."""
    folder = f"{world.a.folder}/{name}"
    shutil.copytree(f"{world.a.folder}/backup", folder)
    change(folder)
    subprocess.run("sha256sum about database.dump roles.sql sums >SHA256SUMS", shell=True, cwd=folder, check=True)
    return name


def test_what_was_backed_up_is_restored_and_opens(world):
    told = drill(world, "backup", "--open", f"{world.a.folder}/old.eml", "--token", f"{world.a.folder}/bob.token")
    words = [line.split()[0] for line in told.stdout.splitlines()]
    assert words == ["whole", "restored", "sums", "node", "opened", "The"], told.stdout
    with open(f"{world.a.folder}/backup/sums", encoding="ascii") as file:
        sums = {line.split("|")[0]: int(line.split("|")[1]) for line in file}
    assert 0 < sums["audit"] <= int(world.sql("SELECT count(*) FROM audit")) and sums["content"] > 0
    assert f"the audit log {sums['audit']}" in told.stdout


def test_a_provider_with_a_certificate_of_ones_own_authority(world, tmp_path):
    """Of the nodes' configuration counts how keys are fetched: a sink, for one, is not fed."""
    issuer = Issuer("https://inner.fabrikam.com")
    make_certificate(tmp_path)
    (tmp_path / "jwks.json").write_text(issuer.jwks(), encoding="ascii")
    world.call("IssuerService/CreateIssuer", {"issuer": {
        "issuer": issuer.iss, "kind": 1, "tenant": "fabrikam", "audiences": [issuer.audience], "algorithms": ["ES256"],
        "jwks_url": f"{serve(str(tmp_path))}/jwks.json"}}, world.fabrikam.admin)
    backup(world, "with-provider")
    world.a.write("inner.token", issuer.token("bob@fabrikam.com").encode())
    world.a.write("node.yaml", json.dumps({**world.a.config, "identity": {"allow_loopback": True, "ca_file": f"{tmp_path}/ca.pem"},
                                           "audit_sinks": [{"name": "drilled", "file": f"{tmp_path}/sink"}]}).encode())
    opening = ("--open", f"{world.a.folder}/old.eml", "--token", f"{world.a.folder}/inner.token")
    assert "ISSUER_UNREACHABLE" in drill(world, "with-provider", *opening, expect=1).stderr
    assert "opened " in drill(world, "with-provider", *opening, "--config", f"{world.a.folder}/node.yaml").stdout
    assert not os.path.exists(tmp_path / "sink")
    world.a.write("half.yaml", b"identity: {ca_file: /x}\n")
    told = drill(world, "with-provider", "--config", f"{world.a.folder}/half.yaml", expect=1).stderr
    assert "half.yaml is no configuration" in told


def test_it_is_readable_by_its_owner_only_and_has_no_secret(world):
    folder = f"{world.a.folder}/backup"
    assert sorted(os.listdir(folder)) == ["SHA256SUMS", "about", "database.dump", "roles.sql", "sums"]
    assert all(os.stat(f"{folder}/{name}").st_mode & 0o077 == 0 for name in [".", *os.listdir(folder)])
    with open(f"{world.a.folder}/root.key", "rb") as file:
        root = file.read()
    for name in os.listdir(folder):
        with open(f"{folder}/{name}", "rb") as file:
            content = file.read()
            assert root not in content and root.hex().encode() not in content and b"PASSWORD" not in content


def test_the_drill_leaves_nothing(world):
    with tempfile.TemporaryDirectory(prefix="chancery-drills-") as folder:
        os.chmod(folder, 0o711)
        done = subprocess.run([f"{DEPLOY}/restore-drill", "--build", BUILD, "--root-key", f"{world.a.folder}/root.key",
                               "--authority-url", "https://rms.example.org", f"{world.a.folder}/backup"],
                              env=dict(os.environ, TMPDIR=folder), capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0 and "opened    not tried" in done.stdout, (done.stdout, done.stderr)
        assert os.listdir(folder) == []


def test_a_reader_without_rights_is_told(world):
    told = drill(world, "backup", "--open", f"{world.a.folder}/old.eml", "--token", f"{world.a.folder}/mallory.token", expect=1)
    assert "does not open" in told.stderr and "NO_RIGHTS" in told.stderr


def test_another_root_key_is_told(world):
    world.a.write("other.key", secrets.token_bytes(32))
    told = drill(world, "backup", root_key=f"{world.a.folder}/other.key", expect=1)
    assert "no node starts on it" in told.stderr and "ROOT_KEY_WRONG" in told.stderr
    drill(world, "backup", "--root-key", f"{world.a.folder}/root.key", root_key=f"{world.a.folder}/other.key")  # with both


def test_a_damaged_file_is_told(world):
    shutil.copytree(f"{world.a.folder}/backup", f"{world.a.folder}/flipped")
    with open(f"{world.a.folder}/flipped/database.dump", "r+b") as file:
        file.seek(5000)
        byte = file.read(1)
        file.seek(5000)
        file.write(bytes([byte[0] ^ 1]))
    assert "the backup is damaged" in drill(world, "flipped", expect=1).stderr


def test_a_log_that_lost_a_record_is_told(world):
    def change(folder):
        with open(f"{folder}/sums", encoding="ascii") as file:
            lines = file.read().splitlines()
        wrong = [line if not line.startswith("audit|") else
                 "|".join(["audit", str(int(line.split("|")[1]) + 1), line.split("|")[2]]) for line in lines]
        with open(f"{folder}/sums", "w", encoding="ascii") as file:
            file.write("\n".join(wrong) + "\n")

    told = drill(world, damaged(world, "shortened", change), expect=1)
    assert "in the table audit" in told.stderr


def test_a_record_that_was_changed_is_told(world):
    """One word in one row: the number of rows is right."""
    before = subprocess.run(["psql", "-XqAt", "-d", world.a.postgres.conninfo, "-f", f"{DEPLOY}/database-sums.sql"],
                            capture_output=True, text=True, check=True).stdout
    connection = psycopg2.connect(world.a.postgres.conninfo)
    try:
        connection.cursor().execute("UPDATE audit SET operation = operation || 'x' WHERE event = "
                                    "(SELECT event FROM audit ORDER BY event LIMIT 1)")
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(('x' || left(encode(sha256(convert_to(t::text, 'UTF8')), 'hex'), 16))::bit(64)::bigint), "
                           "count(*) FROM audit t")
            changed, count = cursor.fetchone()
    finally:
        connection.rollback()
        connection.close()
    was = next(line.split("|") for line in before.splitlines() if line.startswith("audit|"))
    assert int(was[1]) == count and int(was[2]) != int(changed)


def test_roles_are_in_it(world):
    """Without them a dump does not restore: that is what a plain one lacks."""
    def change(folder):
        with open(f"{folder}/roles.sql", "w", encoding="ascii"):
            pass

    assert "does not restore" in drill(world, damaged(world, "roleless", change), expect=1).stderr


def test_a_backup_never_overwrites_and_is_whole_or_not_there(world):
    assert "is there already" in backup(world, "backup", expect=1).stderr
    done = subprocess.run([f"{DEPLOY}/backup", "--database", "host=/nowhere", f"{world.a.folder}/none"], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 1 and "backup:" in done.stderr
    assert not [name for name in os.listdir(world.a.folder) if name.startswith("none")]


def test_the_servers_limits_do_not_end_a_backup(world):
    """The session that holds the instant is idle while the dump is written."""
    env = in_path(f"{world.a.folder}/slow", "pg_dump", "unset PGOPTIONS; sleep 2")
    done = subprocess.run([f"{DEPLOY}/backup", "--database", world.a.postgres.conninfo, f"{world.a.folder}/idle"],
                          env=dict(env, PGOPTIONS="-c idle_in_transaction_session_timeout=500"), capture_output=True, text=True,
                          timeout=280, check=False)
    assert done.returncode == 0, done.stderr


def test_no_month_leaves_the_log_during_a_backup(world):
    """Between the dump and the sums it would be in one and not in the other."""
    told = f"{world.a.folder}/told"
    month = world.sql("SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'audit'::regclass")
    env = in_path(f"{world.a.folder}/detaching", "pg_dump", "\n".join(
        f"psql -Xq -d '{world.a.postgres.conninfo}' -c 'BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT' 2>>{told}"
        for table in ("audit", month, "content")))
    done = subprocess.run([f"{DEPLOY}/backup", "--database", world.a.postgres.conninfo, f"{world.a.folder}/whole"], env=env,
                          capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    with open(told, encoding="ascii") as file:
        assert file.read().count("could not obtain lock") == 3


def test_a_path_with_a_quote_is_refused(world, tmp_path):
    quoted = f"{world.a.folder}/it's"
    done = subprocess.run([f"{DEPLOY}/backup", "--database", world.a.postgres.conninfo, quoted], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2 and "may have a quote" in done.stderr and not os.path.exists(f"{quoted}.partial")
    (tmp_path / "a'b").mkdir()
    done = subprocess.run([f"{DEPLOY}/restore-drill", "--build", BUILD, "--root-key", f"{world.a.folder}/root.key", "--authority-url",
                           "https://rms.example.org", f"{world.a.folder}/backup"], env=dict(os.environ, TMPDIR=str(tmp_path / "a'b")),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "may have a quote" in done.stderr


def test_what_a_backup_says_is_not_done_as_root(world):
    """psql has commands of the shell, and a dump has whatever its maker put into it."""
    def change(folder):
        with open(f"{folder}/roles.sql", "a", encoding="ascii") as file:
            file.write(f"\\! id -u >&2\n\\! touch {world.a.folder}/by-root >&2\nnonsense;\n")

    told = drill(world, damaged(world, "with-a-command", change), expect=1)
    assert "does not restore" in told.stderr
    assert not os.path.exists(f"{world.a.folder}/by-root") or os.getuid() != 0


def test_a_drill_takes_a_folder_with_spaces(world):
    with tempfile.TemporaryDirectory(prefix="chancery drills ") as folder:
        os.chmod(folder, 0o711)
        done = subprocess.run([f"{DEPLOY}/restore-drill", "--build", BUILD, "--root-key", f"{world.a.folder}/root.key",
                               "--authority-url", "https://rms.example.org", f"{world.a.folder}/backup"],
                              env=dict(os.environ, TMPDIR=folder), capture_output=True, text=True, timeout=400, check=False)
        assert done.returncode == 0, (done.stdout, done.stderr)


def test_whoever_does_not_see_all_rows_is_refused(world):
    """Row-level security would leave rows out in silence."""
    world.sql("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'halfblind') THEN "
              "CREATE ROLE halfblind LOGIN; END IF; END $$; GRANT SELECT ON ALL TABLES IN SCHEMA public TO halfblind; "
              "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO halfblind")
    conninfo = world.a.postgres.conninfo.replace("user=owner", "user=halfblind")
    done = subprocess.run([f"{DEPLOY}/backup", "--database", conninfo, f"{world.a.folder}/half"], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 1 and "row-level security" in done.stderr
    assert not os.path.exists(f"{world.a.folder}/half")


@pytest.mark.parametrize("arguments, words", [
    ((), "are needed"), (("--root-key",), "needs a value"), (("--nonsense",), "there is no option"),
    (("--root-key", "/etc/hostname", "--authority-url", "http://x", "/tmp"), "takes https://"),
    (("--root-key", "/etc/hostname", "--authority-url", "https://x.example", "--open", "/etc/hostname", "/tmp"),
     "--open needs --token")])
def test_what_is_not_understood(arguments, words):
    done = subprocess.run([f"{DEPLOY}/restore-drill", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and words in done.stderr
