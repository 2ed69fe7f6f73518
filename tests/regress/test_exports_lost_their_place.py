# SPDX-License-Identifier: Apache-2.0
"""What Export and Tail, and the files that `chancery audit` makes of them, said was whole and wasn't. An export asked only at
its beginning in which state the database is: when that went back meanwhile, it put two logs together and ended well. Two that
went on with one file at once wrote into each other; one that went on in another format, too. An export to standard output said
that everything up to a place was written when some of it had only been buffered."""
import json
import os
import signal
import subprocess
import time

import grpc
import pytest

from authority import MESSAGES, Refused
from command import CHANCERY, run, with_certificate
from old_state import seems_to_have_gone_back
from waiting import eventually

LONG_AGO, MANY, PAGE = 1_600_000_000, 100_000, 500
START, END = "2020-09-13T12:26:40Z", "2020-09-13T13:00:00Z"


def call(world, method, who, start=LONG_AGO, end=None):
    request_type, response_type = MESSAGES.method(f"AuditService/{method}")
    times = {"start_time": {"seconds": start}, **({"end_time": {"seconds": end}} if end else {})}
    stub = world.a.channel(who).unary_stream(f"/chancery.v1.AuditService/{method}", request_type.SerializeToString,
                                             response_type.FromString)
    return stub(request_type(filter=times), timeout=120)


@pytest.fixture(scope="module")
def large(world):
    """A tenant with a log of many pages."""
    tenant = world.tenant("logged")
    with_certificate(world, "auditor", tenant.auditor)
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, client_address, user_agent, "
              f"correlation_id) SELECT '{tenant.id}', to_timestamp({LONG_AGO}) + n * interval '1 millisecond', "
              f"gen_random_uuid(), 'acquire_license', true, 'OK', 'u' || n % 100 || '@{tenant.domain}', '192.0.2.1:1', "
              f"md5(n::text) || md5(n || 'x'), md5(n || 'y') FROM generate_series(1, {MANY}) AS n")
    return tenant


def export(world, *more, before=(), **others):
    return subprocess.Popen([*before, CHANCERY, "audit", "export", "--profile", f"{world.a.folder}/auditor.yaml", "--start", START,
                             "--end", END, *more], stderr=subprocess.PIPE, text=True, **others)


def stored(world, tenant):
    return world.sql(f"SELECT event FROM audit WHERE tenant = '{tenant.id}' AND at < '{END}' ORDER BY at, event").splitlines()


def test_an_export_hears_that_the_database_went_back(world, large):
    stream = call(world, "Export", large.auditor, end=LONG_AGO + 1000)
    next(iter(stream))
    with seems_to_have_gone_back(world):
        with pytest.raises(grpc.RpcError) as caught:
            for _ in stream:
                pass
        assert Refused(caught.value).reason == "LOG_WENT_BACK"


def test_what_is_to_come_has_not_been_reached(world, large):
    """`reached_time` said the beginning that was asked for, years ahead."""
    stream = call(world, "Tail", large.auditor, start=4_000_000_000)
    first = next(iter(stream))
    stream.cancel()
    assert first.reached_time.seconds <= time.time()


def paused(world, path, *more):
    """An export that has written something, and stands still."""
    process = export(world, "--output", path, *more)
    eventually(lambda: os.path.exists(path + ".place") or process.poll() is not None, "it has begun")
    process.send_signal(signal.SIGSTOP)
    assert process.poll() is None and not os.path.exists(path), "too fast: it needs more events"
    return process


def test_two_wrote_one_file_at_once(world, large):
    path = f"{world.a.folder}/twice.jsonl"
    first = paused(world, path)
    try:
        second = run(world, "audit export", "auditor", "--start", START, "--end", END, "--output", path, "--continue", expect=1)
        assert "another process is writing" in second.stderr and "twice.jsonl.part" in second.stderr
        second = run(world, "audit export", "auditor", "--start", START, "--end", END, "--output", path, expect=1)
        assert "another process is writing" in second.stderr and "--continue" not in second.stderr
    finally:
        first.send_signal(signal.SIGCONT)
        _, told = first.communicate(timeout=100)
    assert first.returncode == 0, told
    with open(path, encoding="utf-8") as file:
        assert [json.loads(line)["eventId"] for line in file] == stored(world, large)


def test_another_format_went_on(world, large):
    path = f"{world.a.folder}/mixed"
    process = paused(world, path, "--format", "csv")
    process.kill()
    process.communicate()
    done = run(world, "audit export", "auditor", "--start", START, "--end", END, "--output", path, "--continue", expect=1)
    assert "csv" in done.stderr and "--format" in done.stderr and not os.path.exists(path)
    run(world, "audit export", "auditor", "--start", START, "--end", END, "--output", path, "--continue", "--format", "csv")
    with open(path, encoding="utf-8") as file:
        assert len(file.readlines()) == MANY + 1 and large


def test_what_was_buffered_was_called_written(world, large):
    """The disk is full a little before the end of a message, of which the rest was still in memory."""
    everything = stored(world, large)
    whole = run(world, "audit export", "auditor", "--start", START, "--end", END).stdout.splitlines(keepends=True)
    for events in (PAGE, 3 * PAGE):
        size = sum(map(len, whole[:events])) - 100
        path = f"{world.a.folder}/full-{size}"
        with open(path, "w", encoding="utf-8") as out:
            # Python ignores SIGXFSZ, and so does what it starts, with the signals as they are.
            process = export(world, stdout=out, before=("prlimit", f"--fsize={size}:{size}"), restore_signals=False)
            _, told = process.communicate(timeout=100)
        assert process.returncode == 1 and "File too large" in told
        more = ["--resume", told.split("--resume ")[1].split()[0]] if "--resume" in told else []
        assert not more or "comes twice" in told
        rest = run(world, "audit export", "auditor", "--start", START, "--end", END, *more).stdout.splitlines()
        with open(path, encoding="utf-8") as file:
            came = [json.loads(line)["eventId"] for line in file if line.endswith("\n")]
        assert set(came) | {json.loads(line)["eventId"] for line in rest} == set(everything), events
