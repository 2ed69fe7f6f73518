# SPDX-License-Identifier: Apache-2.0
"""Who may protect, and under which policy: docs/policy.md §5.1. Written from that text, not from
the C code."""
from model_access import is_excluded
from model_policy import (CUSTOM, DNF, ENCRYPT, TEMPLATE, are_known, domain_of, is_member, is_readable, names,
                          template_of)


def sender_refusal(case):
    """Question 2: the component belongs to the tenant or the platform and stands in the tenant's
    boundary or in none; its sender domains name the sender's domain, which the tenant has
    verified. A component may list templates before it knows the sender."""
    component, tenant, owner = case["subject"]["component"], case["tenant"], case["policy"]["owner"]
    if component["tenant"] not in (0, tenant["id"]) or component["boundary"] not in ("", tenant["boundary"]):
        return "COMPONENT_TENANT"
    if not owner:
        return ""
    domain = domain_of(owner)
    if domain not in component["sender_domains"] or domain not in tenant["domains"]:
        return "COMPONENT_DOMAIN"
    return ""


def onboarding_refusal(case):
    """Question 4, of users, whoever carries their token: a member of the tenant protects as
    themselves, and the onboarding list names them or is empty. A list that can't be read refuses
    everybody (§3.8)."""
    who, tenant, owner = case["subject"], case["tenant"], case["policy"]["owner"]
    if not is_member(who, tenant) or owner not in who["addresses"]:
        return "PROTECT_DENIED"
    if not are_known(tenant["onboarding"]):
        return "ONBOARDING_INVALID"
    is_let = not tenant["onboarding"] or any(names(p, who, tenant, owner) for p in tenant["onboarding"])
    return "" if is_let else "PROTECT_DENIED"


def template_refusal(case, template):
    who, tenant, owner = case["subject"], case["tenant"], case["policy"]["owner"]
    if template is None:
        return "TEMPLATE_NOT_FOUND"
    if template["scope"] and who["addresses"] and not any(names(p, who, tenant, owner) for p in template["scope"]):
        return "TEMPLATE_SCOPE"
    if template["archived"]:
        return "TEMPLATE_ARCHIVED"
    return "" if is_readable(template) else "POLICY_INVALID"


def needs_recipients(case, template):
    policy = case["policy"]
    grants = policy["grants"] if policy["kind"] == CUSTOM else template["grants"] if template else []
    return policy["kind"] in (DNF, ENCRYPT) or any(principal == "recipients" for principal, _ in grants)


def publisher_refusal(case):
    """Questions 1 to 4."""
    tenant, who = case["tenant"], case["subject"]
    if tenant["state"] != 1:
        return "TENANT_DISABLED"
    if who["component"] and sender_refusal(case):
        return sender_refusal(case)
    if is_excluded(tenant, who):
        return "EXCLUDED"
    if who["addresses"] and onboarding_refusal(case):
        return onboarding_refusal(case)
    return ""


def decide_available(case):
    """A list of templates follows the same rule: it holds those that the caller could protect
    with."""
    if publisher_refusal(case):
        return publisher_refusal(case)
    numbers = [str(t["id"]) for t in case["tenant"]["templates"] if not template_refusal(case, t)]
    return f"OK {len(numbers)} {','.join(numbers) or '-'}"


def decide_protect(case):
    tenant, policy = case["tenant"], case["policy"]
    template = template_of(tenant, policy)
    if publisher_refusal(case):
        return publisher_refusal(case)
    if policy["kind"] == DNF and tenant["no_dnf"] or policy["kind"] == ENCRYPT and tenant["no_encrypt"]:
        return "POLICY_SWITCHED_OFF"
    if policy["kind"] == TEMPLATE and template_refusal(case, template):
        return template_refusal(case, template)
    if policy["branding"] and policy["branding"] not in [name for name, _, _ in tenant["brandings"]]:
        return "BRANDING_NOT_FOUND"
    if needs_recipients(case, template) and not policy["recipients"]:
        return "RECIPIENTS_MISSING"
    return "OK"
