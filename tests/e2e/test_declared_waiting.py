# SPDX-License-Identifier: Apache-2.0
"""What waits for a second admin already is not asked for again (docs/declared.md §4)."""
import json
import re

import pytest

from command import run, with_certificate
from test_declared import FAILED, _own, authority_options, document, rule, template, world  # noqa: F401  pylint: disable=unused-import

OWNER = [{"principals": ["authenticated"], "rights": ["OWNER"]}]


@pytest.fixture(name="wary")
def _wary(own):
    """A tenant that wants a second admin; there is something that may be changed and removed."""
    own.apply(template() + rule("Old") + rule("Older") + document("Exclusion", {"user": "eve@else.example"})
              + document("Denial", {"side": "READERS", "domain": "rival.example"}))
    own.apply(document("Tenant", {"two_person": ["CONTENT_ACCESS"]}, tenant=own.name))
    with_certificate(own.world, f"{own.name}-two", own.tenant.second_admin)
    return own


def approvals(own):
    return [a.approval_id for a in own.call("ApprovalService/ListApprovals", {"page_size": 200}).approvals]


def test_many_are_asked_for_once(wary):
    long = {"conditions": [{"text": {"place": "SUBJECT", "words": [f"word{i}" for i in range(200)]}}]}
    text = template(grants=OWNER) + "".join(rule(f"R{i}", **(long if i % 2 else {})) for i in range(8))
    first = wary.apply(text).stdout
    asked = re.findall(r"chancery approval approve (\S+)", first)
    assert len(asked) == 9 and sorted(approvals(wary)) == sorted(asked) and "already for" not in first
    for _ in range(3):
        again = wary.apply(text, "--exit-code", expect=FAILED).stdout
        assert again.count("waits already for another admin: ") == 9 and "0 changes; " in again
        assert re.findall(r"chancery approval approve (\S+)", again) == asked and len(approvals(wary)) == 9
    told = json.loads(wary.apply(text, "-o", "json").stdout)["changes"]
    assert [c["approvalId"] for c in told if "approvalId" in c] == asked
    assert {c["result"] for c in told} == {"PLAN_RESULT_WAITING"}


def test_removals_and_orders_are_asked_for_once(wary):
    text = rule("Older") + rule("Old") + document("Exclusion", {"platform": "android"}) + document(
        "Denial", {"side": "CONTENT", "domain": "rival.example"})
    first = wary.apply(text, "--prune", "--yes").stdout
    asked = re.findall(r"chancery approval approve (\S+)", first)
    assert len(asked) == 3 and first.count("waits for another admin: ") == 3
    again = wary.apply(text, "--prune", "--yes").stdout
    assert again.count("waits already for another admin: ") == 3 and sorted(approvals(wary)) == sorted(asked)
    for one in asked:
        run(wary.world, "approval approve", f"{wary.name}-two", one)
    assert wary.apply(text, "--prune", "--yes", "--exit-code").stdout == "0 changes; 4 as declared already\n"


def test_another_admin_learns_what_to_approve(wary):
    wary.apply(template(grants=OWNER))
    (asked,) = approvals(wary)
    said = run(wary.world, "apply", f"{wary.name}-two", "-f", "-", input=template(grants=OWNER)).stdout
    assert "waits already for another admin: " in said and asked in said and approvals(wary) == [asked]
    run(wary.world, "approval approve", f"{wary.name}-two", asked)
    assert "1 as declared" in wary.apply(template(grants=OWNER), "--exit-code").stdout


def test_another_request_is_asked_for(wary):
    """Of another document, and after somebody decided against it or changed what it was for."""
    wary.apply(template(grants=OWNER))
    wary.apply(template(grants=[{"principals": ["authenticated"], "rights": ["EXPORT"]}]))
    assert len(approvals(wary)) == 2
    for one in approvals(wary):
        run(wary.world, "approval withdraw", wary.name, one)
    said = wary.apply(template(grants=OWNER)).stdout
    assert "waits for another admin: " in said and len(approvals(wary)) == 1
    wary.apply(template(referral_contact="help@else.example"))
    said = wary.apply(template(grants=OWNER)).stdout
    assert "waits for another admin: " in said and len(approvals(wary)) == 2
