# SPDX-License-Identifier: Apache-2.0
"""What the command line writes: `chancery open … /dev/null` as root made a file of the device, OUTPUT.part followed links and
kept the mode that somebody had given it, Ctrl-C left the text behind, and output that no disk took was called done."""
import os
import signal
import stat
import subprocess

import pytest

from authority import BUILD
from command import CHANCERY, SAMPLE, protect, run, same, with_certificate, with_token
from waiting import eventually

BIG = 100_000_000  # takes long enough to be interrupted


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "edge", world.gateway)
    with_certificate(world, "contoso-admin", world.contoso.admin)
    with_token(world, "bob", world.fabrikam.token("bob"))
    world.sealed = f"{world.a.folder}/sealed.eml"
    protect(world, SAMPLE, world.sealed)
    return world


@pytest.fixture
def folder(world, tmp_path):
    os.chmod(tmp_path, 0o755)
    return tmp_path


def opened(world, path, expect=0, **more):
    return run(world, "open", "bob", world.sealed, str(path), expect=expect, **more)


def start(world, *arguments, command="open", who="bob", **more):
    return subprocess.Popen([CHANCERY, *command.split(), "--profile", f"{world.a.folder}/{who}.yaml", *arguments],
                            stderr=subprocess.PIPE, text=True, **more)


def text():
    with open(SAMPLE, "rb") as file:
        return file.read()


def told(done, sentence="What was to be written could not be written."):
    return "FILE_UNWRITABLE" in done.stderr and sentence in done.stderr


# --- what is no regular file ---


def device(folder, name, minor):
    """A node of our own for root, who could do harm to the machine's."""
    if os.geteuid() != 0:
        return f"/dev/{name}"
    os.mknod(folder / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
    return str(folder / name)


@pytest.mark.parametrize("name,minor", [("null", 3), ("full", 7)])
def test_device_became_a_file(world, folder, name, minor):
    path = device(folder, name, minor)
    before, beside = os.lstat(path), os.listdir(folder)
    done = opened(world, path, expect=int(name == "full"))
    assert (os.lstat(path).st_ino, os.lstat(path).st_mode) == (before.st_ino, before.st_mode)
    assert os.listdir(folder) == beside and told(done) == (name == "full")


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_names_of_descriptors(world, name):
    assert opened(world, name).stdout.encode() == text().replace(b"\r\n", b"\n")


def test_shell_appends_behind_a_descriptor(world, folder):
    (folder / "log").write_bytes(b"before\n")
    with open(folder / "log", "ab") as file:
        assert start(world, world.sealed, "/dev/fd/1", stdout=file).wait(60) == 0
    assert (folder / "log").read_bytes() == b"before\n" + text()


def test_pipe_became_a_file(world, folder):
    os.mkfifo(folder / "pipe")
    process = start(world, world.sealed, str(folder / "pipe"))
    with open(folder / "pipe", "rb") as file:
        assert file.read() == text()
    assert process.wait(60) == 0
    assert stat.S_ISFIFO(os.lstat(folder / "pipe").st_mode) and os.listdir(folder) == ["pipe"]


def test_reader_of_a_pipe_has_gone(world, folder):
    big = sealed_big(world)
    os.mkfifo(folder / "pipe")
    process = start(world, big, str(folder / "pipe"))
    with open(folder / "pipe", "rb") as file:
        file.read(10)
    assert process.wait(60) == 1 and "Broken pipe" in process.stderr.read()


def test_folder_is_no_output(world, folder):
    assert "Is a directory" in opened(world, folder, expect=1).stderr
    assert "No such file" in opened(world, folder / "missing" / "out", expect=1).stderr
    assert os.listdir(folder) == []


# --- names beside ---


def test_part_was_a_link(world, folder):
    (folder / "precious").write_bytes(b"mine")
    os.chmod(folder / "precious", 0o600)
    os.symlink("precious", folder / "out.part")
    opened(world, folder / "out")
    assert (folder / "precious").read_bytes() == b"mine" and same(SAMPLE, folder / "out")
    assert sorted(os.listdir(folder)) == ["out", "out.part", "precious"]


def test_part_had_another_mode(world, folder):
    (folder / "out.part").touch()
    os.chmod(folder / "out.part", 0o666)
    (folder / "out").write_bytes(b"old")
    os.chmod(folder / "out", 0o644)
    opened(world, folder / "out")
    assert oct(os.stat(folder / "out").st_mode & 0o777) == "0o600" and same(SAMPLE, folder / "out")
    assert (folder / "out.part").read_bytes() == b""


def test_output_through_a_link(world, folder):
    """The link stays, and what it names is replaced; a link to nothing makes nothing."""
    (folder / "there").mkdir()
    (folder / "there" / "file").write_bytes(b"old")
    os.symlink("there/file", folder / "link")
    os.symlink("there/nothing", folder / "dangling")
    opened(world, folder / "link")
    assert os.readlink(folder / "link") == "there/file" and same(SAMPLE, folder / "there" / "file")
    assert told(opened(world, folder / "dangling", expect=1))
    assert os.listdir(folder / "there") == ["file"] and sorted(os.listdir(folder)) == ["dangling", "link", "there"]


def test_link_to_a_device(world, folder):
    path = device(folder, "null", 3)
    os.symlink(path, folder / "link")
    opened(world, folder / "link")
    assert os.readlink(folder / "link") == path and stat.S_ISCHR(os.stat(path).st_mode)


def test_input_is_its_own_output(world, folder):
    (folder / "mail").write_bytes(open(world.sealed, "rb").read())
    run(world, "open", "bob", str(folder / "mail"), str(folder / "mail"))
    assert same(SAMPLE, folder / "mail") and os.listdir(folder) == ["mail"]


# --- what is left ---


def sealed_big(world):
    path = f"{world.a.folder}/big.sealed"
    if not os.path.exists(path):
        world.a.write("big", os.urandom(BIG))
        protect(world, f"{world.a.folder}/big", path)
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM,
                                    signal.SIGUSR1, signal.SIGUSR2, signal.SIGVTALRM, signal.SIGPROF, signal.SIGPOLL,
                                    signal.SIGPWR, signal.SIGXCPU, signal.SIGABRT])
def test_signal_left_the_text(world, folder, number):
    """It comes as soon as there is something of it."""
    (folder / "out").write_bytes(b"old")
    process = start(world, sealed_big(world), str(folder / "out"))
    part = eventually(lambda: [name for name in os.listdir(folder) if name != "out"], "a part of the text", pause=0.0005)
    process.send_signal(signal.SIGSTOP)
    assert oct(os.stat(folder / part[0]).st_mode & 0o777) == "0o600"
    process.send_signal(number)
    process.send_signal(signal.SIGCONT)
    assert process.wait(60) == -number
    assert os.listdir(folder) == ["out"] and (folder / "out").read_bytes() == b"old"


@pytest.mark.parametrize("sealed,opened_as", [
    ("mails.protected/a.protected.eml", "mails.protected/a.opened.eml"), ("a.protected.protected", "a.protected.opened"),
    ("a.protectedness.txt", "a.protectedness.txt.opened"), (".protected", ".protected.opened"),
    ("mails.protected/plain", "mails.protected/plain.opened")])
def test_the_folder_was_named_anew(world, folder, sealed, opened_as):
    """The text went into another folder, where there was one."""
    os.makedirs(folder / "mails.protected")
    os.makedirs(folder / "mails.opened")
    (folder / sealed).write_bytes(open(world.sealed, "rb").read())
    run(world, "open", "bob", str(folder / sealed))
    assert same(SAMPLE, folder / opened_as) and os.listdir(folder / "mails.opened") == []


@pytest.mark.parametrize("command,who,more", [("open", "bob", []),
                                              ("protect", "edge", ["--mail", "--encrypt-only", "--owner", "alice@contoso.com"])])
def test_an_output_was_named_after_a_pipe(world, command, who, more):
    """/dev/stdin.opened, and for root a file there."""
    before = os.listdir("/dev")
    with open(world.sealed if command == "open" else SAMPLE, "rb") as file:
        process = start(world, *more, "/dev/stdin", command=command, who=who, stdin=subprocess.PIPE)
        _, errors = process.communicate(file.read().decode(), timeout=60)
    assert process.returncode == 2 and "/dev/stdin is no file: name an output too" in errors
    assert os.listdir("/dev") == before


def test_protecting_was_interrupted(world, folder):
    os.mkfifo(folder / "in")
    process = start(world, "--encrypt-only", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com",
                    str(folder / "in"), str(folder / "out"), command="protect", who="edge", stdout=subprocess.DEVNULL)
    with open(folder / "in", "wb") as file:
        file.write(b"x" * 500_000)
        file.flush()
        eventually(lambda: len(os.listdir(folder)) == 2, "a part of the protected file")
        process.terminate()
        assert process.wait(60) == -signal.SIGTERM
    assert os.listdir(folder) == ["in"]


@pytest.mark.parametrize("what", ["mail", "file"])
def test_file_beyond_a_limit_was_left(world, folder, what):
    """Like a full disk, a limit ends writing in the middle."""
    source = world.sealed if what == "mail" else sealed_big(world)
    limited = folder / "limited"
    limited.write_text(f"#!/bin/sh\nulimit -f 1\nexec {CHANCERY} \"$@\"\n")
    os.chmod(limited, 0o755)
    # A build that counts branches writes its counts at the end, and would meet the limit with those.
    env = {**os.environ, "GCOV_PREFIX": "/dev/null/none"}
    done = subprocess.run([limited, "open", "--profile", f"{world.a.folder}/bob.yaml", source, folder / "out"],
                          capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 1 and told(done) and "File too large" in done.stderr
    assert os.listdir(folder) == ["limited"]


# --- standard output ---


FULL = [("audit query", "contoso-admin", ["-o", "json"]), ("audit query", "contoso-admin", []),
        ("tenant get", "contoso-admin", ["-o", "json"]), ("tenant get", "contoso-admin", []),
        ("component list", "contoso-admin", ["-o", "json"]), ("inspect", "bob", ["SEALED"]),
        ("inspect", "bob", ["-o", "json", "SEALED"]), ("open", "bob", ["SEALED", "-"]),
        ("protect", "edge", ["--encrypt-only", "--owner", "alice@contoso.com", "--recipient", "bob@fabrikam.com", "--file",
                              SAMPLE, "-"])]


@pytest.mark.parametrize("command,who,arguments", FULL, ids=lambda value: str(value)[:20])
def test_full_disk_was_called_done(world, command, who, arguments):
    arguments = [world.sealed if argument == "SEALED" else argument for argument in arguments]
    with open("/dev/full", "wb") as full:
        process = start(world, *arguments, command=command, who=who, stdout=full)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1, errors
    assert errors.count("FILE_UNWRITABLE") == 1 and "No space left on device" in errors


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["open", "--help"]])
def test_help_to_a_full_disk(arguments):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([CHANCERY, *arguments], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"No space left" in done.stderr


def test_closed_standard_output_became_a_file(world, folder):
    """The first file that was opened had its number, so answers went into it."""
    script = f'exec {CHANCERY} "$@" >&-'
    done = subprocess.run(["sh", "-c", script, "sh", "tenant", "get", "--profile",
                           f"{world.a.folder}/contoso-admin.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_server_to_a_full_disk():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--list-steps"], stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0 and b"standard output" in done.stderr
