# SPDX-License-Identifier: Apache-2.0
"""`chancery dev start --folder ~` made its authority between somebody's files, and `chancery dev clean` deleted the folder
with all of them. What a first start had made when it was interrupted could not be cleaned. A folder with an escape
sequence in its name was taken, failed halfway, and was shown as it is."""
import os
import secrets
import shutil
import signal
import subprocess
import tempfile

import pytest

from command import CHANCERY
from waiting import eventually


@pytest.fixture
def place():
    parent = tempfile.mkdtemp(prefix="chancery-dev-")
    os.chmod(parent, 0o711)
    yield parent
    shutil.rmtree(parent)


def dev(verb, folder, *more, **how):
    return subprocess.run([CHANCERY, "dev", verb, "--folder", folder, *more], capture_output=True, text=True, timeout=120,
                          check=False, **how)


@pytest.mark.parametrize("name", ["thesis", ".profile", "certificates"])
def test_files_of_somebody_were_deleted(place, name):
    os.mkdir(f"{place}/home")
    with open(f"{place}/home/{name}", "w", encoding="utf-8") as file:
        file.write("years of work")
    done = dev("start", f"{place}/home")
    assert done.returncode == 1 and "files that are not of chancery dev" in done.stderr, done.stderr
    assert done.stdout == "" and os.listdir(f"{place}/home") == [name]
    assert dev("clean", f"{place}/home").returncode == 1
    with open(f"{place}/home/{name}", encoding="utf-8") as file:
        assert file.read() == "years of work"


def test_a_file_was_taken_for_a_folder(place):
    with open(f"{place}/file", "w", encoding="utf-8"):
        pass
    done = dev("start", f"{place}/file")
    assert done.returncode == 1 and "choose a folder" in done.stderr and "dev.lock" not in done.stderr


def test_an_interrupted_start_could_not_be_cleaned(place):
    """It had come as far as its lock; an empty folder is as good as a new one."""
    os.mkdir(f"{place}/empty")
    done = dev("start", f"{place}/empty", env={**os.environ, "PATH": "/nonexistent", "LC_ALL": "C"})
    if done.returncode != 0:
        assert "not of chancery dev" not in done.stderr, done.stderr
    dev("clean", f"{place}/empty")
    os.mkdir(f"{place}/half")
    with open(f"{place}/half/dev.lock", "w", encoding="utf-8"):
        pass
    done = dev("clean", f"{place}/half")
    assert done.returncode == 0 and not os.path.exists(f"{place}/half"), done.stderr


def of_initdb(folder):
    done = subprocess.run(["pgrep", "-f", f"initdb.*{folder}"], capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_initdb_went_on_alone(place):
    """Whoever was ended while it ran left it behind, and the next start met it: "data.new: Directory not empty"."""
    folder = f"{place}/authority"
    port = str(20000 + secrets.randbelow(20000))
    first = subprocess.Popen([CHANCERY, "dev", "start", "--folder", folder, "--port", port], stdout=subprocess.DEVNULL)
    try:
        eventually(lambda: os.path.exists(f"{folder}/postgres/data.new/PG_VERSION"), "initdb runs", pause=0.005)
        assert of_initdb(folder)
        first.terminate()
        assert first.wait(10) == -signal.SIGTERM
        eventually(lambda: not of_initdb(folder), "it has ended too", seconds=0.4, pause=0.01)
        done = dev("start", folder, "--port", port)
        assert done.returncode == 0, done.stderr
    finally:
        assert dev("clean", folder).returncode == 0


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\u202eb", "a\x9bb", "a\tb"])
def test_a_name_moved_the_terminals_text(place, name):
    done = dev("start", f"{place}/{name}")
    assert done.returncode == 1 and "can't be seen" in done.stderr and done.stdout == ""
    assert name not in done.stderr and not os.path.exists(f"{place}/{name}")
    told = dev("status", f"{place}/{name}")
    assert told.returncode == 0 and name not in told.stdout and told.stdout.replace("\n", "").isprintable(), told.stdout
