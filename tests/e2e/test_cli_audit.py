# SPDX-License-Identifier: Apache-2.0
"""`chancery audit export` and `audit tail`: files that are whole or not there, in three formats, and what goes on by itself."""
import csv
import io
import json
import os
import re
import signal
import subprocess

import pytest

from authority import new_id
from calls import outcome
from command import CHANCERY, rows, run, with_certificate
from processes import children
from waiting import eventually

EVENTS, FIRST, END = 1234, "2020-09-13T12:26:40Z", "2020-09-13T13:00:00Z"
START = 1_600_000_000
NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", 'say "x", y', "it's", "plain"]
FIELDS = ("date time row-id request-type user-id result correlation-id content-id owner-email issuer template-id file-name "
          "date-published c-info c-ip admin-action acting-as-user x-tenant x-component x-power x-channel x-rights x-target x-calls")


@pytest.fixture(scope="module")
def tenant(world):
    made = world.tenant("audited")
    with_certificate(world, "auditor", made.auditor)
    with_certificate(world, "admin", made.admin)
    content = new_id()
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, user_address, component_name, content, rights, "
              "channel, power, client_address, user_agent, correlation_id, target) SELECT "
              f"'{made.id}', to_timestamp({START}) + n * interval '1 second', gen_random_uuid(), "
              "CASE WHEN n % 10 = 0 THEN 'revoke' ELSE 'acquire_license' END, n % 7 <> 0, CASE WHEN n % 7 = 0 THEN 'NO_RIGHTS' "
              f"ELSE 'OK' END, 'u' || n || '@audited.example', 'edge', '{content}', 'VIEW,PRINT,SIGN', 'native', 'owner', "
              f"'192.0.2.1:1', 'agent/1 (x; y)', 'c0ffee', (ARRAY[{', '.join(chr(39) + t.replace(chr(39), 2 * chr(39)) + chr(39) for t in NASTY)}])"
              f"[1 + n % {len(NASTY)}] FROM generate_series(1, {EVENTS}) AS n")
    made.content = content
    return made


def export(world, *more, expect=0):
    return run(world, "audit export", "auditor", "--start", FIRST, *more, expect=expect)


def exported(world, *more):
    """What it writes, to the byte."""
    path = f"{world.a.folder}/{world.unique('export')}"
    export(world, *more, "--output", path)
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def stored(world, tenant):
    return world.sql(f"SELECT event FROM audit WHERE tenant = '{tenant.id}' AND at < '{END}' ORDER BY at, event").splitlines()


def test_json_lines_are_events(world, tenant):
    done = export(world, "--end", END)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["eventId"] for event in events] == stored(world, tenant)
    assert done.stderr == f"exported {EVENTS} events, all before {END}\n"
    assert {event["granted"] for event in events} == {True, False}  # also where it is the default
    assert events[0]["rights"] == ["RIGHT_VIEW", "RIGHT_PRINT"] and events[0]["customRights"] == ["SIGN"]


def test_rows_of_csv_are_safe_in_a_spreadsheet(world, tenant):
    text = exported(world, "--end", END, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["event_id"] for row in rows] == stored(world, tenant)
    assert text.count("\r\n") == EVENTS + 1
    targets = {row["target"] for row in rows}
    assert targets == {("'" if text[0] in "=+-@＝" else "") + text for text in NASTY}
    assert rows[0]["rights"] == "VIEW PRINT SIGN" and rows[0]["time"] == "2020-09-13T12:26:41.000000Z"
    assert {(row["operation"], row["granted"], row["reason"]) for row in rows} == {
        ("revoke", "true", "OK"), ("revoke", "false", "NO_RIGHTS"), ("acquire_license", "true", "OK"),
        ("acquire_license", "false", "NO_RIGHTS")}


def test_lines_of_w3c_are_those_of_usage_logs(world, tenant):
    software, version, fields, *lines = export(world, "--end", END, "--format", "w3c").stdout.splitlines()
    assert (software, version, fields) == ("#Software: Chancery", "#Version: 1.1", f"#Fields: {FIELDS}")
    rows = [dict(zip(FIELDS.split(), line.split("\t"), strict=True)) for line in lines]
    assert [row["row-id"] for row in rows] == stored(world, tenant)
    first = rows[0]
    assert first == first | {"date": "2020-09-13", "time": "12:26:41", "request-type": "AcquireLicense",
                             "user-id": "'u1@audited.example'", "result": "'Success'", "content-id": f"{{{tenant.content}}}",
                             "owner-email": "-", "c-ip": "192.0.2.1:1", "x-power": "owner", "x-rights": "'VIEW PRINT SIGN'"}
    assert {row["request-type"] for row in rows} == {"AcquireLicense", "RevokeAccess"}
    assert {row["result"] for row in rows} == {"'Success'", "'NO_RIGHTS'"}
    assert "'it''s'" in {row["x-target"] for row in rows}


def test_a_file_appears_when_it_is_whole(world, tenant):
    path = f"{world.a.folder}/whole.csv"
    export(world, "--end", END, "--format", "csv", "--output", path)
    with open(path, encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == EVENTS + 1
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert not os.path.exists(path + ".part") and not os.path.exists(path + ".place")
    assert tenant


def test_what_was_broken_off_goes_on(world, tenant):
    """As a kill leaves it: more in the file than the place tells."""
    whole, path = exported(world, "--end", END, "--format", "csv"), f"{world.a.folder}/broken.csv"
    messages = run(world, "audit tail", "auditor", "--start", FIRST, "--end", END, "-o", "jsonl").stdout.splitlines()
    assert len(messages) == EVENTS
    process = subprocess.Popen([CHANCERY, "audit", "export", "--profile", f"{world.a.folder}/auditor.yaml", "--start", FIRST,  # pylint: disable=consider-using-with
                                "--end", END, "--format", "csv", "--output", path], stderr=subprocess.PIPE)
    eventually(lambda: os.path.exists(path + ".place") or process.poll() is not None, "it has begun")
    process.kill()
    process.wait()
    process.stderr.close()
    if os.path.exists(path):
        os.unlink(path)
        pytest.fail("the export was too fast to be broken off: it needs more events")
    with open(path + ".place", encoding="ascii") as file:
        length = int(file.read().split()[0])
    with open(path + ".part", "a", encoding="ascii") as file:
        file.write("half of a ro")
    assert length > 0
    again = export(world, "--end", END, "--format", "csv", "--output", path, expect=1)
    assert "--continue" in again.stderr and not os.path.exists(path)
    other = export(world, "--end", "2020-09-13T12:59:59Z", "--format", "csv", "--output", path, "--continue", expect=1)
    assert "PAGE_TOKEN_INVALID" in other.stderr and not os.path.exists(path)
    export(world, "--end", END, "--format", "csv", "--output", path, "--continue")
    with open(path, encoding="utf-8", newline="") as file:
        assert file.read() == whole
    assert not os.path.exists(path + ".part") and not os.path.exists(path + ".place") and tenant


def test_a_file_that_cannot_be_written_is_told(world, tenant):
    for more in (["--output", f"{world.a.folder}/nowhere/x"], ["--output", world.a.folder]):
        assert "chancery audit: " in export(world, "--end", END, *more, expect=1).stderr
    done = subprocess.run(f"{CHANCERY} audit export --profile {world.a.folder}/auditor.yaml --start {FIRST} --end {END} "
                          "> /dev/full", shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr
    assert "none.place" in export(world, "--end", END, "--continue", "--output", f"{world.a.folder}/none", expect=1).stderr
    assert tenant


@pytest.mark.parametrize("arguments", [
    ["export"], ["export", "--start", "yesterday"], ["export", "--start", FIRST, "-o", "json"], ["tail", "--format", "csv"],
    ["export", "--start", FIRST, "--format", "xml"], ["tail", "-o", "yaml"], ["query", "--resume", "x"], ["query", "--limit", "0"], ["query", "--limit", "1001"],
    ["tail", "--limit", "1"],
    ["export", "--start", FIRST, "--continue"], ["export", "--start", FIRST, "--continue", "--output", "x", "--resume", "y"],
    ["expotr"]])
def test_what_is_not_understood_is_told(world, tenant, arguments):
    done = run(world, f"audit {arguments[0]}", "auditor", *arguments[1:], expect=2)
    told = json.loads(done.stderr)["error"] if "json" in arguments else {"command": "audit", "exitCode": 2}
    assert (told["command"], told["exitCode"]) == ("audit", 2) and tenant
    assert "json" in arguments or done.stderr.startswith("chancery audit: ")


def test_a_query_is_as_long_as_asked_for(world, tenant):
    def query(*more):
        return json.loads(run(world, "audit query", "auditor", "--end", END, "-o", "json", *more).stdout)["events"]

    assert len(query()) == 100 and tenant
    found = [event["eventId"] for event in query("--limit", "1000")]
    assert len(set(found)) == 1000 and found[:7] == [event["eventId"] for event in query("--limit", "7")]
    assert [event["granted"] if "granted" in event else False for event in query("--limit", "150", "--reason", "NO_RIGHTS")] == 150 * [False]
    within = query("--start", FIRST, "--end", "2020-09-13T12:26:50Z")
    assert len(within) == 9 and within[-1]["time"] .startswith("2020-09-13T12:26:41")
    assert len(rows(run(world, "audit query", "auditor", "--end", END, "--limit", "3").stdout)) == 3


def act(world, tenant):
    return outcome(world.call, "TenantService/AddExclusion", {"application": world.unique("app")}, tenant.admin) == "OK"


def kill_workers(world):
    for pid in children(world.a.process.pid):
        os.kill(pid, signal.SIGKILL)


def test_tail_goes_on_while_nodes_are_restarted(world, tenant):
    process = subprocess.Popen([CHANCERY, "audit", "tail", "--profile", f"{world.a.folder}/auditor.yaml", "--operation",  # pylint: disable=consider-using-with
                                "add_exclusion", "-o", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines = []
    try:
        os.set_blocking(process.stdout.fileno(), False)

        def seen():
            lines.extend(process.stdout.readlines())
            return [json.loads(line)["eventId"] for line in lines]

        def wanted():
            return world.sql(f"SELECT event FROM audit WHERE tenant = '{tenant.id}' AND operation = 'add_exclusion' "
                             "ORDER BY at, event").splitlines()
        for disturb in (lambda: None, lambda: world.a.process.send_signal(signal.SIGHUP), lambda: kill_workers(world)):
            disturb()
            eventually(lambda: act(world, tenant), "a node answers")
            eventually(lambda: seen() == wanted(), lambda: f"{lines} {process.poll()}", 30)
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert re.match(r"chancery audit: interrupted \(\w+\); going on\n", told)
