# SPDX-License-Identifier: Apache-2.0
"""Whether a change of a policy lets somebody in: docs/policy.md §6.1. Written from that text, not from the C code."""
from model_policy import STANDARD, closed, domain_of, is_readable, sum_of


def customs(grants):
    return {right for _, rights in grants for right in rights} - set(STANDARD)


def surely_has(grants, principal):
    """By the principal's own name, by the domain of its address, and as somebody who has proven an address."""
    names = {principal, "authenticated"}
    if principal.startswith("user:"):
        names.add(f"domain:{domain_of(principal)}")
    rights = closed({right for name, rights in grants if name in names for right in rights}, set())
    return rights | customs(grants) if "OWNER" in rights else rights


def has_more(before, after):
    return any(closed(rights, set()) - surely_has(before, principal) for principal, rights in after)


def is_later(before, after):
    """An expiry is a pair: a date, or days after protection; none is never."""
    if before == (0, 0):
        return False
    for one, other in zip(before, after):
        if one and other:
            return other > one
    return True


def is_longer(before, after):
    return (after == -1 and before != -1) or (before != -1 and after > before)


def split(grants):
    return [(principal, rights.split(",")) for principal, rights in grants]


def decide_template(case):
    old, new = case["before"], case["after"]
    before = split(old["grants"]) if is_readable(old) else []
    after = split(new["grants"]) if is_readable(new) else []
    lasts = is_later((old["expires_at"], old["expires_after_days"]), (new["expires_at"], new["expires_after_days"]))
    longer = is_longer(old["offline_days"], new["offline_days"])
    return "lets_in" if has_more(before, after) or (after and (lasts or longer)) else "nobody"


def expiry_of(changes):
    """What the amendment says of the expiry; None if it says nothing."""
    said = [change["expires_at"] for change in changes if change["expires_at"] is not None]
    return said[-1] if said else None


def ends_later(case):
    was, now, sealed = expiry_of(case["before"]), expiry_of(case["after"]), case["sealed"]
    if now is None or was is not None:
        return was is not None and (now is None or is_later((was, 0), (now, 0)))
    return sealed is None or is_later((sealed, 0), (now, 0))


def decide_amendment(case):
    """`before` and `after` are the changes that make up one amendment and the other."""
    if not all(change["valid"] for change in case["after"]):
        return "nobody"
    if not all(change["valid"] for change in case["before"]):
        return "lets_in"
    (said, joined), (says, joins) = sum_of(case["before"]), sum_of(case["after"])
    before = [(principal, rights) for principal, rights in said.items() if rights]
    after = [(principal, rights) for principal, rights in says.items() if rights]
    is_in = has_more(before, after) or joins - joined or set(said) - set(says) or ends_later(case) or is_said_again(case)
    return "lets_in" if is_in else "nobody"


def names_of(change):
    return [p for p, _ in change["grants"]] + change["removed"]


def latest(changes, says):
    """The number of the latest change of which this holds, from 1; 0: of none."""
    return max((number for number, change in enumerate(changes, 1) if says(change)), default=0)


def is_said_again(case):
    """Something is said of a person once more, and any person was granted something or removed since
    it was said before."""
    before, new = case["before"], case["after"][len(case["before"]):]
    (said, joined), (says, joins) = sum_of(before), sum_of(case["after"])
    last = latest(before, lambda change: any(p.startswith("user:") for p in names_of(change)))
    held = [(p, rights) for p, rights in said.items() if rights and (
        not p.startswith("user:") or latest(before, lambda change, p=p: p in names_of(change)) >= last)]
    again = [(p, says[p]) for p in says if says[p] and p.startswith("user:") and any(p in names_of(one) for one in new)]
    anew = {a for a in joins & joined if any(a in one["recipients"] for one in new)}
    return has_more(held, again) or any(
        latest(before, lambda change, a=a: a in change["recipients"]) < last for a in anew)
