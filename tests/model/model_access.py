# SPDX-License-Identifier: Apache-2.0
"""Who may open what, and how content reaches them: docs/policy.md §4 and §7. Written from that
text, not from the C code."""
import unicodedata
import uuid

from model_policy import (DAY, DECRYPTOR, ENCRYPT, GATEWAY, PORTAL, STANDARD, TEMPLATE, custom_rights, domain_of, expiry, granted,
                          is_member, is_owner, names, template_of, version)

NATIVE, VIA_PORTAL, BLOCK = 1, 2, 3
READERS, CONTENT = 1, 2  # who is denied: readers of the partner, or content of theirs
UNREADABLE = "everybody"  # stands for a stored form that this version doesn't know
ONLINE_S, PORTAL_S = 300, 600


def component_uuid(number):
    return str(uuid.UUID(bytes=bytes([number]) + bytes(15)))


# --- boundaries -----------------------------------------------------------------------------------


def rule(rules, content, reader):
    for from_, to, what in rules:
        if (from_, to) == (content, reader):
            return what
    if content == reader or {content, reader} == {"commercial", "gcc"}:
        return NATIVE
    return VIA_PORTAL


def delivery(rules, tenant, reader_boundary, reader_tenant):
    """docs/policy.md §7.2: a partner exception turns `portal` into `native`; it never lifts a
    `block`."""
    found = rule(rules, tenant["boundary"], reader_boundary)
    if found == VIA_PORTAL and reader_tenant and reader_tenant in tenant["partners"]:
        return NATIVE
    return found


def is_listed(denials, side, tenant_name, addresses):
    """docs/policy.md §7.2: a tenant, or exactly a domain; an entry that can't be read stands for everybody."""
    forms = {f"tenant:{tenant_name}"} | {f"domain:{domain_of(a)}" for a in addresses}
    return any(partner == UNREADABLE or of == side and partner in forms for of, partner in denials)


def is_denied(case):
    """docs/policy.md §7.2: by the content's tenant to readers outside, by the reader's own tenant of others' content."""
    tenant, who = case["tenant"], case["subject"]
    if is_outside(case) and is_listed(tenant["denials"], READERS, who["tenant_name"], who["addresses"]):
        return True
    return bool(who["addresses"] and who["tenant"]) and who["tenant"] != tenant["id"] and \
        is_listed(who["home_denials"], CONTENT, tenant["name"], [case["policy"]["owner"]])


def decide_delivery(case):
    reader, tenant = case["reader"], case["tenant"]
    is_kept_away = reader["kept_away"] or is_listed(tenant["denials"], READERS, reader["tenant_name"], [reader["address"]])
    if reader["tenant"] != tenant["id"] and is_kept_away and \
            delivery(case["rules"], tenant, reader["boundary"], reader["tenant"]) != BLOCK:
        return "denied"
    return {NATIVE: "native", VIA_PORTAL: "portal", BLOCK: "block"}[
        delivery(case["rules"], case["tenant"], reader["boundary"], reader["tenant"])]


# --- powers ---------------------------------------------------------------------------------------


def is_lent_to(principal, who, tenant):
    """docs/policy.md §3.5: power is lent to members of the tenant, and to its components when they
    act alone."""
    kind, _, name = principal.partition(":")
    component = who["component"]
    if kind == "component":
        return bool(component) and not who["addresses"] and component["tenant"] == tenant["id"] and \
            name == component_uuid(component["id"])
    return is_member(who, tenant) and names(principal, who, tenant, "")


def lent_power_end(case):
    """The end of the power that is lent to the caller now, by whichever grant lends it longest; 0 if
    none does."""
    return max((end for principal, end in case["tenant"]["super_users"]
                if case["now"] < end and is_lent_to(principal, case["subject"], case["tenant"])), default=0)


def own_power(case):
    """docs/policy.md §3.4: owner and issuer, as people and as members of the content's tenant."""
    policy, who, tenant = case["policy"], case["subject"], case["tenant"]
    if is_owner(who, tenant, policy["owner"]):
        return "owner"
    if is_member(who, tenant) and policy["issuer"] in who["addresses"]:
        return "issuer"
    return ""


SCAN, JOURNAL = 1, 2  # purposes of gateways
OPTIONAL, MANDATORY = 2, 3


def purpose_refusal(case):
    """docs/policy.md §3.12: a gateway of the content's tenant that acts alone, where the tenant says so."""
    who, tenant, component = case["subject"], case["tenant"], case["subject"]["component"]
    if not case["purpose"]:
        return ""
    if who["addresses"] or not component or component["role"] != GATEWAY:
        return "COMPONENT_ROLE"
    if component["tenant"] != tenant["id"]:
        return "COMPONENT_TENANT"
    says_so = tenant["transport"] in (OPTIONAL, MANDATORY) if case["purpose"] == SCAN else tenant["journal"]
    return "" if says_so else "DECRYPTION_OFF"


def power(case):
    """What the caller uses beyond the grants, and when it ends; 0 for what is their own, and for a gateway's purpose."""
    who, end = case["subject"], lent_power_end(case)
    if case["purpose"] and not purpose_refusal(case):
        return "decryptor", 0
    if own_power(case) or not end:
        return own_power(case), 0
    is_decryptor = not who["addresses"] and who["component"]["role"] == DECRYPTOR
    return "decryptor" if is_decryptor else "super_user", end


# --- the decision ---------------------------------------------------------------------------------


def name_key(name):
    """docs/policy.md §4.1: names of applications and platforms are compared without regard to case
    and to white space around them."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name.strip()).casefold())


def is_excluded(tenant, who):
    for kind, value in tenant["exclusions"]:
        if kind == 1 and value in who["addresses"]:
            return True
        if kind != 1 and name_key(value) == name_key(who[("application", "platform")[kind - 2]]):
            return True
    return False


def is_outside(case):
    """docs/policy.md §3.7: a reader who is no member of the content's tenant, guests included."""
    who = case["subject"]
    return bool(who["addresses"]) and not is_member(who, case["tenant"])


def outside_limits(case):
    """docs/policy.md §3.10: days and sign-in by the branding with which it was protected, as it is now."""
    return next(((days, only_work) for name, days, only_work in case["tenant"]["brandings"]
                 if name == case["policy"]["branding"]), (0, False))


def end_for(case):
    """When the content ends for whoever asks; 0: never."""
    end, (days, _) = expiry(case), outside_limits(case)
    if not days or not is_outside(case):
        return end
    outside = case["policy"]["protected_at"] + days * DAY
    return min(end, outside) if end else outside


def refusal(case, rights, might):
    """docs/policy.md §4.1, questions 3 to 9; the first that fails is the reason."""
    tenant, who, component = case["tenant"], case["subject"], case["subject"]["component"]
    if who["addresses"]:
        reader = (who["boundary"], 0 if who["guest"] else who["tenant"])
    else:
        reader = (component["boundary"], 0)
    how = delivery(case["rules"], tenant, *reader)
    is_portal = bool(component) and component["role"] == PORTAL
    if who.get("only_content") and who["only_content"] != case["content"]:
        return "PASSCODE_CONTENT"
    if tenant["state"] != 1:
        return "TENANT_DISABLED"
    if how == BLOCK:
        return "BOUNDARY_BLOCKED"
    if is_portal and component["boundary"] != tenant["boundary"] or not is_portal and how != NATIVE:
        return "PORTAL_REQUIRED"
    _, only_work = outside_limits(case)
    if is_outside(case) and who["social"] and (tenant["no_social"] or only_work):
        return "SIGN_IN_REFUSED"
    if is_denied(case):
        return "PARTNER_DENIED"
    if is_excluded(tenant, who):
        return "EXCLUDED"
    if purpose_refusal(case):
        return purpose_refusal(case)
    if not rights:
        # Before the rest: only callers who would have had rights are told of it (§4.2).
        return "NO_RIGHTS"
    if not might and (case["revoked"] or case["user_revoked"] or case["outside_revoked"] and is_outside(case)):
        return "REVOKED"
    if not might and end_for(case) and case["now"] >= end_for(case):
        return "EXPIRED"
    if case["takes_off"] and "EXPORT" not in rights:
        return "RIGHT_MISSING"
    return ""


def tenant_frees(case):
    """docs/policy.md §3.11: attachments of Encrypt-Only mail."""
    return case["tenant"]["free"] and case["policy"]["kind"] == ENCRYPT


def decide_access(case):
    policy, template, now = case["policy"], template_of(case["tenant"], case["policy"]), case["now"]
    (might, might_end), rights = power(case), granted(case)
    if might:
        rights = set(STANDARD) | custom_rights(case)
    reason = refusal(case, rights, might)
    holder = template if policy["kind"] == TEMPLATE else policy
    if reason == "NO_RIGHTS":
        return f"NO_RIGHTS {holder['referral'] if holder else '-'}"
    if reason == "PORTAL_REQUIRED":
        return f"PORTAL_REQUIRED portal.{case['tenant']['boundary']}"
    if reason:
        return reason
    component = case["subject"]["component"]
    channel = "portal" if component and component["role"] == PORTAL else "native"
    is_one_act = case["takes_off"] or case["purpose"]
    offline, cap, end = holder["offline_days"] if holder else 0, case["tenant"]["cap"], end_for(case)
    is_offline = channel == "native" and offline != 0 and cap > 0 and not is_one_act
    cached = is_offline and not might_end
    seconds = min(cap, offline) * DAY if offline > 0 else cap * DAY
    if not is_offline:
        seconds = PORTAL_S if channel == "portal" and not is_one_act else ONLINE_S
    if end and not might:
        seconds = min(seconds, end - now)
    if might_end:
        seconds = min(seconds, might_end - now)
    listed = [r for r in STANDARD if r in rights] + sorted(r for r in rights if r not in STANDARD)
    return (f"OK {channel} {might or '-'} {','.join(listed)} {now + seconds} {int(cached)} {end} "
            f"{version(case)}{' free' if tenant_frees(case) else ''}")
