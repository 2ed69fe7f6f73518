# SPDX-License-Identifier: Apache-2.0
"""What rights, principals, policies and amendments mean: docs/policy.md §1 to §3. Written from that
text, not from the C code."""

DAY = 86400
STANDARD = ("VIEW EDIT DOCEDIT COMMENT PRINT EXTRACT EXPORT FORWARD REPLY REPLYALL OBJMODEL VIEWRIGHTSDATA "
            "EDITRIGHTSDATA OWNER").split()
DO_NOT_FORWARD = {"VIEW", "EDIT", "DOCEDIT", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA"}
ENCRYPT_ONLY = set(STANDARD) - {"EXPORT", "OWNER"}
GATEWAY, PORTAL, DECRYPTOR, CLIENT = 1, 2, 3, 4
TEMPLATE, DNF, ENCRYPT, CUSTOM = 1, 2, 3, 4
FORMS = {"user", "group", "domain", "tenant", "recipients", "authenticated", "owner"}


def closed(rights):
    """OWNER implies all. Any right implies VIEW."""
    rights = set(rights)
    if "OWNER" in rights:
        rights |= set(STANDARD)
    return rights | {"VIEW"} if rights else rights


def domain_of(address):
    return address.split("@")[1]


def is_owner(who, tenant, owner):
    """docs/policy.md §3.4: the owner is a person, and a member of the content's tenant."""
    return owner in who["addresses"] and is_member(who, tenant)


def names(principal, who, tenant, owner):
    """Whether a principal stands for the user, over content of this tenant and owner. `recipients`
    depends on the policy: see granted."""
    kind, _, name = principal.partition(":")
    addresses = who["addresses"]
    if not addresses:
        return False  # no principal stands for a component that acts alone
    return {"user": lambda: name in addresses,
            "group": lambda: name in who["groups"],
            "domain": lambda: name in map(domain_of, addresses),
            "tenant": lambda: who["tenant_name"] == name and not who["guest"],
            "authenticated": lambda: True,
            "owner": lambda: is_owner(who, tenant, owner)}.get(kind, lambda: False)()


def is_member(who, tenant):
    return bool(who["addresses"]) and who["tenant"] == tenant["id"] and not who["guest"]


# --- templates ------------------------------------------------------------------------------------


def template_of(tenant, policy):
    """Bound late: the template as it is now. None if it was deleted, or if the policy is ad hoc."""
    if policy["kind"] != TEMPLATE:
        return None
    return next((t for t in tenant["templates"] if t["id"] == policy["template"]), None)


def are_known(principals):
    return all(p.partition(":")[0] in FORMS for p in principals)


def is_readable(template):
    """docs/policy.md §3.8: one name that can't be read, and the template grants nothing."""
    return are_known([g[0] for g in template["grants"]] + template["scope"])


def expiry(case):
    """Seconds since 1970 at which the content expires; 0 if never. The latest change that names an
    expiry wins."""
    policy, template = case["policy"], template_of(case["tenant"], case["policy"])
    for change in reversed(case["changes"]):
        if change["expires_at"] is not None:
            return change["expires_at"]
    if policy["kind"] != TEMPLATE:
        return policy["expires_at"]
    if template is None:
        return 0
    if template["expires_after_days"]:
        return policy["protected_at"] + template["expires_after_days"] * DAY
    return template["expires_at"]


# --- amendments -----------------------------------------------------------------------------------


def sum_of(changes, one):
    """What the changes say together: {principal: rights, or None if removed}, and the recipients
    who joined, as `user:` principals. What a change grants or removes replaces everything said of
    that principal before; a removed one may become a recipient again (docs/policy.md §3.3). `one`
    gives the person who asks one name for all of their addresses."""
    said, joined = {}, set()
    for change in changes:
        removed, granted_now = [one(p) for p in change["removed"]], [(one(p), r) for p, r in change["grants"]]
        for principal in removed + [p for p, _ in granted_now]:
            said.pop(principal, None)
            joined.discard(principal)
        for principal in removed:
            said[principal] = None
        for principal, rights in granted_now:
            said[principal] = (said.get(principal) or set()) | set(rights.split(","))
        for principal in (one(f"user:{address}") for address in change["recipients"]):
            joined.add(principal)
            if said.get(principal, ...) is None:
                del said[principal]
    return said, joined


def one_name(who):
    """A person is named by any of their addresses: all of them become the first one."""
    mine = {f"user:{address}" for address in who["addresses"]}
    return lambda principal: f"user:{who['addresses'][0]}" if principal in mine else principal


def sealed_grants(case):
    policy, template = case["policy"], template_of(case["tenant"], case["policy"])
    if policy["kind"] == DNF:
        return [["recipients", ",".join(DO_NOT_FORWARD)]]
    if policy["kind"] == ENCRYPT:
        return [["recipients", ",".join(ENCRYPT_ONLY)]]
    if policy["kind"] == CUSTOM:
        return policy["grants"]
    return template["grants"] if template is not None and is_readable(template) else []


def granted(case):
    """The union of all grants that match, amendments included, with the rights that they imply
    (docs/policy.md §2.2)."""
    policy, who = case["policy"], case["subject"]
    if not all(change["valid"] for change in case["changes"]):
        return set()
    one = one_name(who)
    said, joined = sum_of(case["changes"], one)
    grants = [(principal, rights.split(",")) for principal, rights in sealed_grants(case) if one(principal) not in said]
    grants += [(principal, rights) for principal, rights in said.items() if rights]
    recipients = {a for a in policy["recipients"] if one(f"user:{a}") not in said} | {p[len("user:"):] for p in joined}
    union = set()
    for principal, rights in grants:
        if principal == "recipients":
            matches = bool(recipients & set(who["addresses"]))
        else:
            matches = names(principal, who, case["tenant"], policy["owner"])
        if matches:
            union |= set(rights)
    return closed(union)
