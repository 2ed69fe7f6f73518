#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A reference model of the access decision, written from the policy's design text and not from the C code, and random
cases on which both must agree.

usage: model.py DECIDE_CASES [COUNT [SEED]]"""
import json
import random
import subprocess
import sys
import uuid

DAY = 86400
STANDARD = ("VIEW EDIT DOCEDIT COMMENT PRINT EXTRACT EXPORT FORWARD REPLY REPLYALL OBJMODEL VIEWRIGHTSDATA "
            "EDITRIGHTSDATA OWNER").split()
DO_NOT_FORWARD = {"VIEW", "EDIT", "DOCEDIT", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA"}
ENCRYPT_ONLY = set(STANDARD) - {"EXPORT", "OWNER"}
GATEWAY, PORTAL, DECRYPTOR, CLIENT = 1, 2, 3, 4
NATIVE, VIA_PORTAL, BLOCK = 1, 2, 3
TEMPLATE, DNF, ENCRYPT, CUSTOM = 1, 2, 3, 4

# --- the model: "Policy: rights, templates, principals, boundaries" ------------------------------------------------


def closed(rights):
    """OWNER implies all. Any right implies VIEW."""
    rights = set(rights)
    if "OWNER" in rights:
        rights |= set(STANDARD)
    return rights | {"VIEW"} if rights else rights


def named(principal, case):
    """Whom a grant names."""
    who, policy = case["subject"], case["policy"]
    kind, _, name = principal.partition(":")
    if not who["addresses"]:
        return False
    return {"user": lambda: name in who["addresses"],
            "group": lambda: name in who["groups"],
            "domain": lambda: any(a.split("@")[1] == name for a in who["addresses"]),
            "tenant": lambda: who["tenant_name"] == name and not who["guest"],
            "recipients": lambda: bool(set(policy["recipients"]) & set(who["addresses"])),
            "authenticated": lambda: True,
            "owner": lambda: policy["owner"] in who["addresses"]}[kind]()


def rule(case, content, reader):
    for from_, to, what in case["rules"]:
        if (from_, to) == (content, reader):
            return what
    if content == reader or {content, reader} == {"commercial", "gcc"}:
        return NATIVE
    return VIA_PORTAL


def template_of(case):
    template = case["tenant"]["template"]
    if case["policy"]["kind"] == TEMPLATE and template and template["id"] == case["policy"]["template"]:
        return template
    return None


def granted(case):
    policy, template = case["policy"], template_of(case)
    if policy["kind"] == DNF:
        grants = [["recipients", ",".join(DO_NOT_FORWARD)]]
    elif policy["kind"] == ENCRYPT:
        grants = [["recipients", ",".join(ENCRYPT_ONLY)]]
    else:
        grants = policy["grants"] if policy["kind"] == CUSTOM else template["grants"] if template else []
    union = set()
    for principal, rights in grants:
        if named(principal, case):
            union |= set(rights.split(","))
    return closed(union)


def expiry(case):
    policy, template = case["policy"], template_of(case)
    if policy["kind"] != TEMPLATE:
        return policy["expires_at"]
    if not template:
        return 0
    if template["expires_at"]:
        return template["expires_at"]
    days = template["expires_after_days"]
    return policy["protected_at"] + days * DAY if days else 0


def power(case):
    """Owner and issuer have all rights; a decryptor for content of its own tenant."""
    policy, who = case["policy"], case["subject"]
    if who["addresses"]:
        return "owner" if policy["owner"] in who["addresses"] else \
            "issuer" if policy["issuer"] in who["addresses"] else ""
    component = who["component"]
    if not component or component["tenant"] != case["tenant"]["id"]:
        return ""
    if component["role"] == DECRYPTOR:
        return "decryptor"
    return "issuer" if policy["issuer"] == str(uuid.UUID(bytes=bytes([component["id"]]) + bytes(15))) else ""


def refusal(case, rights):
    tenant, who, component = case["tenant"], case["subject"], case["subject"]["component"]
    reader = who["boundary"] if who["addresses"] else component["boundary"] if component else "external"
    delivery = rule(case, tenant["boundary"], reader)
    is_portal = bool(component) and component["role"] == PORTAL
    if tenant["state"] != 1:
        return "TENANT_DISABLED"
    if delivery == BLOCK:
        return "BOUNDARY_BLOCKED"
    if is_portal and component["boundary"] != tenant["boundary"] or not is_portal and delivery != NATIVE:
        return "PORTAL_REQUIRED"
    for kind, value in tenant["exclusions"]:
        if value in (who["addresses"], [who["application"]], [who["platform"]])[kind - 1]:
            return "EXCLUDED"
    if not rights:
        return "NO_RIGHTS"  # revocation and expiry are told only to one who would have had rights
    if not power(case) and (case["revoked"] or case["user_revoked"]):
        return "REVOKED"
    if not power(case) and expiry(case) and case["now"] >= expiry(case):
        return "EXPIRED"
    return None


def decide(case):
    rights = set(STANDARD) | {r for r in granted(case) if r not in STANDARD} if power(case) else granted(case)
    reason = refusal(case, rights)
    if reason:
        return reason
    component, template, now = case["subject"]["component"], template_of(case), case["now"]
    channel = "portal" if component and component["role"] == PORTAL else "native"
    if case["policy"]["kind"] == TEMPLATE:
        offline = template["offline_days"] if template else 0
    else:
        offline = case["policy"]["offline_days"]
    cap = case["tenant"]["cap"]
    cached = channel == "native" and offline != 0 and cap > 0
    seconds = min(cap, offline) * DAY if offline > 0 else cap * DAY
    if not cached:
        seconds = 600 if channel == "portal" else 300
    if expiry(case) and not power(case):
        seconds = min(seconds, expiry(case) - now)
    names = [r for r in STANDARD if r in rights] + sorted(r for r in rights if r not in STANDARD)
    return (f"OK {channel} {power(case) or '-'} {','.join(names)} {now + seconds} {int(cached)} {expiry(case)} "
            f"{template['version'] if template else 0}")


# --- random cases from small worlds, so that things meet -----------------------------------------------------------

ADDRESSES = ["al@contoso.com", "bo@contoso.com", "bo@fabrikam.com", "cy@agency.us", "di@mail.example"]
GROUPS = ["legal@contoso.com", "all@fabrikam.com"]
TENANTS = {"contoso": (1, "commercial"), "fabrikam": (2, "gcc"), "agency": (3, "gcc-high")}
BOUNDARIES = ["commercial", "gcc", "gcc-high", "dod", "external"]
NOW = 1_800_000_000


def random_grants(rng):
    principals = [f"user:{a}" for a in ADDRESSES] + [f"group:{g}" for g in GROUPS] + [
        "domain:contoso.com", "domain:fabrikam.com", "tenant:contoso", "tenant:fabrikam", "recipients",
        "authenticated", "owner"]
    return [[rng.choice(principals), ",".join(rng.sample(STANDARD + ["SIGN"], rng.randint(1, 4)))]
            for _ in range(rng.randint(0, 4))]


def random_time(rng):
    return rng.choice([0, 0, NOW - 1, NOW, NOW + 1, NOW + 100, NOW + 40 * DAY])


def random_subject(rng):
    home = rng.choice([*TENANTS, None])
    role = rng.choice([None, None, None, GATEWAY, PORTAL, PORTAL, DECRYPTOR, CLIENT])
    addresses = rng.sample(ADDRESSES, rng.randint(1, 2))
    if role and role != PORTAL and rng.random() < 0.6:
        addresses = []
    tenant = rng.choice([0, 1, 2, 3])
    component = {"id": rng.randint(1, 3), "role": role, "tenant": tenant,
                 "boundary": rng.choice(BOUNDARIES[:4])} if role else None
    return {"addresses": addresses, "groups": rng.sample(GROUPS, rng.randint(0, 2)) if addresses else [],
            "tenant": TENANTS[home][0] if home else 0, "tenant_name": home or "",
            "boundary": TENANTS[home][1] if home else "external", "guest": rng.random() < 0.1,
            "application": rng.choice(["", "mail"]), "platform": rng.choice(["", "ios"]), "component": component}


def random_case(rng):
    name = rng.choice(list(TENANTS))
    template = rng.random() < 0.9 and {
        "id": 1, "version": rng.randint(1, 9), "archived": rng.random() < 0.2, "grants": random_grants(rng),
        "expires_at": random_time(rng), "expires_after_days": 0, "offline_days": rng.choice([-1, 0, 1, 90])}
    if template and not template["expires_at"]:
        template["expires_after_days"] = rng.choice([0, 1, 30])
    exclusions = [rng.choice([[1, rng.choice(ADDRESSES)], [2, "mail"], [3, "ios"]])] if rng.random() < 0.1 else []
    kind = rng.choice([TEMPLATE, TEMPLATE, DNF, ENCRYPT, CUSTOM])
    issuer = rng.choice([*ADDRESSES, str(uuid.UUID(bytes=b"\1" + bytes(15)))])
    return {
        "now": NOW, "revoked": rng.random() < 0.15, "user_revoked": rng.random() < 0.1,
        "rules": [[rng.choice(BOUNDARIES[:4]), rng.choice(BOUNDARIES), rng.choice([NATIVE, VIA_PORTAL, BLOCK])]
                  for _ in range(rng.choice([0, 0, 1, 2]))],
        "tenant": {"id": TENANTS[name][0], "name": name, "boundary": TENANTS[name][1],
                   "state": 2 if rng.random() < 0.05 else 1, "cap": rng.choice([0, 1, 30, 365]),
                   "exclusions": exclusions, "template": template or None},
        "policy": {"kind": kind, "template": rng.choice([1, 1, 1, 2]) if kind == TEMPLATE else 0,
                   "grants": (random_grants(rng) if kind == CUSTOM else []), "owner": rng.choice(ADDRESSES),
                   "issuer": issuer, "recipients": rng.sample(ADDRESSES, rng.randint(0, 3)),
                   "protected_at": NOW - rng.choice([0, DAY - 1, DAY, 10 * DAY]),
                   "expires_at": random_time(rng) if kind == CUSTOM else 0, "offline_days": rng.choice([-1, 0, 7])},
        "subject": random_subject(rng)}


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randint(0, 1 << 32)
    rng, seen, left = random.Random(seed), {}, count
    print(f"{count} cases, seed {seed}")
    while left > 0:
        cases = [random_case(rng) for _ in range(min(left, 20_000))]
        left -= len(cases)
        text = "".join(json.dumps(case) + "\n" for case in cases)
        done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
        for case, said in zip(cases, done.stdout.splitlines(), strict=True):
            expected = decide(case)
            seen[expected.split()[0]] = seen.get(expected.split()[0], 0) + 1
            if said != expected:
                sys.exit(f"seed {seed}\ncase {json.dumps(case, indent=1)}\nC code:  {said}\nmodel:   {expected}")
    print(", ".join(f"{reason} {number}" for reason, number in sorted(seen.items())))
    if len(seen) < 8 and count >= 10_000:
        sys.exit("some outcomes never came up")


if __name__ == "__main__":
    main()
