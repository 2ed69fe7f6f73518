# SPDX-License-Identifier: Apache-2.0
"""Root keys: one takes another's place while the authority serves (docs/policy.md §13)."""
import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading

import psycopg2
import pytest

from calls import outcome
from root_keys import begun, current, doctor, is_over, left_under_former, make, path, reload, restart, root_keys, stop
from waiting import eventually
from world import ROLES

PLATFORM = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def authority_options():
    return {"workers": 2}


def etags(world):
    return sorted((key.purpose, key.version, key.etag) for key in
                  world.call("KeyService/ListKeys", {"tenant": "contoso"}, world.contoso.admin).keys)


def records(world):
    return world.sql("SELECT operation, target FROM audit WHERE operation IN ('begin_root_key', 'end_root_key') AND "
                     f"tenant = '{PLATFORM}' ORDER BY at").splitlines()


def test_another_root_key_takes_over(world):
    made, before = world.protect(), etags(world)
    restart(world, "root.key", "second.key")  # every node opens it first
    assert outcome(world.acquire, made, world.bob) == "OK" and left_under_former(world) == 0 and begun(world) == 1
    restart(world, "second.key", "root.key")
    eventually(lambda: begun(world) == 2 and is_over(world), lambda: f"{left_under_former(world)} left", 120)
    assert left_under_former(world) == 0
    assert world.sql("SELECT count(DISTINCT root_version) FROM tenant_key") == "1"
    assert outcome(world.acquire, made, world.bob) == "OK"
    assert etags(world) == before  # who changes a key by its etag still can
    assert eventually(lambda: world.metric("chancery_root_key_rewrapped_total") >= 6, "rows were counted")
    assert world.metric("chancery_root_key_left") == 0
    begin, end = records(world)
    assert begin.startswith("begin_root_key|root key ") and end.endswith("nothing lies under another one")
    assert doctor(world) == ["ROOT_KEY_SPARE"]
    world.sql("UPDATE root_key_check SET ended_at = NULL WHERE root_version = root_key_wraps()")
    assert doctor(world) == []  # a worker may wrap by it still
    restart(world, "second.key")  # the former one may be lost
    assert outcome(world.acquire, made, world.bob) == "OK" and doctor(world) == []
    assert outcome(world.acquire, world.protect(), world.bob) == "OK"


def test_it_waits_for_whoever_does_not_open_it(world):
    """A node that is ahead wraps by the former one, so that what it makes opens on the others."""
    now, former = current(world)[0], begun(world)
    node = world.a.node(root_key=root_keys(world, "third.key", now), workers=1).start()
    try:
        assert node.wait_for_log("root_key.waits")["workers"] == 2
        node.tenant("early", "commercial", "early.example")
        assert left_under_former(world) == 0 and begun(world) == former
        gateway = node.component("early-gateway", ROLES["gateway"], tenant="early", sender_domains=["early.example"])
        made = world.protect(gateway, owner="kim@early.example")  # by the other node
        restart(world, now, "third.key")
        node.wait_for_log("root_key.wraps")
        eventually(lambda: begun(world) == former + 1 and is_over(world), lambda: f"{left_under_former(world)} left", 120)
        assert outcome(world.acquire, made, world.bob) == outcome(world.acquire, made, world.bob, on=node) == "OK"
    finally:
        node.stop()


def test_no_start_without_a_root_key_that_is_needed(world):
    now, known = current(world), int(world.sql("SELECT count(*) FROM root_key_check"))
    restart(world, "new.key", *now)
    eventually(lambda: begun(world) == known + 1 and left_under_former(world) == 0, "it has taken over", 120)
    keys = int(world.sql("SELECT count(*) FROM tenant_key WHERE wrapped <> ''"))
    for config, why in ((root_keys(world, now[0]), f"and {keys} keys lie under it"),
                        (root_keys(world, "fourth.key"), f"none of the {known + 1} root keys of the database is configured")):
        node = world.a.node(root_key=config, workers=1)
        node.write("alone.yaml", json.dumps(node.config).encode())
        done = subprocess.run([node.program, "--config", path(world, "alone.yaml")], capture_output=True, text=True,
                              timeout=60, check=False)
        line = next(each for each in map(json.loads, done.stderr.splitlines()) if each["event"] == "worker.root_key")
        assert done.returncode == 78 and line["reason"] == "ROOT_KEY_WRONG" and why in line["detail"], line
    assert outcome(world.acquire, world.protect(), world.bob) == "OK"  # who has it serves on


def test_it_goes_on_after_a_crash(world):
    """All processes are killed when some keys lie under the new one, and others can't yet."""
    made, now, former = world.protect(), current(world)[0], begun(world)
    restart(world, now, "fifth.key")
    held = world.sql("SELECT count(*) FROM tenant_key WHERE wrapped <> '' AND tenant = "
                     f"'{world.contoso.id}'")
    with contextlib.closing(psycopg2.connect(host=world.a.postgres.folder, dbname="postgres", user="owner")) as connection:
        connection.cursor().execute("SELECT FROM tenant_key WHERE tenant = %s FOR UPDATE", (world.contoso.id,))
        restart(world, "fifth.key", now)
        eventually(lambda: begun(world) == former + 1 and left_under_former(world) == int(held), "the others were wrapped", 120)
        assert doctor(world) == ["ROOT_KEY_LEFT"]
        assert outcome(world.acquire, made, world.bob) == "OK"  # while it goes on
        stop(world, signal.SIGKILL)
    assert left_under_former(world) == int(held)
    world.a.start()
    eventually(lambda: is_over(world), lambda: f"{left_under_former(world)} left", 120)
    assert left_under_former(world) == 0 and outcome(world.acquire, made, world.bob) == "OK"


def test_a_damaged_key_holds_up_nobody(world):
    now = current(world)[0]
    restart(world, now, "sixth.key")
    other = world.tenant()
    world.sql(f"UPDATE tenant_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1) WHERE tenant = '{other.id}' "
              "AND purpose = 2")
    restart(world, "sixth.key", now)
    told = world.a.wait_for_log("root_key.unopened", timeout=120)
    assert (told["tenant"], told["purpose"], told["version"]) == (other.id, "exchange", 1)
    eventually(lambda: left_under_former(world) == 1, "all others were wrapped", 120)
    assert outcome(world.acquire, world.protect(), world.bob) == "OK" and not is_over(world)


def test_it_is_done_by_reloads_while_it_serves(world):
    made, now, former = world.protect(), current(world), begun(world)
    is_done, outcomes = threading.Event(), []

    def begins_without(opens):
        """Those of the first configuration have ended, and count for two minutes."""
        world.sql(f"DELETE FROM root_key_worker WHERE cardinality(opens) = {opens}")
        return begun(world) == former + 1

    def load():
        while not is_done.is_set():
            outcomes.append(outcome(world.acquire, made, world.bob))

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asking = pool.submit(load)
        try:
            reload(world, *now, "seventh.key")
            reload(world, "seventh.key", *now)
            eventually(lambda: begins_without(len(now)), "it begins", 60)
            eventually(lambda: left_under_former(world) <= 1, lambda: f"{left_under_former(world)} left", 120)
        finally:
            is_done.set()
        asking.result()
    assert outcomes and set(outcomes) == {"OK"}, outcomes
    assert outcome(world.acquire, made, world.bob) == outcome(world.acquire, world.protect(), world.bob) == "OK"


def test_a_credential_of_systemds(world):
    """As LoadCredential= gives it: of another owner's group, by an ACL, in a folder that is the unit's."""
    folder = path(world, "credentials")
    os.mkdir(folder, 0o700)
    for name in ("sixth.key", "fifth.key"):
        shutil.copy(path(world, make(world, name)), folder)
        os.chmod(f"{folder}/{name}", 0o440)
    config = dict(world.a.config, listeners=[{"address": "127.0.0.1:0"}], root_key={"file": "sixth.key", "other_files": ["fifth.key"]})
    world.a.write("credential.yaml", json.dumps(config).encode())

    def check(**env):
        return subprocess.run([world.a.program, "--check-config", "--config", path(world, "credential.yaml")], cwd="/",
                              env={**os.environ, **env}, capture_output=True, text=True, check=False)

    assert check(CREDENTIALS_DIRECTORY=folder).returncode == 0
    assert "ROOT_KEY_UNREADABLE" in check().stderr
    world.a.write("credential.yaml", json.dumps(dict(config, root_key={"file": f"{folder}/sixth.key"})).encode())
    assert "ROOT_KEY_MODE" in check().stderr  # elsewhere the group's bits are what they say
    os.chmod(f"{folder}/sixth.key", 0o444)
    assert "ROOT_KEY_MODE" in check(CREDENTIALS_DIRECTORY=folder).stderr
