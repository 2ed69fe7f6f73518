# SPDX-License-Identifier: Apache-2.0
"""Root keys that are wrapped: by keys in PKCS#11 tokens, and by others beside them (docs/formats.md §4.1.1)."""
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from authority import BUILD
from calls import outcome
from soft_hsm import MODULE, SoftHsm
from waiting import eventually

CHANCERY = f"{BUILD}/cli/chancery"
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TROUBLED = f"{BUILD}/tests/programs/libtroubled_token.so"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 2}


@pytest.fixture(scope="module")
def hsm(world):
    """Two tokens, a key for the drawer, and the authority's root key wrapped to all of them. The plain one is put away."""
    made = SoftHsm(f"{world.a.folder}/hsm")
    made.token("first", "root")
    made.token("second", "root", curve="secp384r1")
    world.a.env.update(made.env)
    jwk = run(made, "key", "new-recipient", path(world, "drawer.pem")).stdout
    world.a.write("drawer.jwk", jwk.encode())
    for name, to in (("hsm-first", made.options("first", "root")), ("hsm-second", made.options("second", "root")),
                     ("drawer", ("--to", path(world, "drawer.jwk")))):
        run(made, "root-key", "wrap", "--key", path(world, "root.key"), "--name", name, *to, path(world, "root.wrapped"))
    os.rename(path(world, "root.key"), path(world, "away.key"))
    return made


def path(world, name):
    return f"{world.a.folder}/{name}"


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def run(hsm, *args, check=True, **env):
    done = subprocess.run([CHANCERY, *args], env={**os.environ, **hsm.env, **env}, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def configure(world, *openers):
    world.a.config["root_key"] = {"file": path(world, "root.wrapped"), "openers": list(openers)}


def restart(world, *openers):
    world.a.stop()
    world.sql("DELETE FROM root_key_worker")
    world.a.log = []
    configure(world, *openers)
    world.a.start()


def check_config(world, hsm, *openers, **env):
    config = dict(world.a.config, listeners=[{"address": "127.0.0.1:0"}],
                  root_key={"file": path(world, "root.wrapped"), "openers": list(openers)})
    world.a.write("checked.yaml", json.dumps(config).encode())
    done = subprocess.run([world.a.program, "--check-config", "--config", path(world, "checked.yaml")],
                          env={**os.environ, **hsm.env, **env}, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def start(world, hsm, *openers, **env):
    """What a start says that fails at its root key."""
    config = dict(world.a.config, listeners=[{"address": "127.0.0.1:0"}],
                  root_key={"file": path(world, "root.wrapped"), "openers": list(openers)})
    world.a.write("started.yaml", json.dumps(config).encode())
    done = subprocess.run([world.a.program, "--config", path(world, "started.yaml")], env={**os.environ, **hsm.env, **env},
                          capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stderr


def reload(world):
    """Take the configuration over."""
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    before = len(world.a.logged("supervisor.reload"))
    world.a.process.send_signal(signal.SIGHUP)
    world.a.wait_for_log("supervisor.reload", before, timeout=60)


def opened(world):
    return [(line["wrap"], line["opener"]) for line in world.a.logged("root_key.opened")]


def workers(world):
    with open(f"/proc/{world.a.process.pid}/task/{world.a.process.pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


@contextlib.contextmanager
def away(folder):
    """The tokens can't be reached meanwhile."""
    os.rename(folder, f"{folder}.away")
    os.mkdir(folder)
    yield
    os.rmdir(folder)
    os.rename(f"{folder}.away", folder)


def test_a_node_starts_by_its_token(world, hsm):
    made = world.protect()
    restart(world, hsm.opener("first", "root"))
    assert opened(world) == [("hsm-first", "pkcs11:token=first;object=root")]
    assert outcome(world.acquire, made, world.bob) == "OK"
    world.call("KeyService/RotateKey", {"tenant": "contoso", "purpose": 1}, world.contoso.admin)
    assert outcome(world.acquire, world.protect(), world.bob) == outcome(world.acquire, made, world.bob) == "OK"


def test_the_token_is_asked_at_start_alone(world, hsm):
    """However many workers there are, one login; licenses never wait for it, and a worker that is started again needs no token."""
    restart(world, hsm.opener("second", "root", module=hsm.spy))
    assert opened(world) == [("hsm-second", "pkcs11:token=second;object=root")]
    assert hsm.calls("C_Login") == 1 and hsm.calls("C_DeriveKey") == 1
    with away(hsm.tokens):
        made = world.protect()
        assert outcome(world.acquire, made, world.bob) == "OK"
        os.kill(workers(world)[0], signal.SIGKILL)
        world.a.wait_for_log("worker.ready", 2, timeout=60)
        eventually(lambda: outcome(world.acquire, made, world.bob) == "OK", "a call goes by a connection that is there")
        reload(world)  # for a certificate
        assert outcome(world.acquire, made, world.bob) == "OK" and len(opened(world)) == 1
    assert hsm.calls("C_Login") == 1 and hsm.calls("C_DeriveKey") == 1


def test_another_wrap_opens_when_the_token_is_gone(world, hsm):
    made = world.protect()
    openers = [hsm.opener("first", "root", module=hsm.spy), {"key_file": path(world, "drawer.pem")}]
    with away(hsm.tokens):
        restart(world, *openers)
        assert opened(world) == [("drawer", path(world, "drawer.pem"))]
        [failed] = world.a.logged("root_key.opener_failed")
        assert failed["reason"] == "HSM_UNREACHABLE" and failed["opener"] == "pkcs11:token=first;object=root"
        assert outcome(world.acquire, made, world.bob) == "OK"
        done = run(hsm, "doctor", "--config", path(world, "chanceryd.yaml"), "-o", "json", check=False)
        assert '"HSM_UNREACHABLE"' in done.stdout  # a warning: it starts, and somebody has to see to the token
    reload(world)  # the token is back, and not needed: the root keys are the same
    assert len(opened(world)) == 1
    world.a.config["root_key"]["openers"].reverse()
    reload(world)
    assert [wrap for wrap, _ in opened(world)] == ["drawer"] * 2
    assert outcome(world.acquire, made, world.bob) == "OK"


def test_the_first_opening_by_each_wrap_is_recorded(world, hsm):
    """Once, by whichever worker: in the platform's log, with the wrap's key."""
    with open(path(world, "root.wrapped"), encoding="utf-8") as file:
        kids = {wrap["name"]: wrap["kid"] for wrap in json.load(file)["wraps"]}

    def told(name):
        return f"root key 00000001: opened by the wrap {name}, to the key {kids[name]}, for the first time"

    def recorded(name):
        return int(world.sql(f"SELECT count(*) FROM audit WHERE operation = 'open_root_key_wrap' AND target = '{told(name)}'"))

    world.a.stop()  # so that nobody says meanwhile what they have opened
    world.sql("DELETE FROM root_key_opening")
    before = {name: recorded(name) for name in kids}

    def is_recorded(name):
        return recorded(name) == before[name] + 1

    for name, opener in (("hsm-first", hsm.opener("first", "root")), ("drawer", {"key_file": path(world, "drawer.pem")}),
                         ("hsm-second", hsm.opener("second", "root"))):
        restart(world, opener)
        eventually(lambda: is_recorded(name), f"{name} is recorded", 60)  # pylint: disable=W0640
    restart(world, hsm.opener("first", "root"))  # that is known
    eventually(lambda: world.sql("SELECT count(*) FROM root_key_worker") == "2", "both workers have said what they open", 60)
    restart(world, hsm.opener("first", "root"))
    assert all(is_recorded(name) for name in kids)
    assert {event.target for event in world.audit(operation="open_root_key_wrap")} >= {told(name) for name in kids}
    assert world.sql("SELECT count(*) FROM root_key_opening") == "3"


def test_a_plain_root_key_is_opened_by_no_wrap(world, hsm):
    noted = world.sql("SELECT count(*) FROM root_key_opening")
    world.a.stop()
    world.sql("DELETE FROM root_key_worker")
    world.a.log = []
    world.a.config["root_key"] = {"file": path(world, "away.key")}
    world.a.start()
    eventually(lambda: world.sql("SELECT count(*) FROM root_key_worker") == "2", "both workers have said what they open", 60)
    assert outcome(world.acquire, world.protect(), world.bob) == "OK"
    assert world.sql("SELECT count(*) FROM root_key_opening") == noted
    restart(world, hsm.opener("first", "root"))


def shared_pages_with(pid, bytes_):
    """The permissions of a process's shared memory that has these bytes."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            places, permissions = line.split()[:2]
            first, last = (int(place, 16) for place in places.split("-"))
            if permissions[0] == "r" and permissions[3] == "s":
                memory.seek(first)
                found += [permissions] if bytes_ in memory.read(last - first) else []
    return found


def test_a_library_has_no_root_key_that_is_in_use(world, hsm):
    """A reload asks another token, whose library hangs: in its process there is no page of root keys, and it dumps no memory. Where they
    are, nobody writes."""
    with open(path(world, "away.key"), "rb") as file:
        root = file.read()
    world.a.env["TROUBLE"] = "hang"
    restart(world, hsm.opener("first", "root"))
    supervisor, ours = world.a.process.pid, set(workers(world))
    assert shared_pages_with(supervisor, root) == ["r--s"]
    configure(world, hsm.opener("first", "root", module=TROUBLED))
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    world.a.process.send_signal(signal.SIGHUP)

    def libraries():
        return [pid for pid in set(workers(world)) - ours if "libtroubled_token" in read(f"/proc/{pid}/maps")]

    [pid] = eventually(libraries, "the library is loaded")
    assert shared_pages_with(pid, root) == []
    assert re.search(r"^Max core file size +0 +0 ", read(f"/proc/{pid}/limits"), re.M)
    assert world.a.wait_for_log("supervisor.reload_refused", timeout=60)["reason"] == "HSM_UNREACHABLE"
    assert shared_pages_with(supervisor, root) == ["r--s"]
    del world.a.env["TROUBLE"]


def test_a_wrong_pin_is_tried_once(world, hsm):
    """At a start that fails for it, however many root keys are to be opened; the daemon ends as one that no restart helps."""
    world.a.stop()
    shutil.copy(path(world, "root.wrapped"), path(world, "again.wrapped"))
    configure(world, hsm.opener("first", "root", module=hsm.spy, pin_file=hsm.wrong_pin_file))
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    before = hsm.calls("C_Login")
    with open(f"{REPOSITORY}/deploy/chanceryd.service", encoding="ascii") as unit:
        assert re.findall(r"^ExecStartPre=\S+ --config \S+ (.*)$", unit.read(), re.M) == ["--check-config"]
    # Which systemd repeats as long as it fails, whatever its exit code.
    assert check_config(world, hsm, *world.a.config["root_key"]["openers"])[0] == 0
    assert hsm.calls("C_Login") == before
    done = subprocess.run([world.a.program, "--config", path(world, "chanceryd.yaml")], env=world.a.env, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 78 and '"HSM_PIN_WRONG"' in done.stderr and "000000" not in done.stderr
    assert hsm.calls("C_Login") == before + 1
    # Two files, and a key beside the token: the token is tried for the first of them only.
    openers = [hsm.opener("first", "root", module=hsm.spy, pin_file=hsm.wrong_pin_file), {"key_file": path(world, "drawer.pem")}]
    world.a.config["root_key"] = {"file": path(world, "root.wrapped"), "other_files": [path(world, "again.wrapped")], "openers": openers}
    world.a.log = []
    world.a.start()
    assert opened(world) == [("drawer", path(world, "drawer.pem"))] * 2
    assert [line["reason"] for line in world.a.logged("root_key.opener_failed")] == ["HSM_PIN_WRONG"] * 2
    assert hsm.calls("C_Login") == before + 2
    reload(world)
    assert hsm.calls("C_Login") == before + 2


def test_a_wrong_pin_is_tried_once_whoever_asks(world, hsm):
    """Several openers may be keys of one token, named in several ways."""
    wrong = {"module": hsm.spy, "pin_file": hsm.wrong_pin_file}
    openers = [hsm.opener("first", "root", **wrong), hsm.opener("first", "other", **wrong),
               hsm.opener("first", "root", uri="pkcs11:object=root?module-name=spy", **wrong)]
    before = hsm.calls("C_Login")
    code, told = start(world, hsm, *openers)
    assert code == 78 and told.count('"HSM_PIN_WRONG"') == 3 and hsm.calls("C_Login") == before + 1
    done = run(hsm, "doctor", "--config", path(world, "started.yaml"), "-o", "json", check=False)
    assert done.returncode == 1 and "HSM_PIN_WRONG" in done.stdout and hsm.calls("C_Login") == before + 2
    run(hsm, "root-key", "check", *hsm.options("first", "root"), path(world, "root.wrapped"))  # the right one
    own = hsm.options("first", "root", hsm.spy, hsm.wrong_pin_file)
    done = run(hsm, "root-key", "check", "--config", path(world, "started.yaml"), *own, path(world, "root.wrapped"), check=False)
    assert done.returncode == 1 and done.stdout.count("HSM_PIN_WRONG") == 4 and hsm.calls("C_Login") == before + 3
    openers.append({"key_file": path(world, "drawer.pem")})
    code, told = check_config(world, hsm, *openers)
    assert code == 0
    done = run(hsm, "root-key", "wrap", "--config", path(world, "checked.yaml"), "--key", path(world, "root.wrapped"), "--name", "once",
               *own, path(world, "root.wrapped"), check=False)
    assert done.returncode == 1 and "HSM_PIN_WRONG" in done.stderr and hsm.calls("C_Login") == before + 4
    run(hsm, "root-key", "check", *hsm.options("first", "root"), path(world, "root.wrapped"))


def test_a_reload_that_can_not_open_changes_nothing(world, hsm):
    restart(world, hsm.opener("first", "root"))
    made = world.protect()
    configure(world, hsm.opener("first", "none"))
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    world.a.process.send_signal(signal.SIGHUP)
    assert world.a.wait_for_log("supervisor.reload_refused")["reason"] == "HSM_KEY_UNUSABLE"
    assert outcome(world.acquire, made, world.bob) == "OK"


@pytest.mark.parametrize("trouble, reason, words", [
    ("final-try", "HSM_PIN_LOCKED", "one more wrong PIN locks it"),
    ("locked", "HSM_PIN_LOCKED", "its PIN is locked"),
    ("locks", "HSM_PIN_LOCKED", "locked"),
    ("crash", "HSM_UNREACHABLE", "ended its process"),
    ("hang", "HSM_UNREACHABLE", "has not answered for 10 s"),
    ("no-reason", "HSM_UNREACHABLE", "what is no answer"),
    ("no-end", "HSM_UNREACHABLE", "what is no answer"),
    ("too-long", "HSM_UNREACHABLE", "what is no answer"),
    ("no-ecdh", "HSM_KEY_UNUSABLE", "ECDH in the token"),
    ("none", None, "opened by pkcs11:token=first;object=root: wrap hsm-first"),
])
def test_a_troubled_token(world, hsm, trouble, reason, words):
    done = run(hsm, "root-key", "check", *hsm.options("first", "root", TROUBLED), path(world, "root.wrapped"), check=False, TROUBLE=trouble)
    assert done.returncode == (1 if reason else 0) and words in done.stdout + done.stderr
    assert reason is None or f": {reason}: " in done.stderr


def test_tokens_that_hang_one_after_another(world, hsm):
    """They don't hold up the supervisor for longer than its watchdog allows."""
    config = dict(world.a.config, root_key={"file": path(world, "root.wrapped"),
                                            "openers": [hsm.opener("first", "root", module=TROUBLED)] * 5})
    world.a.write("hanging.yaml", json.dumps(config).encode())
    done = subprocess.run([world.a.program, "--config", path(world, "hanging.yaml")], env={**world.a.env, "TROUBLE": "hang"},
                          capture_output=True, text=True, check=False, timeout=120)
    failed = [line["detail"] for line in map(json.loads, done.stderr.splitlines()) if line["event"] == "root_key.opener_failed"]
    assert done.returncode == 78 and "ROOT_KEY_UNOPENED" in done.stderr
    assert ["has not answered" in detail for detail in failed] == [True, True, True, False, False]
    assert all("is not asked" in detail for detail in failed[3:])


ASKED = {"a library of something else", "no such token", "both tokens", "no such key", "a token whose key is not of the file", "none at all"}


@pytest.mark.parametrize("name, opener, reason, words", [
    ("no such library", {"module": "/nowhere.so"}, "HSM_UNREACHABLE", "/nowhere.so"),
    ("a library of something else", {"module": "/lib/x86_64-linux-gnu/libm.so.6"}, "HSM_UNREACHABLE", "libm"),
    ("no such token", {"uri": "pkcs11:token=third;object=root"}, "HSM_UNREACHABLE", "0 of"),
    ("both tokens", {"uri": "pkcs11:object=root"}, "HSM_UNREACHABLE", "2 of"),
    ("no such key", {"uri": "pkcs11:token=first;object=leaf"}, "HSM_KEY_UNUSABLE", "no private key"),
    ("a token whose key is not of the file", {"uri": "pkcs11:token=second;object=other"}, "ROOT_KEY_UNOPENED", "no wrap is to its key"),
    ("a PIN file for all", {"pin_file": "open.pin"}, "FILE_MODE", "open.pin"),
    ("no PIN file", {"pin_file": "missing.pin"}, "FILE_UNREADABLE", "missing.pin"),
    ("none at all", {"pin_file": ""}, "HSM_PIN_WRONG", "it was not tried"),
    ("a PIN in the uri", {"uri": "pkcs11:token=first;object=root?pin-value=482913"}, "root_key.openers.pkcs11.uri must be", "without a PIN"),
    ("no uri", {"uri": "token=first"}, "root_key.openers.pkcs11.uri must be", "without a PIN"),
    ("a relative library", {"module": "softhsm.so"}, "root_key.openers.pkcs11.module must be", "from the root on"),
])
def test_what_is_wrong_with_a_token_is_said(world, hsm, name, opener, reason, words):
    if name.startswith("a token whose key"):
        hsm.run("pkcs11-tool", "--module", MODULE, "--token-label", "second", "--login", "--pin", "482913", "--keypairgen",
                "--key-type", "EC:prime256v1", "--label", "other", "--id", "07", "--usage-derive")
    world.a.write("open.pin", b"482913\n")
    os.chmod(path(world, "open.pin"), 0o644)
    if opener.get("pin_file"):
        opener = {"pin_file": path(world, opener["pin_file"])}
    opener = hsm.opener("first", "root", **{"module": MODULE, **opener})
    code, told = start(world, hsm, opener)
    assert code == 78 and reason in told and words in told and "482913" not in told.replace("pin-value=482913", ""), (name, told)
    code, told = check_config(world, hsm, opener)  # which asks no token, and looks at what it is to be asked with
    assert code == 0 if name in ASKED else (code == 78 and reason in told and words in told), (name, told)


def test_the_bill_of_materials_has_the_wraps(world, hsm):
    world.a.write("cbom.yaml", json.dumps(dict(world.a.config, root_key={"file": path(world, "root.wrapped")})).encode())
    bom = json.loads(run(hsm, "doctor", "--cbom", "--config", path(world, "cbom.yaml")).stdout)
    with open(path(world, "root.wrapped"), encoding="ascii") as file:
        wrapped = json.load(file)
    [needed] = [entry["dependsOn"] for entry in bom["dependencies"] if entry["ref"] == f"root-key-file/{wrapped['thumbprint']}"]
    assert sorted(needed) == sorted(f"key/root-wrap/{wrap['kid']}" for wrap in wrapped["wraps"])
    found = {component["bom-ref"]: component["cryptoProperties"]["relatedCryptoMaterialProperties"]["algorithmRef"]
             for component in bom["components"] if component["bom-ref"] in needed}
    assert sorted(found.values()) == ["algorithm/ECDH-P-256", "algorithm/ECDH-P-384", "algorithm/ECDH-P-384"]
    # Another root key that is wrapped to keys of the first.
    run(hsm, "root-key", "create", path(world, "cbom.key"))
    run(hsm, "root-key", "wrap", "--key", path(world, "cbom.key"), "--name", "other", "--to", path(world, "drawer.jwk"),
        path(world, "cbom.wrapped"))
    world.a.write("cbom.yaml", json.dumps(dict(world.a.config, root_key={
        "file": path(world, "root.wrapped"), "other_files": [path(world, "cbom.wrapped")]})).encode())
    bom = json.loads(run(hsm, "doctor", "--cbom", "--config", path(world, "cbom.yaml")).stdout)
    wraps = {component["bom-ref"]: [each["value"] for each in component.get("properties", []) if each["name"] == "chancery:wrap"]
             for component in bom["components"]}
    assert {wrap["kid"]: wraps.pop(f"key/root-wrap/{wrap['kid']}") for wrap in wrapped["wraps"]} == {
        wrap["kid"]: ["drawer", "other"] if wrap["name"] == "drawer" else [wrap["name"]] for wrap in wrapped["wraps"]}
    assert not any(wraps.values())
    world.a.write("cbom.yaml", json.dumps(dict(world.a.config, root_key={"file": path(world, "nowhere.wrapped")})).encode())
    done = run(hsm, "doctor", "--cbom", "--config", path(world, "cbom.yaml"), check=False)
    assert done.returncode == 1 and done.stdout == "" and "ROOT_KEY_UNREADABLE" in done.stderr


def test_a_wrapped_key_without_an_opener(world, hsm):
    code, told = check_config(world, hsm)
    assert code == 78 and "ROOT_KEY_UNOPENED" in told and "root_key.openers is empty" in told
    world.a.write("not.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    code, told = start(world, hsm, {"key_file": path(world, "not.pem")}, hsm.opener("first", "none"))
    assert code == 78 and "ROOT_KEY_UNOPENED" in told and "ROOT_KEY_UNOPENED, HSM_KEY_UNUSABLE" in told
    code, told = check_config(world, hsm, {"key_file": path(world, "drawer.pem"), **hsm.opener("first", "root")})
    assert code == 78 and "root_key.openers" in told and "exactly one of key_file and pkcs11" in told
    code, told = check_config(world, hsm, *[{"key_file": path(world, "drawer.pem")}] * 9)
    assert code == 78 and "root_key.openers" in told and "at most 8" in told
