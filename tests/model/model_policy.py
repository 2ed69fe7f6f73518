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
CUSTOM_RIGHTS_MAX = 16
FORMS = {"user", "group", "domain", "tenant", "recipients", "authenticated", "owner"}


def closed(rights, custom):
    """OWNER implies all, the policy's custom ones included. Any right implies VIEW."""
    rights = set(rights)
    if "OWNER" in rights:
        rights |= set(STANDARD) | custom
    return rights | {"VIEW"} if rights else rights


def custom_in(grants):
    """The custom rights that grants name (docs/policy.md §1.2)."""
    return {right for _, rights in grants for right in rights.split(",")} - set(STANDARD)


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


def has_room(grants):
    """§3.8: nor can a policy be read that names more custom rights than it may."""
    return len(custom_in(grants)) <= CUSTOM_RIGHTS_MAX


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


def address_of(principal):
    return principal.removeprefix("user:").removeprefix("group:")


def one_name(mine):
    """A person is named by any of their addresses: all of them become the first one."""
    return lambda principal: f"user:{mine[0]}" if principal in {f"user:{a}" for a in mine} else principal


def sum_of(changes, mine=()):
    """What the changes say together: {principal: rights, or None if removed}, and the recipients
    who joined. What a change grants or removes replaces everything said of that principal before; a
    removed one may become a recipient again (docs/policy.md §3.3). `mine` are the addresses of the
    person who asks."""
    said, joined, one = {}, set(), one_name(mine)
    for change in changes:
        removed, granted_now = [one(p) for p in change["removed"]], [(one(p), r) for p, r in change["grants"]]
        for principal in removed + [p for p, _ in granted_now]:
            said.pop(principal, None)
            joined -= set(mine) if mine and principal == f"user:{mine[0]}" else {address_of(principal)}
        for principal in removed:
            said[principal] = None
        for principal, rights in granted_now:
            said[principal] = (said.get(principal) or set()) | set(rights.split(","))
        for address in change["recipients"]:
            joined.add(address)
            for form in one(f"user:{address}"), f"group:{address}":
                if said.get(form, ...) is None:
                    del said[form]
    return said, joined


def sealed_grants(case):
    policy, template = case["policy"], template_of(case["tenant"], case["policy"])
    if policy["kind"] == DNF:
        return [["recipients", ",".join(DO_NOT_FORWARD)]]
    if policy["kind"] == ENCRYPT:
        return [["recipients", ",".join(ENCRYPT_ONLY)]]
    if policy["kind"] == CUSTOM:
        return policy["grants"] if has_room(policy["grants"]) else []
    return template["grants"] if template is not None and is_readable(template) and has_room(template["grants"]) else []


def is_lost(case):
    """§3.1: content whose template was deleted is opened by power only, whatever it was amended by."""
    return case["policy"]["kind"] == TEMPLATE and template_of(case["tenant"], case["policy"]) is None


def amended_grants(case):
    """Those of the amendment as it holds now; none if it can't be read."""
    said, _ = sum_of(case["changes"])
    return [[p, ",".join(rights)] for p, rights in said.items() if rights and is_amendable(case)]


def is_amendable(case):
    return all(change["valid"] for change in case["changes"])


def custom_rights(case):
    """docs/policy.md §1.2: all that the policy names, whomever it grants them."""
    return custom_in(sealed_grants(case)) | custom_in(amended_grants(case))


def version(case):
    """docs/policy.md §3.3: of what decided, the amendment where there is one, else the template."""
    template = template_of(case["tenant"], case["policy"])
    return len(case["changes"]) or (template["version"] if template else 0)


def recipients_of(case, mine=()):
    """Those whom either form of principal names have what the changes say. A person is meant by all
    their addresses (`mine`); the address of a group stands for its members (§2.1), by itself."""
    said, joined = sum_of(case["changes"], mine)
    return joined | {a for a in case["policy"]["recipients"]
                     if not any(form in said for form in (one_name(mine)(f"user:{a}"), f"group:{a}"))}


def granted(case):
    """The union of all grants that match, amendments included, with the rights that they imply
    (docs/policy.md §2.2)."""
    policy, who = case["policy"], case["subject"]
    mine = who["addresses"]
    if not is_amendable(case) or is_lost(case) or not mine:
        return set()
    said, _ = sum_of(case["changes"], mine)
    taken = said.keys() | {one_name(mine)(p) for p, rights in sum_of(case["changes"])[0].items() if rights is None}
    grants = [(p, rights.split(",")) for p, rights in sealed_grants(case) if one_name(mine)(p) not in taken]
    grants += [(principal, rights) for principal, rights in said.items() if rights]
    recipients = recipients_of(case, mine) & set(mine) | recipients_of(case) & set(who["groups"])
    union = set()
    for principal, rights in grants:
        if principal == "recipients":
            matches = bool(recipients)
        else:
            matches = names(principal, who, case["tenant"], policy["owner"])
        if matches:
            union |= set(rights)
    return closed(union, custom_rights(case))
