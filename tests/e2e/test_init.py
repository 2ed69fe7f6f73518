# SPDX-License-Identifier: Apache-2.0
"""chancery init: a node starts with what it wrote, by the commands that it printed, and its first admin is let in."""
import json
import os
import pwd
import re
import secrets
import shlex
import stat
import subprocess
import tempfile

import pytest

from command import CHANCERY
from documented import ROOT
from postgres import Postgres
from smtp_server import free_port
from waiting import eventually

FAILED, USAGE = 1, 2
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture(scope="module")
def postgres():
    made = Postgres(durable=False)
    yield made
    made.close()


class Node:
    """A folder for a node, and how chancery init is called for it."""

    def __init__(self, folder, postgres, name):
        self.home, self.folder, self.name = str(folder), f"{folder}/node", name
        self.port, self.postgres = free_port(), postgres
        self.url = f"https://localhost:{self.port}"
        self.server = None

    def chancery(self, *argv, expect=0):
        done = subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=False, timeout=120,
                              env={**os.environ, "HOME": self.home, "CHANCERY_PROFILE": "", "XDG_CONFIG_HOME": ""})
        assert done.returncode == expect, (argv, done.stdout, done.stderr)
        return done

    def init(self, *more, url=None, **options):
        return self.chancery("init", "--dir", self.folder, "--user", ME, "--listen", f"127.0.0.1:{self.port}", "--database",
                             f"host={self.postgres.folder} dbname={self.name} user={self.name}", *more, url or self.url, **options)

    def start(self, command):
        """Start the server by the command that was printed, and wait until it serves."""
        with open(f"{self.home}/log", "wb") as log:
            self.server = subprocess.Popen(shlex.split(command), stdout=log, stderr=log)
        eventually(self.is_ready, "the node is ready")

    def is_ready(self):
        assert self.server.poll() is None, open(f"{self.home}/log", encoding="utf-8").read()[-2000:]
        page = subprocess.run(["curl", "-s", "--unix-socket", f"{self.folder}/run/chanceryd.sock", "--http2-prior-knowledge",
                               "http://x/readyz", "-o", "/dev/null", "-w", "%{http_code}"], capture_output=True, text=True, check=False)
        return page.stdout == "200"

    def stop(self):
        if self.server:
            self.server.terminate()
            self.server.wait(timeout=60)


@pytest.fixture
def node(postgres):
    """In a folder of a short name, because the path of its Unix socket is bounded."""
    with tempfile.TemporaryDirectory(prefix="chancery-init-", dir="/tmp") as folder:
        made = Node(folder, postgres, f"rms_{secrets.token_hex(4)}")
        yield made
        made.stop()


def commands(printed):
    """The commands below Next, with the lines that go on."""
    lines = re.sub(r"\\\n +", "", printed[printed.index("\nNext:"):]).splitlines()
    return [line.strip() for line in lines if re.match(r"   (/|runuser|psql)", line)]


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def all_files(folder):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            with open(f"{where}/{name}", "rb") as file:
                found[f"{where}/{name}"] = file.read()
    return found


def run(node, command):
    """A command as it was printed. The test's PostgreSQL takes anybody for its superuser, whose name is owner."""
    done = subprocess.run(["sh", "-c", command.replace("runuser -u postgres -- ", "")], capture_output=True, text=True, check=False,
                          timeout=120, env={**os.environ, "HOME": node.home, "PGUSER": "owner", "XDG_CONFIG_HOME": ""})
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def test_a_node_starts_by_the_printed_commands(node):
    printed = node.init().stdout
    psql, migrate, check, serve, add, whoami = commands(printed)
    for command in (psql, migrate, check):
        run(node, command)
    node.start(serve)
    run(node, add)
    assert "platform-admin" in run(node, whoami)
    node.chancery("tenant", "create", "--boundary", "commercial", "--display-name", "Contoso", "contoso")
    assert "contoso" in node.chancery("tenant", "list").stdout
    told = json.loads(node.chancery("doctor", "--config", f"{node.folder}/chanceryd.yaml", "-o", "json").stdout)
    assert told["healthy"], told
    for command in (psql, migrate, add.replace("context add platform", "context add platform --replace")):
        run(node, command)  # again, they do no harm


def test_what_is_written(node):
    printed = node.init().stdout
    for name, expected in {"root.key": 0o400, "tls.key": 0o400, "tls.pem": 0o644, "chanceryd.yaml": 0o644, "roles.sql": 0o644,
                           "admin/admin.key": 0o400, "admin/admin.pem": 0o644, "admin": 0o700, ".": 0o750}.items():
        assert mode(f"{node.folder}/{name}") == expected, name
    with open(f"{node.folder}/root.key", encoding="ascii") as file:
        key = file.read()
    assert re.fullmatch("[0-9a-f]{64}\n", key) and key.strip() not in printed
    text = subprocess.run(["openssl", "x509", "-in", f"{node.folder}/tls.pem", "-noout", "-ext", "subjectAltName"],
                          capture_output=True, text=True, check=True).stdout
    assert "DNS:localhost" in text and "IP Address:127.0.0.1" in text
    with open(f"{node.folder}/roles.sql", encoding="ascii") as file:
        assert "chancery_owner" in file.read()


def test_again_everything_is_kept(node):
    node.init()
    before = all_files(node.folder)
    printed = node.init().stdout
    assert all_files(node.folder) == before and "made" not in printed.split("\nNext:", maxsplit=1)[0]
    os.unlink(f"{node.folder}/admin/admin.pem")  # as if it had been interrupted there
    node.init()
    after = all_files(node.folder)
    assert {name for name in after if after[name] != before[name]} == {f"{node.folder}/admin/admin.pem"}


def test_it_makes_the_database_where_that_is_asked_for(node):
    superuser = f"host={node.postgres.folder} user=owner dbname=postgres"
    printed = node.init("--apply", superuser).stdout
    assert "psql" not in printed
    assert node.init("--apply", superuser).returncode == 0  # again
    check, serve, add, whoami = commands(printed)
    run(node, check)
    node.start(serve)
    run(node, add)
    assert "platform-admin" in run(node, whoami)
    told = node.init("--apply", f"host={node.postgres.folder} user=nobody_of_that_name dbname=postgres", expect=FAILED).stderr
    assert "nobody_of_that_name" in told


def test_the_node_to_try_out_as_it_is_documented(node):
    """Its names are whoever's who runs it: of others Debian's PostgreSQL takes none, and root has no user chancery to begin with."""
    with open(f"{ROOT}/docs/install.md", encoding="utf-8") as file:
        command = re.search(r"^(chancery init --dir ~/trial (?:.*\\\n)*.*)$", file.read(), re.MULTILINE).group(1)
    shown = node.chancery("init", "--help").stdout
    assert " ".join(command.split()) in " ".join(shown.split()), "the help says the same"
    node.folder = f"{node.home}/trial"
    here = (command.replace("chancery init", f"{CHANCERY} init").replace("/run/postgresql", node.postgres.folder)
            .replace("8443", str(node.port)).replace("dbname=trial", f"dbname={node.name}"))
    psql, migrate, check, serve, add, whoami = commands(run(node, here))
    for step in (psql, migrate, check):
        run(node, step)
    node.start(serve)
    run(node, add)
    assert "platform-admin" in run(node, whoami)


def test_whom_postgresql_would_refuse_is_told_before(node):
    assert "pg_hba.conf" in node.init().stdout
    node.name = ME
    other = node.chancery("init", "--dir", f"{node.home}/other", "--user", ME, "--database", f"host={node.postgres.folder} dbname=x user={ME}",
                          node.url)
    assert "pg_hba.conf" not in other.stdout
    assert "pg_hba.conf" not in node.chancery("init", "--dir", f"{node.home}/far", "--user", ME, "--database",
                                              "host=db.example.org dbname=x user=y", node.url).stdout


def test_a_unit_for_this_node(node):
    unit = f"{node.home}/chanceryd.service"
    printed = node.init("--unit", unit).stdout
    with open(unit, encoding="ascii") as file:
        text = file.read()
    assert f"--config {node.folder}/chanceryd.yaml" in text and f"User={ME}\n" in text and "/etc/chancery" not in text
    assert "NoNewPrivileges=yes" in text and "systemctl enable --now chanceryd" in printed
    with open(f"{node.folder}/chanceryd.yaml", encoding="ascii") as file:
        assert "unix:/run/chancery/chanceryd.sock" in file.read()  # the only folder that the unit may write to


def test_what_is_refused(node):
    def refused(*more, **options):
        told = node.init(*more, expect=FAILED, **options).stderr
        assert all_files(node.folder) == before
        return told

    node.init()
    before = all_files(node.folder)
    assert "another authority_url" in refused(url="https://localhost:1")
    node.name = "elsewhere"
    assert "another database.conninfo" in refused()


def test_no_new_root_key_beside_an_old_configuration(node):
    node.init()
    os.unlink(f"{node.folder}/root.key")
    told = node.init(expect=FAILED).stderr
    assert "root.key isn't" in told and not os.path.exists(f"{node.folder}/root.key")


def test_a_certificate_without_its_key_is_refused(node):
    node.init()
    os.unlink(f"{node.folder}/tls.key")
    assert "its key" in node.init(expect=FAILED).stderr


def test_a_folder_that_others_may_write_to(node):
    os.mkdir(node.folder)
    os.chmod(node.folder, 0o777)
    assert "others may write to" in node.init(expect=FAILED).stderr and os.listdir(node.folder) == []


def test_a_link_to_nothing_is_no_file_of_ours(node):
    os.mkdir(node.folder, 0o700)
    os.symlink("/nonexistent/key", f"{node.folder}/root.key")
    node.init()
    assert os.path.islink(f"{node.folder}/root.key")


@pytest.mark.parametrize("argument, words", [
    ("http://localhost:1", "give an address"), ("https://", "names no host"), ("https://a b", "names no host"),
    ("https://localhost:0", "the port of URL"), ("https://localhost:70000", "the port of URL"), ("https://localhost/x", "give an address"),
    ("https://$(id)", "names no host")])
def test_addresses_that_are_none(node, argument, words):
    assert words in node.init(url=argument, expect=USAGE).stderr and not os.path.exists(node.folder)


@pytest.mark.parametrize("options, words", [
    (("--database", "dbname=a user=b password=c"), "must not hold a password"), (("--database", "nonsense"), "connection string"),
    (("--database", "dbname=a\\'b user=c"), "needs dbname and user"), (("--database", "dbname=a-b user=c"), "needs dbname and user"),
    (("--apply", "postgresql://x"), "--apply takes"), (("--apply", "user=a password=b"), "must not hold a password"),
    (("--listen", "localhost:1"), "numeric address"), (("--listen", "127.0.0.1:x"), "numeric address"), (("--listen", "127.0.0.1:0"), "the port of --listen")])
def test_options_that_are_wrong(node, options, words):
    assert words in node.init(*options, expect=USAGE).stderr and not os.path.exists(node.folder)


def test_folders_and_users_that_are_wrong(node):
    for folder, words in ((f"{node.home}/a b", "letters, digits"), (f"{node.home}/a/b", "No such file"), (f"{node.home}/x'y", "letters"),
                          (f"{node.home}/{'a' * 80}", "at most 107 bytes")):
        done = node.chancery("init", "--dir", folder, "--user", ME, node.url, expect=FAILED)
        assert words in done.stderr and not os.path.exists(folder)
    assert "useradd" in node.chancery("init", "--dir", node.folder, "--user", "nobody-of-that-name", node.url, expect=FAILED).stderr


def test_migrate_tells_its_progress_on_a_terminal_only(node):
    node.init()
    psql, migrate = commands(node.init().stdout)[:2]
    run(node, psql)
    script = migrate.replace("runuser -u postgres -- ", "")
    done = subprocess.run(["script", "-qec", script, "/dev/null"], capture_output=True, text=True, check=True, timeout=120,
                          env={**os.environ, "HOME": node.home, "PGUSER": "owner"})
    last = re.search(r"applying (\d{4}) \S+\s+[\d.]+ s; (\d+) of (\d+)\s+the database is up to date", done.stdout)
    assert last and int(last[1]) == int(last[2]) == int(last[3]), done.stdout
    quiet = subprocess.run([CHANCERY, "migrate", "--database", node.postgres.conninfo], capture_output=True, text=True, check=True, timeout=120)
    assert "applying 0001" in quiet.stdout and quiet.stderr == ""
