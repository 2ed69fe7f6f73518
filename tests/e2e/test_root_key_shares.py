# SPDX-License-Identifier: Apache-2.0
"""Root keys that are split among people and joined again, and ceremonies on record (docs/formats.md §4.1.2)."""
import hashlib
import itertools
import os
import re
import subprocess

import pytest

from authority import BUILD
from calls import outcome

CHANCERY = f"{BUILD}/cli/chancery"


def run(*args, check=True, cwd=None):
    done = subprocess.run([CHANCERY, "root-key", *args], capture_output=True, text=True, check=False, cwd=cwd)
    assert not check or done.returncode == 0, done.stderr
    return done


def why(*args):
    """Why it fails; nothing is written then."""
    done = run(*args, check=False)
    assert done.returncode == 1 and not os.path.exists(args[-1]), done.stdout
    return re.match(r"chancery root-key: ([A-Z_]+): ", done.stderr).group(1)


@pytest.fixture(name="made")
def made_fixture(tmp_path):
    """A root key, split among five of whom three join."""
    run("create", f"{tmp_path}/root.key")
    run("split", "--key", f"{tmp_path}/root.key", "--shares", "5", "--threshold", "3", f"{tmp_path}/shares")
    return tmp_path


def share(folder, number):
    return f"{folder}/shares/share-{number}.txt"


def line(path):
    with open(path, encoding="ascii") as file:
        return [each for each in file.read().splitlines() if not each.startswith("#")][0]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def rewrite(path, text):
    """With the checksum that belongs to it."""
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{text}:{hashlib.sha256(text.encode()).hexdigest()[:8]}\n")


def test_any_three_of_five_join(made):
    for number, three in enumerate(itertools.permutations(range(1, 6), 3)):
        if number % 7 == 0:
            run("join", *(share(made, one) for one in three), f"{made}/back-{number}.key")
            assert read(f"{made}/back-{number}.key") == read(f"{made}/root.key")
            assert os.stat(f"{made}/back-{number}.key").st_mode & 0o777 == 0o600
    for number in range(1, 6):
        assert os.stat(share(made, number)).st_mode & 0o777 == 0o600
    assert os.stat(f"{made}/shares").st_mode & 0o777 == 0o700


def multiply(one, other):
    product = 0
    while other:
        product ^= one if other & 1 else 0
        one = one << 1 ^ (0x11b if one & 0x80 else 0)
        other >>= 1
    return product


def test_shares_join_by_other_means(made):
    """As docs/formats.md has it, and without us."""
    inverse = {one: next(other for other in range(1, 256) if multiply(one, other) == 1) for one in range(1, 256)}
    shares = []
    for number in (2, 4, 5):
        kind, _, threshold, own, _, text, _ = line(share(made, number)).split(":")
        assert (kind, threshold, own) == ("chancery-share-1", "3", str(number))
        shares.append((number, bytes.fromhex(text)))
    root = bytearray(32)
    for number, data in shares:
        factor = 1
        for other, _ in shares:
            if other != number:
                factor = multiply(factor, multiply(other, inverse[other ^ number]))
        root = bytes(one ^ multiply(byte, factor) for one, byte in zip(root, data))
    assert root.hex() == read(f"{made}/root.key").decode().strip()


def test_damaged_mixed_few_and_wrong_ones_are_told_apart(made):
    out = f"{made}/none.key"
    run("split", "--key", f"{made}/root.key", "--shares", "5", "--threshold", "3", f"{made}/again")
    others = f"{made}/again/share-3.txt"
    assert why("join", share(made, 1), share(made, 2), out) == "SHARES_TOO_FEW"
    assert why("join", share(made, 1), share(made, 2), share(made, 2), out) == "SHARES_TOO_FEW"
    assert why("join", share(made, 1), share(made, 2), others, out) == "SHARES_MIXED"
    sound = line(share(made, 3))
    rewrite(share(made, 4), ":".join([*sound.split(":")[:3], "4", *sound.split(":")[4:6]]))
    assert why("join", share(made, 1), share(made, 2), share(made, 4), out) == "SHARES_WRONG"
    fields = sound.split(":")
    for damaged in ("", "hello", sound[:-1], sound[1:], sound.replace(fields[5], fields[5][:-1] + ("0" if fields[5][-1] != "0" else "1")),
                    sound + ":00000000"):
        with open(share(made, 3), "w", encoding="ascii") as file:
            file.write(damaged)
        assert why("join", share(made, 1), share(made, 2), share(made, 3), out) == "SHARE_DAMAGED", damaged
    for field, value in ((0, "chancery-share-2"), (1, "abc"), (2, "1"), (2, "17"), (3, "0"), (3, "x"), (3, "17"), (4, "short"), (5, "00")):
        rewrite(share(made, 3), ":".join(value if at == field else text for at, text in enumerate(fields[:6])))
        assert why("join", share(made, 1), share(made, 2), share(made, 3), out) == "SHARE_DAMAGED", (field, value)


def test_a_forged_share_among_enough_others_is_named(made):
    forged = line(share(made, 2)).split(":")
    forged[5] = "00" + forged[5][2:] if forged[5][:2] != "00" else "01" + forged[5][2:]
    with open(f"{made}/forged.txt", "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
    rewrite(f"{made}/forged.txt", ":".join(forged[:6]))
    good = {number: share(made, number) for number in range(1, 6)}
    for number, (first, *others) in enumerate(((f"{made}/forged.txt", good[1], good[3], good[4]), (good[1], good[3], good[4], f"{made}/forged.txt"),
                                               (f"{made}/forged.txt", good[2], good[1], good[3]))):
        told = run("join", first, *others, f"{made}/back-{number}.key").stdout
        assert read(f"{made}/back-{number}.key") == read(f"{made}/root.key")
        assert re.findall(r"^WRONG share (\d) of set", told, re.M) == ["2"] and told.count("by share") == 3
    told = run("join", *good.values(), f"{made}/all.key").stdout
    assert told.count("by share") == 5 and "WRONG" not in told
    assert why("join", f"{made}/forged.txt", good[1], good[3], f"{made}/none.key") == "SHARES_WRONG"


def test_a_record_replaces_nothing(made):
    key = read(f"{made}/root.key")
    for args in (("split", "--key", f"{made}/root.key", "--shares", "2", "--threshold", "2", "--record", f"{made}/root.key", f"{made}/new"),
                 ("create", "--record", share(made, 1), f"{made}/new"),
                 ("create", "--record", f"{made}/both", f"{made}/both")):
        done = run(*args, check=False)
        assert done.returncode == 1 and "FILE_UNWRITABLE" in done.stderr and not os.path.exists(f"{made}/new")
    assert read(f"{made}/root.key") == key and b"chancery-share-1" in read(share(made, 1))
    assert re.fullmatch(rb"[0-9a-f]{64}\n", read(f"{made}/both"))  # the key, and not its record


def test_what_a_keeper_may_have_done_to_a_share(made):
    """White space and line ends of other systems don't matter; others who can read it do."""
    text = read(share(made, 1)).replace(b"\n", b"\r\n") + b"\r\n  \r\n"
    with open(share(made, 1), "wb") as file:
        file.write(text)
    run("join", share(made, 1), share(made, 2), share(made, 3), f"{made}/back.key")
    assert read(f"{made}/back.key") == read(f"{made}/root.key")
    os.chmod(share(made, 2), 0o644)
    assert why("join", share(made, 1), share(made, 2), share(made, 3), f"{made}/none.key") == "FILE_MODE"


def test_nothing_is_replaced(made):
    before = read(f"{made}/root.key")
    for args in (("create", f"{made}/root.key"), ("join", *(share(made, one) for one in (1, 2, 3)), f"{made}/root.key"),
                 ("split", "--key", f"{made}/root.key", "--shares", "2", "--threshold", "2", f"{made}/shares")):
        done = run(*args, check=False)
        assert done.returncode == 1 and "FILE_UNWRITABLE" in done.stderr
    assert read(f"{made}/root.key") == before


@pytest.mark.parametrize("args, words", [
    ((), "say create, wrap, check, split or join"),
    (("splt",), "did you mean split"),
    (("create",), "create: give the file to write"),
    (("split", "folder"), "--key KEY, --shares N and --threshold M are required"),
    (("split", "--key", "k", "--shares", "17", "--threshold", "2", "f"), "--shares"),
    (("split", "--key", "k", "--shares", "3", "--threshold", "4", "f"), "--threshold"),
    (("split", "--key", "k", "--shares", "3", "--threshold", "1", "f"), "--threshold"),
    (("join", "one"), "join: give shares, and the file to write"),
    (("wrap", "--key", "k", "--name", "n", "f"), "either --to JWK or"),
    (("wrap", "--key", "k", "--name", "n", "--module", "/m", "--uri", "pkcs11:token=a?pin-value=1", "f"), "without a PIN"),
])
def test_usage(args, words, tmp_path):
    done = run(*args, check=False, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr
    assert not os.listdir(tmp_path)


def test_a_ceremony_is_on_record(made):
    record = f"{made}/ceremony.txt"
    told = run("split", "--key", f"{made}/root.key", "--shares", "3", "--threshold", "2", "--record", record, "--witness", "Ann Ames",
               "--witness", "Bob Berg", f"{made}/more").stdout
    text = read(record).decode()
    thumbprint = re.search(r"^root key (\S{22})$", told, re.M).group(1)
    assert re.search(r"^act +split$", text, re.M) and re.search(rf"^root key +{thumbprint}$", text, re.M)
    assert re.search(r"^when +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", text, re.M) and f"(uid {os.getuid()})" in text
    assert len(re.findall(r"share [123] of 3, set [0-9a-f]{8}, any 2 join: ", text)) == 3
    assert re.findall(r"^witness +(.+)$", text, re.M) == ["Ann Ames", "Bob Berg"] and text.count("signature") == 2
    for number in (1, 2, 3):  # neither the key nor a share is in it
        assert line(f"{made}/more/share-{number}.txt").split(":")[5] not in text + told
    assert read(f"{made}/root.key").decode().strip() not in text + told


def test_wraps_from_the_command_line(made):
    """What is wrapped is opened, split and wrapped further without the plain file."""
    def recipient(name):
        jwk = subprocess.run([CHANCERY, "key", "new-recipient", f"{made}/{name}.pem"], capture_output=True, text=True, check=True).stdout
        with open(f"{made}/{name}.jwk", "w", encoding="ascii") as file:
            file.write(jwk)

    def wrap(key, name, *more, **how):
        return run("wrap", "--key", f"{made}/{key}", "--name", name, "--to", f"{made}/{name}.jwk", *more, f"{made}/root.wrapped", **how)

    for name in ("ann", "bob", "eve"):
        recipient(name)
    wrap("root.key", "ann")
    wrap("root.wrapped", "bob", "--with", f"{made}/ann.pem")
    before = read(f"{made}/root.wrapped")
    assert "INPUT_INVALID" in wrap("root.wrapped", "bob", "--with", f"{made}/ann.pem", check=False).stderr  # it is there
    assert "ROOT_KEY_UNOPENED" in wrap("root.wrapped", "eve", "--with", f"{made}/eve.pem", check=False).stderr
    run("create", f"{made}/other.key")
    assert "INPUT_INVALID" in wrap("other.key", "eve", check=False).stderr  # the file is another root key's
    assert read(f"{made}/root.wrapped") == before
    told = run("check", "--with", f"{made}/bob.pem", f"{made}/root.wrapped").stdout
    assert "wrap ann to key" in told and "wrap bob to key" in told and f"opened by {made}/bob.pem: wrap bob" in told
    assert told.splitlines()[0] == run("check", f"{made}/root.key").stdout.splitlines()[0]
    assert "wrap ann" in run("check", f"{made}/root.wrapped").stdout  # without anything that opens it
    run("split", "--key", f"{made}/root.wrapped", "--with", f"{made}/bob.pem", "--shares", "2", "--threshold", "2", f"{made}/two")
    run("join", f"{made}/two/share-1.txt", f"{made}/two/share-2.txt", f"{made}/back.key")
    assert read(f"{made}/back.key") == read(f"{made}/root.key")
    assert "ROOT_KEY_INVALID" in run("check", f"{made}/ann.jwk", check=False).stderr


def test_a_drill_from_shares(world, tmp_path):
    """All that opened the root key is lost but the shares: joined and wrapped to a new key, they start the authority again."""
    folder, content = world.a.folder, world.protect()
    run("split", "--key", f"{folder}/root.key", "--shares", "3", "--threshold", "2", f"{tmp_path}/shares")
    world.a.stop()
    world.sql("DELETE FROM root_key_worker")
    os.remove(f"{folder}/root.key")
    world.a.log = []
    run("join", f"{tmp_path}/shares/share-3.txt", f"{tmp_path}/shares/share-1.txt", f"{tmp_path}/joined.key")
    jwk = subprocess.run([CHANCERY, "key", "new-recipient", f"{folder}/node.pem"], capture_output=True, text=True, check=True).stdout
    world.a.write("node.jwk", jwk.encode())
    run("wrap", "--key", f"{tmp_path}/joined.key", "--name", "node", "--to", f"{folder}/node.jwk", f"{folder}/root.wrapped")
    os.remove(f"{tmp_path}/joined.key")
    world.a.config["root_key"] = {"file": f"{folder}/root.wrapped", "openers": [{"key_file": f"{folder}/node.pem"}]}
    world.a.start()
    assert outcome(world.acquire, content, world.bob) == "OK"
