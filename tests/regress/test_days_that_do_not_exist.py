# SPDX-License-Identifier: Apache-2.0
"""timegm() takes the 31st of February for the 3rd of March, and strptime() had let it through: in the command line and in
YAML an expiry was another day than what was written."""
import pytest

from command import run, with_certificate, with_token

USAGE = 2
NO_TIMES = ["2027-02-31", "2027-02-29T00:00:00Z", "2027-04-31T12:00:00Z", "2027-01-31T24:00:00Z", "2027-01-31T12:00:60Z",
            "2027-13-01", "2027-00-10", "2027-1-31", "2027-01-31T12:00:00"]


@pytest.fixture(scope="module")
def world(world):
    with_certificate(world, "contoso-admin", world.contoso.admin)
    with_token(world, "alice", world.alice)
    return world


@pytest.mark.parametrize("text", NO_TIMES)
def test_a_day_that_does_not_exist_became_another(world, text):
    done = run(world, "amend", "alice", "--expires", text, world.made.content_id, expect=USAGE)
    assert f"a time that exists, +DAYS or never, not {text}" in done.stderr
    done = run(world, "super-user grant", "contoso-admin", "--reason", "x", "--expires", text, "user:eve@contoso.com",
               expect=USAGE)
    assert f"a time that exists or +DAYS, not {text}" in done.stderr


def template(world, time):
    path = f"{world.a.folder}/template.yaml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"names: [{{language: en, text: T}}]\ngrants: [{{principals: [recipients], rights: [VIEW]}}]\n"
                   f"expiry: {{time: \"{time}\"}}\n")
    return path


@pytest.mark.parametrize("text", [time for time in NO_TIMES if "T" in time])
def test_a_day_of_a_template_became_another(world, text):
    done = run(world, "template create", "contoso-admin", "-f", template(world, text), expect=1)
    assert "must be a time that exists" in done.stderr and "line 3" in done.stderr


def test_a_date_alone_says_which_instant_it_is(world):
    made = world.protect(token=world.alice)
    done = run(world, "amend", "alice", "--expires", "2100-02-28", made.content_id)
    assert done.stderr == "note: a date alone is its first second in UTC: 2100-02-28T00:00:00Z\n"
    assert "expires 2100-02-28T00:00:00Z" in world.audit(tenant="contoso", operation="amend_policy")[0].target


def test_a_time_has_an_offset(world):
    made = world.protect(token=world.alice)
    assert run(world, "amend", "alice", "--expires", "2100-02-28T00:30:00+01:00", made.content_id).stderr == ""
    assert "expires 2100-02-27T23:30:00Z" in world.audit(tenant="contoso", operation="amend_policy")[0].target
    identity = run(world, "template create", "contoso-admin", "-f",
                   template(world, "2100-02-28T00:30:00+01:00")).stdout.strip()
    stored = world.call("TemplateService/GetTemplate", {"template_id": identity}, world.contoso.admin).template
    assert stored.expiry.time.seconds == 4107454200
