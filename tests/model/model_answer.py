# SPDX-License-Identifier: Apache-2.0
"""Who may answer content, and for whom: docs/policy.md §5.3. Written from that text, not from the C code."""
from model_access import end_for, is_outside, own_power, refusal
from model_policy import (CUSTOM, STANDARD, closed, custom_rights, granted, has_room, is_amendable, is_lost, is_readable,
                          sealed_grants, sum_of, template_of)

RIGHTS = {1: "REPLY", 2: "REPLYALL", 3: "FORWARD"}


def can_be_opened(case):
    """Nothing is made under a policy that nobody could open: its template is gone, or it can't be read."""
    template = template_of(case["tenant"], case["policy"])
    grants = case["policy"]["grants"] if case["policy"]["kind"] == CUSTOM else template["grants"] if template else []
    return not is_lost(case) and is_amendable(case) and has_room(grants) and (template is None or is_readable(template))


def recipients_get(case):
    """What the policy as it holds now gives to recipients, whoever they are."""
    said, _ = sum_of(case["changes"])
    grants = [rights for principal, rights in sealed_grants(case) if principal == "recipients" and principal not in said]
    union = {right for rights in grants for right in rights.split(",")} | (said.get("recipients") or set())
    return closed(union, custom_rights(case))


def decide_answer(case):
    own = own_power(case)
    rights = set(STANDARD) | custom_rights(case) if own else granted(case)
    reason = refusal(case, rights, own)
    if reason:
        return reason
    # Its owner, too, makes nothing new of content that was taken back or is over.
    if case["revoked"] or case["user_revoked"] or case["outside_revoked"] and is_outside(case):
        return "REVOKED"
    if end_for(case) and case["now"] >= end_for(case):
        return "EXPIRED"
    if not can_be_opened(case):
        return "NO_RIGHTS"
    if RIGHTS[case["kind"]] not in rights:
        return "RIGHT_MISSING"
    exceeds = not recipients_get(case) <= rights
    if case["kind"] == 3 and exceeds:
        return "RIGHTS_EXCEEDED"
    people = {1: set(), 2: set(case["policy"]["recipients"]), 3: set(case["named"])}[case["kind"]]
    people |= set() if exceeds else {case["subject"]["addresses"][0]}
    return f"may {','.join(sorted(people))}".strip()
