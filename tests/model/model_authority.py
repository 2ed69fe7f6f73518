# SPDX-License-Identifier: Apache-2.0
"""Whose addresses a token proves: docs/policy.md §8.2. Written from that text, not from the C
code."""
from model_policy import domain_of

TENANT_ISSUER, MULTI_TENANT, CONSUMER, PASSCODE, COMPONENT = 1, 2, 3, 4, 5


def home_of(case):
    """The tenant for whose verified domains the issuer is authoritative, or None; only a tenant of
    the issuer's boundary."""
    issuer = case["issuer"]
    if issuer["kind"] == TENANT_ISSUER:
        found = [t for t in case["tenants"] if t["id"] == issuer["tenant"]]
    elif issuer["kind"] == MULTI_TENANT:
        found = [t for t in case["tenants"] if t["name"] == case["claims"]["tenant"]]
    else:
        found = []
    return found[0] if found and found[0]["boundary"] == issuer["boundary"] else None


def member(case):
    home, claims, directory = home_of(case), case["claims"], case["directory"]
    if home is None:
        return "TOKEN_NO_ADDRESS"
    proven = [a for a in claims["addresses"] if domain_of(a) in home["domains"]]
    if not proven:
        return "TOKEN_NO_ADDRESS"
    for alias in directory["aliases"]:
        if domain_of(alias) in home["domains"] and alias not in proven:
            proven.append(alias)
    groups = {g for g in claims["groups"] + directory["groups"] if domain_of(g) in home["domains"]}
    kind = "guest" if claims["guest"] else "member"
    return f"OK {home['name']} {home['boundary']} {kind} {','.join(proven)} {','.join(sorted(groups)) or '-'}"


def consumer(case):
    """A person of no known tenant: their primary address counts, if its domain is listed or
    email_verified is true, and no tenant has verified the domain."""
    addresses = case["claims"]["addresses"]
    if not addresses:
        return "TOKEN_NO_ADDRESS"
    domain = domain_of(addresses[0])
    if any(domain in t["domains"] for t in case["tenants"]):
        return "TOKEN_NO_ADDRESS"
    if domain not in case["issuer"]["domains"] and not case["claims"]["email_verified"]:
        return "TOKEN_NO_ADDRESS"
    return f"OK - external stranger {addresses[0]} -"


def decide_authority(case):
    kind = case["issuer"]["kind"]
    if kind in (TENANT_ISSUER, MULTI_TENANT):
        return member(case)
    return consumer(case) if kind == CONSUMER else "TOKEN_TYPE"
