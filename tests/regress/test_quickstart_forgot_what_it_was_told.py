# SPDX-License-Identifier: Apache-2.0
"""deploy/quickstart and `chancery dev`: after a start that failed the port of `--port` was passed over; the last lines
named another folder than the one that was used; a folder with a space in its name broke PostgreSQL's connection
string, and a relative one lay elsewhere; and for minutes nothing was printed."""
import os
import re
import shutil
import socket
import subprocess
import tempfile

import pytest

from authority import BUILD
from command import CHANCERY

QUICKSTART = os.path.realpath(f"{os.path.dirname(os.path.abspath(__file__))}/../../deploy/quickstart")


@pytest.fixture
def place():
    """A folder with a space in its name, which PostgreSQL's user can enter."""
    parent = tempfile.mkdtemp(prefix="chancery dev ")
    os.chmod(parent, 0o711)
    yield parent
    subprocess.run([CHANCERY, "dev", "clean", "--folder", f"{parent}/my authority"], check=False, capture_output=True)
    shutil.rmtree(parent)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dev(verb, place, *more):
    return subprocess.run([CHANCERY, "dev", verb, "--folder", f"{place}/my authority", *more], capture_output=True,
                          text=True, timeout=120, check=False)


def works(place, port):
    """The authority is asked there, by what the folder says."""
    profile = f"{place}/my authority/profiles/contoso-admin.yaml"
    with open(profile, encoding="utf-8") as file:
        assert f"https://127.0.0.1:{port}\n" in file.read()
    done = subprocess.run([CHANCERY, "tenant", "get", "--profile", profile], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = subprocess.run([CHANCERY, "doctor", "--config", f"{place}/my authority/chanceryd.yaml", "--profile", profile],
                          capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_the_port_of_a_failed_start_stayed(place):
    first, second, third = free_port(), free_port(), free_port()
    with socket.create_server(("127.0.0.1", first)):
        done = dev("start", place, "--port", str(first))
        assert done.returncode == 1 and f"port {first} can't be used" in done.stderr and "--port" in done.stderr
        assert "PostgreSQL" not in done.stdout and dev("status", place).stdout.count("stopped") == 2
    for port in (second, third):  # the third while the second is being served
        done = dev("start", place, "--port", str(port))
        assert done.returncode == 0 and f"https://127.0.0.1:{port} " in done.stdout, done.stderr
        works(place, port)
    done = dev("start", place)
    assert done.returncode == 0 and f"https://127.0.0.1:{third} " in done.stdout, done.stderr
    assert "Ended the authority" in dev("stop", place).stdout and dev("status", place).stdout.count("stopped") == 2
    assert "No authority was running" in dev("stop", place).stdout
    assert "Deleted " in dev("clean", place).stdout and "There is no folder" in dev("clean", place).stdout


def test_what_a_failed_start_had_begun_went_on(place):
    """PostgreSQL ran on after a start whose server didn't become ready."""
    assert dev("start", place, "--port", str(free_port())).returncode == 0
    assert dev("stop", place).returncode == 0
    with open(f"{place}/my authority/chanceryd.yaml", "a", encoding="utf-8") as file:
        file.write("nonsense: 1\n")
    done = dev("start", place)
    assert done.returncode == 1 and "PostgreSQL" in done.stdout and "chanceryd.log" in done.stderr
    assert dev("status", place).stdout.count("stopped") == 2


def test_a_folder_in_which_postgresql_can_not_live_was_tried(place):
    for name, why in (("a,b", "commas"), ("it's", "quotes"), ("$HOME", "quotes"), ("x" * 90, "too long for sockets")):
        folder = f"{place}/{name}"
        done = subprocess.run([CHANCERY, "dev", "start", "--folder", folder], capture_output=True, text=True, check=False)
        assert done.returncode != 0 and why in done.stderr and not os.path.exists(folder), done


def test_the_last_lines_named_another_folder(place):
    """They are taken to a shell as they stand, from anywhere."""
    port = free_port()
    done = subprocess.run([QUICKSTART, "--folder", "my authority", f"--port={port}", "--build", BUILD], cwd=place,
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0 and "WRONG" not in done.stdout, done.stdout + done.stderr
    lines = done.stdout.split("Try next:\n")[1]
    stop, clean = (re.search(rf"^  (.* {what})$", lines, re.M).group(1) for what in ("--stop", "--clean"))
    subprocess.run(["sh", "-c", stop], check=True, cwd="/", capture_output=True)
    assert dev("status", place).stdout.count("stopped") == 2
    assert "my authority" in dev("status", place).stdout
    asked = re.search(r"^  (.* doctor .*)$", lines, re.M).group(1)
    assert subprocess.run(["sh", "-c", asked], check=False, capture_output=True).returncode == 1  # it is stopped
    subprocess.run(["sh", "-c", clean], check=True, cwd="/", capture_output=True)
    assert os.listdir(place) == []


def test_minutes_went_by_in_silence(place):
    """A build that takes its time, and fails."""
    os.mkdir(f"{place}/bin")
    with open(f"{place}/bin/cmake", "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho '[12/349] Building x'\nsleep 6.5\necho broken\nexit 1\n")
    os.chmod(f"{place}/bin/cmake", 0o755)
    done = subprocess.run([QUICKSTART, "--folder", f"{place}/my authority"], capture_output=True, text=True, timeout=120,
                          check=False, env={**os.environ, "PATH": f"{place}/bin:{os.environ['PATH']}"})
    assert done.returncode == 1 and re.search(r"… configuring, \d+ s, step \[12/349\]", done.stdout), done.stdout
    assert "broken" in done.stderr and "failed: configuring" in done.stderr
    os.unlink(re.search(r"is in (\S+)$", done.stderr, re.M).group(1))


@pytest.mark.parametrize("argv, why", [(["--folder"], "--folder needs a value"), (["--port", "x"], "not x"),
                                       (["--port=70000"], "not 70000"), (["--nonsense"], "no option --nonsense"),
                                       (["start"], "no option start"),
                                       (["--build", "/nonexistent"], "no program /nonexistent/cli/chancery")])
def test_quickstart_was_not_understood(argv, why):
    done = subprocess.run([QUICKSTART, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and why in done.stderr and "usage: " in done.stderr
