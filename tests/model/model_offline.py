# SPDX-License-Identifier: Apache-2.0
"""Whether a publisher kept to its certificate: docs/policy.md §5.7. Written from that text, not from the C code."""
from model_policy import CUSTOM, DAY, TEMPLATE, domain_of

CLOCKS = 300  # by how much they may differ
LONGEST = 36_500 * DAY


def is_in_days(case):
    at, certificate = case["policy"]["protected_at"], case["certificate"]
    return certificate["iat"] - CLOCKS <= at < certificate["exp"] and at <= case["now"] + CLOCKS


def is_theirs(certificate, owner):
    """A user's certificate names the addresses of owners; that of a component that acts alone their domains."""
    return owner in certificate["adr"] if certificate["adr"] else domain_of(owner) in certificate["dom"]


def decide_offline(case):
    certificate, policy = case["certificate"], case["policy"]
    if not is_in_days(case):
        return "PUBLISHER_EXPIRED"
    if policy["kind"] not in certificate["pol"]:
        return "PUBLISHER_EXCEEDED"
    if policy["kind"] == TEMPLATE and certificate["tpl"] is not None and policy["template"] not in certificate["tpl"]:
        return "PUBLISHER_EXCEEDED"
    if policy["issuer"] != certificate["sub"] or not is_theirs(certificate, policy["owner"]):
        return "PUBLISHER_EXCEEDED"
    end = policy["expires_at"]
    if end and (policy["kind"] != CUSTOM or not 0 < end - policy["protected_at"] <= LONGEST):
        return "PUBLISHER_EXCEEDED"
    return "OK"
