# SPDX-License-Identifier: Apache-2.0
"""Root keys of a test's authority, and going over from one to another (docs/policy.md §13)."""
import contextlib
import json
import os
import secrets
import signal
import subprocess

from authority import BUILD


def path(world, name):
    return f"{world.a.folder}/{name}"


def make(world, name):
    if not os.path.exists(path(world, name)):
        world.a.write(name, secrets.token_bytes(32))
    return name


def root_keys(world, name, *others):
    return {"file": path(world, make(world, name)), "other_files": [path(world, make(world, other)) for other in others]}


def stop(world, how=signal.SIGTERM):
    """Workers that have ended count for two minutes: they are gone at once."""
    if how == signal.SIGTERM:
        world.a.stop()
    else:
        workers = children_of(world.a.process.pid)
        world.a.process.kill()
        world.a.process.wait()
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, how)
        for channel in world.a.channels.values():
            channel.close()
        world.a.channels = {}
    world.sql("DELETE FROM root_key_worker")
    world.a.log = []


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def restart(world, name, *others):
    stop(world)
    world.a.config["root_key"] = root_keys(world, name, *others)
    world.a.start()


def left_under_former(world):
    return int(world.sql("SELECT root_key_left(root_key_wraps())"))


def heard_for_long(world):
    """Nodes were heard for an hour, so nobody waits for some to come back."""
    world.sql("UPDATE root_key_heard SET since = least(since, now() - interval '1 hour')")


def begun(world):
    """How many have begun, once those that may have."""
    heard_for_long(world)
    return int(world.sql("SELECT count(*) FROM root_key_check WHERE begun_at IS NOT NULL"))


def current(world):
    """The root key by which is wrapped, and what else is configured."""
    configured = world.a.config["root_key"]
    return [os.path.basename(name) for name in (configured["file"], *configured.get("other_files", ()))]


def is_over(world):
    """Of the one that wraps: what another took the place of meanwhile has no end."""
    return world.sql("SELECT ended_at IS NOT NULL FROM root_key_check WHERE root_version = root_key_wraps()") == "t"


def doctor(world):
    world.a.write("doctor.yaml", json.dumps(world.a.config).encode())
    done = subprocess.run([f"{BUILD}/cli/chancery", "doctor", "--config", path(world, "doctor.yaml"), "-o", "json"],
                          capture_output=True, text=True, check=False)
    return [each["reason"] for each in json.loads(done.stdout)["checks"] if each["check"] == "database key" and each["result"] != "ok"]


def reload(world, *names):
    world.a.config["root_key"] = root_keys(world, *names)
    world.a.write("chanceryd.yaml", json.dumps(world.a.config).encode())
    before = len(world.a.logged("worker.ready"))
    world.a.process.send_signal(signal.SIGHUP)
    for index in range(world.a.config["workers"]):
        world.a.wait_for_log("worker.ready", before + index)
