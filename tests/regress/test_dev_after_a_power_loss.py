# SPDX-License-Identifier: Apache-2.0
"""chancery dev believed what pid files say. After a power loss the numbers in them may be other processes': it took them for
its PostgreSQL and its chanceryd, and never started again; or `dev stop` ended a different authority."""
import contextlib
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile

import pytest

from authority import BUILD
from waiting import eventually

CHANCERY = f"{BUILD}/cli/chancery"
LAST_PID = "/proc/sys/kernel/ns_last_pid"
POSTGRES = "postgres" if os.geteuid() == 0 else None  # as whom PostgreSQL runs


class Dev:
    """An authority of chancery dev in a folder of its own."""

    def __init__(self, parent, name="authority"):
        self.folder = pathlib.Path(parent) / name
        self.server, self.postmaster = self.folder / "chanceryd.pid", self.folder / "postgres/data/postmaster.pid"

    def run(self, verb, *more):
        return subprocess.run([CHANCERY, "dev", verb, "--folder", str(self.folder), *more], capture_output=True, text=True,
                              timeout=90, check=False)

    def start(self):
        done = self.run("start", "--port", str(20000 + secrets.randbelow(20000)))
        assert done.returncode == 0, done.stderr + self.logs()
        assert self.states() == ["running", "running"]

    def logs(self):
        return "".join(file.read_text(errors="replace")[-2000:] for file in self.folder.rglob("*log") if file.is_file())

    def stop(self):
        done = self.run("stop")
        assert done.returncode == 0, done.stderr
        assert self.states() == ["stopped", "stopped"]

    def states(self):
        return [line.split()[-1] for line in self.run("status").stdout.splitlines()[1:]]

    def pids(self):
        return [int(file.read_text().split()[0]) for file in (self.server, self.postmaster)]

    def lose_power(self):
        """All of its processes end at once, and nothing is cleaned up."""
        for pid in self.pids():
            all_of_it = [pid, *map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
            for one in all_of_it:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            eventually(lambda: not any(os.path.exists(f"/proc/{one}") for one in all_of_it), "they are gone")  # pylint: disable=W0640


@pytest.fixture(scope="module")
def parent():
    made = tempfile.mkdtemp(prefix="chancery-dev-")
    os.chmod(made, 0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def dev(parent):
    made = Dev(parent)
    yield made
    assert made.run("clean").returncode == 0


@pytest.fixture
def program(parent):
    """A program of this name that does nothing."""
    def make(name):
        os.makedirs(f"{parent}/bin", exist_ok=True)
        os.chmod(f"{parent}/bin", 0o755)
        shutil.copy("/bin/sleep", f"{parent}/bin/{name}")
        return f"{parent}/bin/{name}"
    return make


def next_pid_is(wanted):
    """Whether the kernel was told so: who may write to that file, and what its mode says, are two things."""
    try:
        with open(LAST_PID, "w", encoding="ascii") as file:
            file.write(str(wanted - 1))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def process_of_number(wanted, argv, user=None):
    """A process that has got this pid, as the kernel gives them out again; where that can't be arranged, one of any pid."""
    for is_last in [False] * 200 + [True]:
        is_arranged = next_pid_is(wanted)
        process = subprocess.Popen(argv, user=user)
        if process.pid == wanted or is_last or not is_arranged:
            break
        process.kill()
        process.wait()
    try:
        yield process
        assert process.poll() is None, "somebody ended it"
    finally:
        process.kill()
        process.wait()


def test_other_processes_have_the_numbers(dev, program):
    dev.start()
    server, postmaster = dev.pids()
    dev.lose_power()
    lock = dev.folder / "postgres/.s.PGSQL.5432.lock"
    with process_of_number(server, [program("chanceryd"), "1000"]) as other, \
            process_of_number(postmaster, [program("sleep"), "1000"], POSTGRES) as sleeper:
        replace_first(dev.server, other.pid)
        replace_first(dev.postmaster, sleeper.pid)
        replace_first(lock, sleeper.pid)
        assert dev.states() == ["stopped", "stopped"]
        dev.stop()  # ends nobody
        assert other.poll() is None and sleeper.poll() is None
        replace_first(dev.server, other.pid)
        dev.start()
        assert dev.pids() != [other.pid, sleeper.pid]
        dev.stop()


def replace_first(path, pid):
    """In its place, as who owns it."""
    lines = path.read_text().splitlines() if path.exists() else [""]
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join([str(pid), *lines[1:]]) + "\n")


def test_stop_ended_another_authority(dev, parent):
    """Its chanceryd has the number that stands in our pid file."""
    dev.start()
    other = Dev(parent, "other")
    other.start()
    try:
        dev.lose_power()
        replace_first(dev.server, other.pids()[0])
        replace_first(dev.postmaster, other.pids()[1])
        assert dev.states() == ["stopped", "stopped"]
        dev.stop()
        assert other.states() == ["running", "running"]
        replace_first(dev.server, other.pids()[0])
        dev.start()
        dev.stop()
        assert other.states() == ["running", "running"]
    finally:
        assert other.run("clean").returncode == 0


def test_the_files_were_empty(dev):
    """As a file system may leave them that had not written them yet."""
    dev.start()
    dev.lose_power()
    for file in (dev.server, dev.postmaster, dev.folder / "postgres/.s.PGSQL.5432.lock"):
        with open(file, "w", encoding="ascii"):
            pass
    dev.start()
    dev.stop()


def test_half_made_things_were_kept(parent):
    """The power went while the first start made its files."""
    dev = Dev(parent, "half")
    (dev.folder / "certificates").mkdir(parents=True)
    (dev.folder / "dev.lock").touch()
    (dev.folder / "postgres/data.new").mkdir(parents=True)
    (dev.folder / "postgres/data.new/PG_VERSION").write_text("15\n")
    (dev.folder / "certificates/server.key").write_text("")
    (dev.folder / "chanceryd.yaml.new").write_text("listeners:\n")
    try:
        dev.start()
        dev.stop()
    finally:
        assert dev.run("clean").returncode == 0


def test_it_runs_whatever_the_file_says(dev):
    """Whether the server runs is told by the lock that it holds, and it is not started a second time."""
    dev.start()
    server = dev.pids()[0]
    dev.server.write_text("")
    assert dev.states() == ["running", "running"]
    assert dev.run("start").returncode == 0
    assert os.path.exists(f"/proc/{server}")
    dev.server.write_text(f"{server}\n")
    dev.stop()
    eventually(lambda: not os.path.exists(f"/proc/{server}"), "it has ended")


def test_one_folder_had_two_names(dev, parent):
    dev.start()
    os.symlink(dev.folder, f"{parent}/link")
    for name in ("link", "./authority", "../" + os.path.basename(parent) + "/authority"):
        done = subprocess.run([CHANCERY, "dev", "status", "--folder", name], capture_output=True, text=True, cwd=parent,
                              check=True)
        assert done.stdout.count("running") == 2, done.stdout
    done = subprocess.run([CHANCERY, "dev", "stop", "--folder", "link"], cwd=parent, check=False)
    assert done.returncode == 0 and dev.states() == ["stopped", "stopped"]


def test_clean_leaves_other_folders_alone(parent):
    other = pathlib.Path(parent) / "not-ours"
    other.mkdir()
    dev = Dev(parent, "not-ours")
    assert "not made by chancery dev" in dev.run("clean").stderr
    assert dev.run("stop").returncode == 0
    assert not list(other.iterdir())
