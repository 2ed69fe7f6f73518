#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a reference model of the decisions, written from docs/policy.md and not from the C code,
with the C code on random cases. An outcome that comes up too seldom is a failure too: then the
cases prove nothing about it.

usage: model.py DECIDE_CASES [ACCESS [OTHERS [SEED]]]
ACCESS and OTHERS are numbers of cases: of access, and of each other decision."""
import collections
import json
import random
import subprocess
import sys

import cases
import rule_cases
from model_access import decide_access, decide_delivery
from model_authority import decide_authority, decide_vouching
from model_content import decide_act, decide_amend
from model_answer import decide_answer
from model_offline import decide_offline
from model_passcode import decide_passcode
from model_protect import decide_available, decide_protect
from model_recipient import decide_recipient
from model_registration import host_of
from model_retry import decide_retry
from model_rules import decide_away, decide_rules
from model_widens import decide_amendment, decide_template

POWERS = ["-", "owner", "issuer", "super_user"]
DECISIONS = {
    "access": (cases.access_case, decide_access, {
        *(f"OK {channel} {power}" for channel in ("native", "portal") for power in POWERS), "OK native decryptor",
        "TENANT_DISABLED", "BOUNDARY_BLOCKED", "PORTAL_REQUIRED", "SIGN_IN_REFUSED", "PARTNER_DENIED", "EXCLUDED",
        "REVOKED", "EXPIRED", "NO_RIGHTS", "PASSCODE_CONTENT", "RIGHT_MISSING",
        "COMPONENT_ROLE", "COMPONENT_TENANT", "DECRYPTION_OFF"}),
    "act": (cases.act_case, decide_act, {
        *(f"OK {standing}" for standing in ("protector", "editor", "owner", "admin")), "TENANT_DISABLED",
        "BOUNDARY_BLOCKED", "PORTAL_REQUIRED", "SIGN_IN_REFUSED", "PARTNER_DENIED", "EXCLUDED", "REVOKED", "EXPIRED",
        "NO_RIGHTS", "RIGHT_MISSING", "PASSCODE_CONTENT"}),
    "amend": (cases.amend_case, decide_amend, {"WITHIN", "BEYOND"}),
    "protect": (cases.protect_case, decide_protect, {
        "OK", "TENANT_DISABLED", "COMPONENT_TENANT", "COMPONENT_DOMAIN", "EXCLUDED", "PROTECT_DENIED", "ONBOARDING_INVALID",
        "TEMPLATE_NOT_FOUND", "TEMPLATE_SCOPE", "TEMPLATE_ARCHIVED", "POLICY_INVALID", "POLICY_SWITCHED_OFF",
        "BRANDING_NOT_FOUND", "RECIPIENTS_MISSING"}),
    "available": (cases.available_case, decide_available, {
        *(f"OK {count}" for count in range(4)), "TENANT_DISABLED", "COMPONENT_TENANT", "COMPONENT_DOMAIN", "EXCLUDED",
        "PROTECT_DENIED", "ONBOARDING_INVALID"}),
    "retry": (cases.retry_case, decide_retry, {"OK", "REQUEST_ID_REUSED", "REVOKED", "EXPIRED"}),
    "authority": (cases.authority_case, decide_authority, {
        "OK contoso commercial", "OK fabrikam gcc", "OK agency gcc-high", "OK - external", "TOKEN_NO_ADDRESS",
        "TOKEN_TYPE", "TENANT_DISABLED", "PASSCODES_OFF", "TOKEN_CLAIM_INVALID"}),
    "answer": (cases.answer_case, decide_answer, {
        "may", "TENANT_DISABLED", "BOUNDARY_BLOCKED", "PORTAL_REQUIRED", "SIGN_IN_REFUSED", "PARTNER_DENIED", "EXCLUDED",
        "REVOKED", "EXPIRED", "NO_RIGHTS", "RIGHT_MISSING", "RIGHTS_EXCEEDED", "PASSCODE_CONTENT"}),
    "offline": (cases.offline_case, decide_offline, {"OK", "PUBLISHER_EXPIRED", "PUBLISHER_EXCEEDED"}),
    "passcode": (cases.passcode_case, decide_passcode, {
        "TENANT_DISABLED", "BOUNDARY_BLOCKED", "PORTAL_REQUIRED", "SIGN_IN_REFUSED", "PASSCODES_OFF", "PASSCODE_SIGN_IN", "mailed",
        "nobodys"}),
    "vouching": (cases.vouching_case, decide_vouching, {"bound", "carried", "COMPONENT_TENANT"}),
    "delivery": (cases.delivery_case, decide_delivery, {"native", "portal", "block", "denied"}),
    "registration": (cases.registration_case, host_of, {"-", *cases.ISS_HOSTS}),
    "template": (cases.template_case, decide_template, {"lets_in", "nobody"}),
    "amendment": (cases.amendment_case, decide_amendment, {"lets_in", "nobody"}),
    "rules": (rule_cases.rules_case, decide_rules, {"blocked", "protected", "sent"}),
    "away": (rule_cases.away_case, decide_away, {"nothing", "protected"}),
    "recipient": (cases.recipient_case, decide_recipient, {"OK", "NO_RIGHTS"}),
}
LEAST_SHARE = 0.005  # each outcome comes up in at least this share of the cases
CHUNK = 20_000


def ask(program, batch):
    """The C code's answers, one line per case."""
    text = "".join(json.dumps(case) + "\n" for case in batch)
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def outcome(answer):
    """The kind of answer: its reason; for OK also channel and power, or tenant and boundary, or how
    many templates."""
    words = answer.split()
    kept = 2 if len(words) == 3 else 3
    return " ".join(words[:kept]) if words[0] == "OK" else words[0]


def compare(program, decision, count, rng):
    """Compare `count` random cases, and count how often each outcome came up."""
    make, decide, _ = DECISIONS[decision]
    seen = collections.Counter()
    for start in range(0, count, CHUNK):
        batch = cases.some(make, rng, min(CHUNK, count - start))
        for case, said in zip(batch, ask(program, batch), strict=True):
            expected = decide(case)
            if said != expected:
                sys.exit(f"case {json.dumps(case, indent=1)}\nC code:  {said}\nmodel:   {expected}")
            seen[outcome(expected)] += 1
    return seen


def main():
    program = sys.argv[1]
    access, others = ([int(n) for n in sys.argv[2:4]] + [100_000, 20_000][len(sys.argv[2:4]):])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randint(0, 1 << 32)
    print(f"seed {seed}")
    for decision, (_, _, outcomes) in DECISIONS.items():
        count = access if decision == "access" else others
        seen = compare(program, decision, count, random.Random(f"{seed} {decision}"))
        shares = ", ".join(f"{name} {number / count:.1%}" for name, number in sorted(seen.items()))
        print(f"{decision}: {count} cases agree: {shares}")
        rare = sorted(name for name in outcomes if seen[name] < count * LEAST_SHARE)
        if rare and count >= 10_000:
            sys.exit(f"{decision}: too seldom to prove anything: {', '.join(rare)}")
        if not set(seen) <= outcomes:
            sys.exit(f"{decision}: outcomes that nobody expects: {sorted(set(seen) - outcomes)}")


if __name__ == "__main__":
    main()
