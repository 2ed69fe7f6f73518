# SPDX-License-Identifier: Apache-2.0
"""Connect's conformance suite against our engine, codecs, framings and protocols (conformance/). Its runner is a module of
Go, which conformance/go.mod pins: from Go's cache, or else from its proxy."""
import os
import re
import shutil
import struct
import subprocess

import pytest
from google.protobuf import descriptor_pb2

from authority import BUILD
from documented import ROOT, run
from waiting import eventually

FOLDER = f"{ROOT}/tests/interop/conformance"
SERVER = f"{BUILD}/tests/interop/conformance/conformance_server"
MODULE = "connectrpc.com/conformance"
GO = {**os.environ, "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
SECONDS = 800  # at most, for building the runner and for what it does
TIMED = "Deadline Propagation/**"  # calls that have two seconds, which a busy machine may not have for all of them


@pytest.fixture(name="suite", scope="module")
def fixture_suite():
    """The folder of the suite's module."""
    if not shutil.which("go"):
        pytest.skip("Go is not installed")
    for verb in (["mod", "download"], ["list", "-m", "-f", "{{.Dir}}", MODULE]):
        done = subprocess.run(["go", *verb], cwd=FOLDER, env=GO, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"Go can't load the suite: {done.stderr.strip()[:200]}")
    return done.stdout.strip()


def promised():
    """How many cases docs/quality.md says that there are."""
    with open(f"{ROOT}/docs/quality.md", encoding="utf-8") as file:
        return int(re.search(r"([\d,]+) cases of Connect's conformance suite", file.read()).group(1).replace(",", ""))


def passing(runner, *options):
    """How many cases pass, if none fails, else 0; and what the runner says."""
    done = subprocess.run([runner, "--conf", f"{FOLDER}/config.yaml", "--mode", "server", *options, "--", SERVER],
                          capture_output=True, text=True, timeout=SECONDS, check=False)
    counts = re.search(r"^Total cases: (\d+)\n(\d+) passed, 0 failed\s*$", done.stdout, re.M)
    is_whole = done.returncode == 0 and counts and counts.group(1) == counts.group(2)
    return int(counts.group(1)) if is_whole else 0, done.stdout + done.stderr


def test_every_case_passes(suite, tmp_path):
    assert suite
    subprocess.run(["go", "build", "-o", f"{tmp_path}/", f"{MODULE}/cmd/connectconformance"], cwd=FOLDER, env=GO,
                   timeout=SECONDS, check=True)
    runner = f"{tmp_path}/connectconformance"
    count, said = passing(runner, "--skip", TIMED)
    assert count, said
    timed = eventually(lambda: passing(runner, "--run", TIMED, "--parallel", "1")[0],
                       "all calls that have two seconds end within them", seconds=300)
    assert count + timed == promised()


def fields_of(folder, name, tmp_path):
    """Type, number and form of each field and value of the enums, by its full name, of a file and what it imports."""
    run(["protoc", f"-I{folder}", "--include_imports", f"--descriptor_set_out={tmp_path}/set", name])
    files = descriptor_pb2.FileDescriptorSet.FromString((tmp_path / "set").read_bytes())
    found = {}

    def visit(prefix, messages, enums):
        for enum in enums:
            found.update({f"{prefix}.{enum.name}.{value.name}": value.number for value in enum.value})
        for message in messages:
            for field in message.field:
                found[f"{prefix}.{message.name}.{field.name}"] = (field.number, field.type, field.label, field.type_name)
            visit(f"{prefix}.{message.name}", message.nested_type, message.enum_type)

    for file in files.file:
        visit(file.package, file.message_type, file.enum_type)
    return found


def test_our_messages_are_the_suites(suite, tmp_path):
    ours = fields_of(FOLDER, "conformance.proto", tmp_path)
    theirs = {}
    for name in ("service", "server_compat"):
        theirs.update(fields_of(f"{suite}/proto", f"connectrpc/conformance/v1/{name}.proto", tmp_path))
    assert len(ours) > 50
    assert {name: theirs.get(name) for name in ours} == ours


@pytest.mark.parametrize("said", [b"", struct.pack(">I", 1 << 20), struct.pack(">I", 4) + b"ab",
                                  struct.pack(">I", 2) + b"\xff\xff", struct.pack(">I", 0),
                                  struct.pack(">I", 6) + b"\x20\x01\x30\x80\xc0\x0c"])
def test_the_server_says_why_it_does_not_start(said):
    """No request, too long, cut short, no protobuf, another limit, and TLS without a certificate."""
    done = subprocess.run([SERVER], input=said, capture_output=True, timeout=20, check=False)
    assert done.returncode == 1 and not done.stdout
    assert re.match(rb"(STARTUP_FAILED|PROTO_MALFORMED): \S", done.stderr), done.stderr
