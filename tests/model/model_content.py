# SPDX-License-Identifier: Apache-2.0
"""Who acts on content, and how far whoever holds EDITRIGHTSDATA may change its policy:
docs/policy.md §3.4 and §3.6. Written from that text, not from the C code."""
from model_access import component_uuid, is_excluded, own_power, refusal
from model_policy import closed, custom_rights, expiry, granted, is_amendable, is_lost, recipients_of, sealed_grants, sum_of

TENANT_ADMIN = 5


def decide_act(case):
    """As what the caller may do it, or why not."""
    who, tenant, component, act = case["subject"], case["tenant"], case["subject"]["component"], case["act"]
    if who["addresses"]:
        if own_power(case):
            return "EXCLUDED" if is_excluded(tenant, who) else "OK owner"
    elif component["tenant"] == tenant["id"]:
        if component["role"] == TENANT_ADMIN:
            return "OK admin"
        if case["policy"]["issuer"] == component_uuid(component["id"]) and act in ("track", "revoke"):
            return "OK protector"
    # By the publishing license: as for a use license, without any power.
    rights = granted(case)
    reason = refusal(case, rights, "")
    if reason:
        return reason
    if "OWNER" in rights:
        return "OK owner"
    return "OK editor" if "EDITRIGHTSDATA" in rights and act == "amend" else "RIGHT_MISSING"


def granted_to(case, principals):
    """What grants give to exactly these principals."""
    if not is_amendable(case) or is_lost(case):
        return set()
    said, _ = sum_of(case["changes"])
    lists = [rights.split(",") for p, rights in sealed_grants(case) if p in principals and p not in said]
    lists += [said.get(principal) or [] for principal in principals]
    return closed({right for rights in lists for right in rights}, custom_rights(case))


def rights_by_name(case, principal):
    """What a principal has that the change names: a person, whatever reaches them by any of their
    addresses; others, what they have by their own name, a group also as a recipient."""
    kind, _, name = principal.partition(":")
    if kind == "user":
        person = {"addresses": case["people"].get(name, [name]), "groups": [], "tenant": 0, "tenant_name": "",
                  "guest": False}
        return granted({**case, "subject": person})
    is_recipient = kind == "group" and name in recipients_of(case)
    return granted_to(case, [principal, "recipients"] if is_recipient else [principal])


def decide_amend(case):
    """docs/policy.md §3.6, "Within one's own rights": of each principal, and of the expiry."""
    own, change = closed(case["own"].split(","), set()), case["change"]
    then = {**case, "changes": [*case["changes"], change]}
    names = [p for p, _ in change["grants"]] + [f"user:{a}" for a in change["recipients"]] + change["removed"]
    answers = []
    for name in names:
        before, after = rights_by_name(case, name), rights_by_name(then, name)
        given, taken = after - before, before - after
        answers.append(given <= own and (not taken or before <= own))
        joined = name.removeprefix("user:")
        if joined in change["recipients"]:  # §3.3: if it is a group that was removed, that is forgotten
            group = [f"group:{joined}"]
            answers[-1] &= granted_to(then, group) - granted_to(case, group) <= own
    was, ends = expiry(case), expiry(then)
    answers.append(not was or bool(ends) and ends <= was)
    return ("WITHIN " if all(answers) else "BEYOND ") + "".join("01"[answer] for answer in answers)
