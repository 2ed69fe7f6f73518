# SPDX-License-Identifier: Apache-2.0
"""Standard output has several names. By any but the dash, what a command says besides was written into the file that it had
just made: a protected file with its id behind it doesn't open. And an export to a descriptor replaced the file behind it."""
import os
import subprocess

import pytest

from command import CHANCERY, run, same, with_certificate, with_token
from waiting import eventually

NAMES = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "edge", world.gateway)
    with_certificate(world, "admin", world.contoso.admin)
    with_token(world, "bob", world.bob)
    world.a.write("plain", 1000 * b"secret ")
    return world


def to_file(world, path, who, *argv, mode="wb"):
    """What the command writes to standard output goes to a file, as a shell does it."""
    with open(path, mode) as out:
        done = subprocess.run([CHANCERY, *argv, "--profile", f"{world.a.folder}/{who}.yaml"], stdout=out, stderr=subprocess.PIPE,
                              text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_protected_file_opens(world, name):
    folder = world.a.folder
    told = to_file(world, f"{folder}/sealed", "edge", "protect", "--do-not-forward", "--owner", "alice@contoso.com", "--recipient",
                   "bob@fabrikam.com", f"{folder}/plain", name)
    assert len(told.split()[-1]) == 36, "the id is told beside it"
    to_file(world, f"{folder}/opened", "bob", "open", f"{folder}/sealed", name)
    assert same(f"{folder}/plain", f"{folder}/opened")


@pytest.mark.parametrize("name", NAMES)
def test_a_publisher_is_a_file(world, name):
    folder = world.a.folder
    path = f"{folder}/publisher"
    os.close(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    told = to_file(world, path, "edge", "publisher", "get", name)
    assert "publisher " in told
    shown = subprocess.run([CHANCERY, "publisher", "show", path], capture_output=True, text=True, check=False, timeout=60)
    assert (shown.returncode, shown.stdout) == (0, told), shown.stderr


@pytest.mark.parametrize("name", NAMES[1:])
def test_an_export_is_added_to_a_file(world, name):
    path = f"{world.a.folder}/events"

    def exported():
        with open(path, "w", encoding="ascii") as file:
            file.write("before\n")
        to_file(world, path, "admin", "audit", "export", "--start", "2020-01-01", "--output", name, mode="ab")
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()

    lines = eventually(lambda: exported()[1:] and exported(), "what was recorded is settled")
    assert lines[0] == "before"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_part_of_somebody_else_is_not_taken_up(world):
    """Whoever had made it could read what was exported into it."""
    path = f"{world.a.folder}/month.csv"
    for ending, text in ((".part", ""), (".place", "0 jsonl x\n")):
        with open(path + ending, "w", encoding="ascii") as file:
            file.write(text)
        os.chown(path + ending, 12345, -1)
    for more in ([], ["--continue"]):
        told = run(world, "audit export", "admin", "--start", "2020-01-01", "--output", path, *more, expect=1).stderr
        assert "belongs to another user" in told, told
    os.unlink(f"{path}.part")
    os.mkfifo(f"{path}.part")
    run(world, "audit export", "admin", "--start", "2020-01-01", "--output", path, expect=1)
    with pytest.raises(FileNotFoundError):
        os.stat(path)
