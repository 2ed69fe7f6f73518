# SPDX-License-Identifier: Apache-2.0
"""What failed on the machine of whoever ran a command was told in the authority's words: STARTUP_FAILED for a mistyped file
name, LICENSE_MALFORMED and `message != NULL` for an ordinary mail, FIELD_INVALID for a line of a CSV file."""
import os
import re
import socket
import subprocess

import pytest

from authority import BUILD
from command import CHANCERY, SAMPLE, profile, protect, with_certificate, with_token

HERE = os.path.dirname(os.path.abspath(__file__))
# Conditions and calls of C, and names of errno.
CODE = re.compile(r"->|!=|==|&&|\|\||\bNULL\b|\bsizeof\b|\b\w+\(|\bE[A-Z]{3,}\b|\.[ch]:\d")


def own_reasons():
    """The group of the table that is told by the command line alone."""
    with open(f"{HERE}/../../lib/base/reasons.def", encoding="utf-8") as file:
        group = file.read().split("/* Of the command line itself", 1)[1]
    return set(re.findall(r"^REASON\((\w+),", group, re.M))


OWN = own_reasons()


@pytest.fixture(scope="module")
def world(world):
    folder = world.a.folder
    with_certificate(world, "edge", world.gateway)
    with_certificate(world, "admin", world.contoso.admin)
    with_token(world, "bob", world.fabrikam.token("bob"))
    protect(world, SAMPLE, f"{folder}/sealed.eml")
    protect(world, SAMPLE, f"{folder}/sealed.bin", "--file")
    files = {"empty": b"", "text": b"hello\n", "ordinary.eml": b"From: a@b\r\nTo: c@d\r\nSubject: x\r\n\r\nhello\r\n",
             "bad.yaml": b"server: [\n", "unknown.yaml": b"servr: https://x\n", "list.yaml": b"- a\n",
             "bad.csv": b"user,\"a\n", "nul.csv": b"user,a\0b@contoso.com\n", "short.csv": b"member\n", "kind.csv": b"robot,a\n",
             "bad.jsonl": b"{\n", "bad.pem": b"-----BEGIN NOTHING-----\n", "long.token": b"x" * 20000,
             "mail.token": b"From: a\nTo: b\n", "blank.token": b" \n", "mark.token": b"\xef\xbb\xbfa.b.c\n"}
    for name, data in files.items():
        world.a.write(name, data)
    with open(f"{folder}/sealed.bin", "rb") as file:
        world.a.write("cut.bin", file.read()[:-1])
    with open(f"{folder}/sealed.eml", "rb") as file:
        mail = file.read()
    at = mail.index(b"application/pkcs7-mime")
    world.a.write("half.eml", mail[:at] + b"text/plain" + mail[at + 22:])
    for name, fields in {"no-ca": {"ca_file": f"{folder}/missing"}, "bad-ca": {"ca_file": f"{folder}/bad.pem"},
                         "no-token": {"token_file": f"{folder}/missing"}, "long-token": {"token_file": f"{folder}/long.token"},
                         "no-cert": {"certificate_file": f"{folder}/missing", "key_file": f"{folder}/edge.key"},
                         "no-key": {"certificate_file": f"{folder}/edge.pem", "key_file": f"{folder}/missing"},
                         "bad-cert": {"certificate_file": f"{folder}/bad.pem", "key_file": f"{folder}/edge.key"},
                         "no-dpop": {"dpop_key_file": f"{folder}/missing", "token_file": f"{folder}/bob.token"},
                         "half": {"certificate_file": f"{folder}/edge.pem"}, "other-half": {"key_file": f"{folder}/edge.key"},
                         **{f"{kind}-token": {"token_file": f"{folder}/{kind}.token"} for kind in ("mail", "blank", "mark")},
                         "no-server": {"server": ""}, "gone": {"server": "https://127.0.0.1:1"},
                         "no-grpc": {"server": "http://127.0.0.1:PORT"}}.items():
        profile(world, name, **fields)
    return world


CASES = [  # the profile, the command with its operands in the authority's folder, and the reason
    ("bob", "open missing.eml", "FILE_UNREADABLE"), ("bob", "inspect missing.eml", "FILE_UNREADABLE"),
    ("bob", "open .", "FILE_UNREADABLE"), ("edge", "protect --encrypt-only --mail missing.eml", "FILE_UNREADABLE"),
    ("edge", "protect --encrypt-only missing", "FILE_UNREADABLE"), ("edge", "track missing.eml", "FILE_UNREADABLE"),
    ("edge", "revoke missing.eml", "FILE_UNREADABLE"), ("edge", "restore missing.eml", "FILE_UNREADABLE"),
    ("edge", "amend --expires never missing.eml", "FILE_UNREADABLE"),
    ("admin", "template create -f missing.yaml", "FILE_UNREADABLE"), ("admin", "directory import missing.csv", "FILE_UNREADABLE"),
    ("admin", "issuer create -f missing.yaml", "FILE_UNREADABLE"), ("admin", "issuer test -f missing", "FILE_UNREADABLE"),
    ("missing", "tenant get", "FILE_UNREADABLE"), ("no-ca", "tenant get", "FILE_UNREADABLE"),
    ("no-token", "tenant get", "FILE_UNREADABLE"), ("long-token", "tenant get", "FILE_UNREADABLE"),
    ("no-cert", "tenant get", "FILE_UNREADABLE"), ("no-key", "tenant get", "FILE_UNREADABLE"),
    ("bob", "open ordinary.eml", "INPUT_NOT_PROTECTED"), ("bob", "open empty", "INPUT_NOT_PROTECTED"),
    ("bob", "open text", "INPUT_NOT_PROTECTED"), ("bob", "inspect ordinary.eml", "INPUT_NOT_PROTECTED"),
    ("bob", "open half.eml", "INPUT_NOT_PROTECTED"), ("edge", "revoke ordinary.eml", "INPUT_NOT_PROTECTED"),
    ("bob", "open cut.bin out", "INPUT_DAMAGED"),
    ("bob", "open sealed.eml missing/out", "FILE_UNWRITABLE"), ("bob", "open sealed.eml .", "FILE_UNWRITABLE"),
    ("bad", "tenant get", "PROFILE_INVALID"), ("unknown", "tenant get", "PROFILE_INVALID"),
    ("list", "tenant get", "PROFILE_INVALID"), ("no-server", "tenant get", "PROFILE_INVALID"),
    ("bad-ca", "tenant get", "PROFILE_INVALID"), ("bad-cert", "tenant get", "PROFILE_INVALID"),
    ("mail-token", "tenant get", "PROFILE_INVALID"), ("blank-token", "tenant get", "PROFILE_INVALID"),
    ("mark-token", "tenant get", "PROFILE_INVALID"), ("half", "tenant get", "PROFILE_INVALID"),
    ("other-half", "tenant get", "PROFILE_INVALID"),
    ("no-dpop", "tenant get", "INPUT_INVALID"), ("gone", "tenant get", "AUTHORITY_UNREACHABLE"),
    ("admin", "template create -f bad.yaml", "INPUT_INVALID"), ("admin", "template create -f unknown.yaml", "INPUT_INVALID"),
    ("admin", "directory import bad.csv", "INPUT_INVALID"), ("admin", "directory import nul.csv", "INPUT_INVALID"),
    ("admin", "directory import short.csv", "INPUT_INVALID"), ("admin", "directory import kind.csv", "INPUT_INVALID"),
    ("admin", "directory import bad.jsonl", "INPUT_INVALID"),
    ("admin", "component create --name x --role gateway --certificate bad.pem", "INPUT_INVALID"),
    ("admin", "component create --name x --role gateway --certificate missing", "FILE_UNREADABLE"),
]


def run(folder, command, who):
    words = command.split()
    return subprocess.run([CHANCERY, *words, *(["--profile", f"{who}.yaml"] if who else [])], cwd=folder, text=True,
                          capture_output=True, timeout=60, check=False)


def check(done, reason):
    """The first line has a reason of ours and its sentence; then what it is about, and what to do."""
    match = re.match(r"chancery [\w-]+: ([A-Z_]+): [A-Z].*\.$", done.stderr.splitlines()[0])
    assert done.returncode == 1 and match, done.stderr
    assert match[1] in OWN and reason in (None, match[1]), done.stderr
    assert not CODE.search(done.stderr), done.stderr
    assert "the request" not in done.stderr and "The authority can't start" not in done.stderr, done.stderr


@pytest.mark.parametrize("who,command,reason", CASES)
def test_words_of_the_authority(world, who, command, reason):
    done = run(world.a.folder, command, who)
    check(done, reason)
    if reason == "FILE_UNREADABLE" and "." not in command.split()[-1:]:
        assert "No such file or directory" in done.stderr or "larger than it may be" in done.stderr, done.stderr


@pytest.mark.parametrize("who,words", [
    ("half", "key_file is missing"), ("other-half", "certificate_file is missing"), ("blank-token", "blank.token is empty"),
    ("mail-token", "mail.token holds no token"), ("mark-token", "mark.token holds no token")])
def test_a_profile_was_told_as_what_came_of_it(world, who, words):
    """As CREDENTIAL_MISSING, "HTTP/2 stream 1 was not closed cleanly", "unable to set private key file: ''"."""
    assert words in run(world.a.folder, "tenant get", who).stderr


@pytest.mark.parametrize("name", ["bad.yaml", "unknown.yaml"])
def test_a_line_was_of_no_file(world, name):
    assert f"  {name}: line " in run(world.a.folder, f"template create -f {name}", "admin").stderr


def test_server_that_is_no_authority(world):
    """Something listens there, and answers nothing that is gRPC."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        profile(world, "no-grpc", server=f"http://127.0.0.1:{listener.getsockname()[1]}")
        process = subprocess.Popen([CHANCERY, "tenant", "get", "--profile", f"{world.a.folder}/no-grpc.yaml"],
                                   stderr=subprocess.PIPE, text=True)
        client, _ = listener.accept()
        client.sendall(b"HTTP/1.1 400 no\r\n\r\n")
        client.close()
        _, errors = process.communicate(timeout=60)
    check(subprocess.CompletedProcess([], process.returncode, "", errors), "AUTHORITY_UNREACHABLE")


@pytest.mark.parametrize("command", ["token --folder /nonexistent a@contoso.com", "migrate --database host=/nonexistent "
                                     "--platform-admin-cert missing", "component prove --authority https://a --name x "
                                     "--certificate missing --key missing"])
def test_commands_without_a_profile(world, command):
    done = run(world.a.folder, command, None)
    assert done.returncode == 1 and not CODE.search(done.stderr), done.stderr


@pytest.mark.parametrize("conninfo,reason,code", [
    ("host=/nonexistent", "INPUT_INVALID", 1), ("host=127.0.0.1 port=1", "INPUT_INVALID", 1),
    ("SERVER", "INPUT_INVALID", 1), ("garbage", "a connection string", 2), ("hst=x", "a connection string", 2),
    ("host=/nonexistent password=hunter2", "must not hold a password", 2),
    ("postgresql://a:hunter2@127.0.0.1/x", "must not hold a password", 2)])
def test_a_database_was_told_of_as_to_clients(world, conninfo, reason, code):
    """"No decision can be recorded", "RetryInfo", "report it": of a database that migrate can't use."""
    if conninfo == "SERVER":  # a role that owns nothing
        conninfo = world.a.postgres.server_conninfo
    done = subprocess.run([CHANCERY, "migrate", "--database", conninfo], text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == code and reason in done.stderr, done.stderr
    assert "hunter2" not in done.stderr and "\\n" not in done.stderr and "RetryInfo" not in done.stderr
    assert "report it" not in done.stderr and done.stdout == ""


def test_libraries_of_the_command(world):
    """OpenSSL without algorithms is nothing that an authority did."""
    world.a.write("openssl.cnf", b"openssl_conf = a\n[a]\nproviders = b\n[b]\nnull = c\n[c]\nactivate = 1\n")
    done = subprocess.run([CHANCERY, "tenant", "get", "--profile", f"{world.a.folder}/edge.yaml"], text=True,
                          capture_output=True, timeout=60, check=False,
                          env={**os.environ, "OPENSSL_CONF": f"{world.a.folder}/openssl.cnf"})
    check(done, "COMMAND_FAILED")


def test_server_told_conditions_of_c(world):
    """--check-config is read by people too."""
    for data in (b"", b"\xff", b"- a\n", b"a: [\n", b"workers: x\n", b"listeners: 1\n"):
        world.a.write("conf.yaml", data)
        done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--check-config", "--config",
                               f"{world.a.folder}/conf.yaml"], capture_output=True, text=True, check=False)
        assert done.returncode != 0 and not CODE.search(done.stderr), done.stderr
