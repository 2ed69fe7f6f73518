# SPDX-License-Identifier: Apache-2.0
"""Whose addresses a token proves, and for whom a component may ask: docs/policy.md §8.2 and §7.5.
Written from that text, not from the C code."""
from model_policy import PORTAL, domain_of

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
    if home["state"] != 1:
        return "TENANT_DISABLED"
    proven = [a for a, word, _ in claims["addresses"] if domain_of(a) in home["domains"] and word != "denied"]
    if not proven:
        return "TOKEN_NO_ADDRESS"
    for alias in directory["aliases"]:
        if domain_of(alias) in home["domains"] and alias not in proven:
            proven.append(alias)
    groups = {g for g in claims["groups"] + directory["groups"] if domain_of(g) in home["domains"]}
    kind = "guest" if claims["guest"] else "member"
    return f"OK {home['name']} {home['boundary']} {kind} {','.join(proven)} {','.join(sorted(groups)) or '-'}"


def consumer(case):
    """A person of no known tenant: the address of the address claim counts, if its domain is listed
    or the token says that it is verified, and no tenant has verified the domain. Where the token
    says that it is not, it counts nowhere."""
    for address, word, is_primary in case["claims"]["addresses"]:
        if not is_primary or word == "denied":
            continue
        if any(domain_of(address) in t["domains"] for t in case["tenants"]):
            continue
        if word == "verified" or domain_of(address) in case["issuer"]["domains"]:
            return f"OK - external stranger {address} -"
    return "TOKEN_NO_ADDRESS"


def passcode(case):
    """docs/policy.md §9.3: of a tenant that works and wants passcodes, for one content and one portal; never an address
    in a domain that a tenant has verified."""
    tenant = next((t for t in case["tenants"] if t["id"] == case["issuer"]["tenant"]), None)
    claims = case["claims"]
    if tenant is None or tenant["state"] != 1:
        return "TENANT_DISABLED"
    if tenant["passcodes_off"]:
        return "PASSCODES_OFF"
    shown = [a for a, word, is_primary in claims["addresses"] if is_primary and word == "verified"]
    if not shown or not claims["content"] or not claims["portal"]:
        return "TOKEN_CLAIM_INVALID"
    if any(domain_of(shown[0]) in t["domains"] for t in case["tenants"]):
        return "TOKEN_NO_ADDRESS"
    return f"OK - external stranger {shown[0]} -"


def decide_authority(case):
    kind = case["issuer"]["kind"]
    if kind == PASSCODE:
        return passcode(case)
    if kind in (TENANT_ISSUER, MULTI_TENANT):
        return member(case)
    return consumer(case) if kind == CONSUMER else "TOKEN_TYPE"


def decide_vouching(case):
    """Whether a component may carry this user's token, and whether its own bound credential stands
    in for the user's."""
    component, who = case["subject"]["component"], case["subject"]
    if who["only_content"]:  # known by a passcode: §9.3
        is_theirs = not component["tenant"] and component["role"] == PORTAL and component["id"] == who["only_portal"]
        return "carried" if is_theirs else "COMPONENT_TENANT"
    if component["tenant"] and component["tenant"] == who["tenant"] and component["boundary"] == who["boundary"]:
        return "bound"
    return "carried" if not component["tenant"] and component["role"] == PORTAL else "COMPONENT_TENANT"
