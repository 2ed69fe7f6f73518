# SPDX-License-Identifier: Apache-2.0
"""To whom a one-time passcode is mailed: docs/policy.md §9.1. Written from that text, not from the C code."""
from model_access import BLOCK, delivery, is_denied, is_excluded, outside_limits
from model_policy import domain_of, granted, recipients_of, sealed_grants, sum_of


def is_named(case, who):
    """As a recipient, or by a grant that still counts to the address or its domain."""
    address = who["addresses"][0]
    said, _ = sum_of(case["changes"], [address])
    forms = {f"user:{address}", f"domain:{domain_of(address)}"}
    taken = said.keys() | {p for p, rights in sum_of(case["changes"])[0].items() if rights is None}
    counting = {p for p, _ in sealed_grants(case) if p not in taken} | {p for p, rights in said.items() if rights}
    return address in recipients_of(case, [address]) or bool(forms & counting)


def decide_passcode(case):
    tenant, portal = case["tenant"], case["subject"]["component"]
    if tenant["state"] != 1:
        return "TENANT_DISABLED"
    if delivery(case["rules"], tenant, "external", 0) == BLOCK:
        return "BOUNDARY_BLOCKED"
    if portal["boundary"] != tenant["boundary"]:
        return "PORTAL_REQUIRED"
    _, only_work = outside_limits(case)
    if only_work:
        return "SIGN_IN_REFUSED"
    if tenant["passcodes_off"]:
        return "PASSCODES_OFF"
    if case["of_tenant"]:
        return "PASSCODE_SIGN_IN"
    who = {**case["subject"], "addresses": [case["address"]], "groups": [], "tenant": 0, "tenant_name": "",
           "boundary": "external", "guest": False}
    asked = {**case, "subject": who}
    has_rights = bool(granted(asked)) and not is_denied(asked)  # revoked or expired content has them too
    return "mailed" if has_rights and is_named(case, who) and not is_excluded(tenant, who) else "nobodys"
