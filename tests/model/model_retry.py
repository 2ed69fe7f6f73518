# SPDX-License-Identifier: Apache-2.0
"""What a request id gives again: docs/policy.md §5.2. Written from that text, not from the C code."""
from model_policy import DAY


def decide_retry(case):
    if not case["same"] or case["now"] >= case["made_at"] + DAY:
        return "REQUEST_ID_REUSED"
    if case["revoked"]:
        return "REVOKED"
    if case["expires_at"] and case["now"] >= case["expires_at"]:
        return "EXPIRED"
    return "OK"
