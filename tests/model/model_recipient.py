# SPDX-License-Identifier: Apache-2.0
"""Whether a recipient would have rights, before the mail is sent: docs/policy.md §10.4. Written from that text, not from
the C code."""
from model_policy import TEMPLATE, granted, has_room, is_owner, is_readable, template_of


def decide_recipient(case):
    """By the template as it is, nothing amended, each recipient being one; only where the tenant wants it, and not of the
    address of a group, nor by a template that can't be used."""
    tenant, who = case["tenant"], case["subject"]
    policy = {"kind": TEMPLATE, "template": case["template"], "grants": [], "owner": case["sender"], "issuer": "",
              "recipients": who["addresses"][:1]}
    template = template_of(tenant, policy)
    is_usable = template is not None and not template["archived"] and is_readable(template) and has_room(template["grants"])
    if not case["rejects"] or case["is_group"] or not is_usable or is_owner(who, tenant, case["sender"]):
        return "OK"
    return "OK" if granted({**case, "policy": policy, "changes": []}) else "NO_RIGHTS"
