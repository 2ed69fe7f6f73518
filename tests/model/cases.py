# SPDX-License-Identifier: Apache-2.0
"""Random cases from small worlds, so that names meet, and weighted so that every outcome comes up
often."""
import random

from model_access import BLOCK, CONTENT, JOURNAL, NATIVE, READERS, SCAN, UNREADABLE, VIA_PORTAL, component_uuid
from model_content import TENANT_ADMIN
from model_policy import (CLIENT, CUSTOM, DAY, DECRYPTOR, DNF, ENCRYPT, GATEWAY, PORTAL, STANDARD, TEMPLATE, domain_of,
                          has_room, sum_of)

ADDRESSES = ["al@contoso.com", "bo@contoso.com", "ceo@contoso.de", "bo@fabrikam.com", "fi@fabrikam.com",
             "cy@agency.us", "ed@agency.us", "di@mail.example", "xi@mail.contoso.com"]
GROUPS = ["legal@contoso.com", "all@fabrikam.com", "all@agency.us"]
DOMAINS = {"contoso": ["contoso.com", "contoso.de"], "fabrikam": ["fabrikam.com"], "agency": ["agency.us"]}
ALL_DOMAINS = [d for names in DOMAINS.values() for d in names]
TENANTS = {"contoso": (1, "commercial"), "fabrikam": (2, "gcc"), "agency": (3, "gcc-high")}
BOUNDARIES = ["commercial", "gcc", "gcc-high", "dod", "external"]
NOW = 1_800_000_000
PRINCIPALS = [f"user:{a}" for a in ADDRESSES] + [f"group:{g}" for g in GROUPS * 2] + [
    "domain:contoso.com", "domain:contoso.de", "domain:fabrikam.com", "tenant:contoso", "tenant:fabrikam",
    "tenant:agency", "recipients", "authenticated", "owner"]
CHANGEABLE = [p for p in PRINCIPALS if p != "owner"]
APPLICATIONS = ["mail", "Mail", "MAIL ", "\u00a0maıl", "Straße", "STRASSE", "é", "E\u0301"]
PLATFORMS = ["ios", "iOS", " IOS"]
MANY_RIGHTS = [f"R{n}" for n in range(40)]  # of which a policy may name 16


def sometimes(rng, chance):
    return rng.random() < chance


def random_rights(rng, custom):
    return ",".join(rng.sample(STANDARD + ["SIGN", "STAMP_2"], rng.randint(1, 4)) + custom)


def random_grants(rng, most=3, principals=PRINCIPALS):
    """Custom rights beyond two come seldom, but then often as many as a policy may name, or more."""
    few, is_crowded = rng.sample(MANY_RIGHTS, 14), sometimes(rng, 0.06)
    grants = []
    for _ in range(rng.randint(0, most)):
        custom = rng.sample(few, rng.choice([4, 8, 14])) if sometimes(rng, 0.15) else []
        custom = rng.sample(MANY_RIGHTS, 12) if is_crowded else custom
        grants.append([rng.choice(principals), random_rights(rng, custom)])
    return grants


def random_time(rng):
    return rng.choice([0, 0, 0, NOW - 1, NOW, NOW + 1, NOW + 100, NOW + 40 * DAY])


def random_rules(rng):
    return [[rng.choice(BOUNDARIES[:4]), rng.choice(BOUNDARIES), rng.choice([NATIVE, VIA_PORTAL, BLOCK, BLOCK])]
            for _ in range(rng.choice([0, 0, 1, 2, 3]))]


def random_exclusions(rng):
    return [rng.choice([[1, rng.choice(ADDRESSES)], [1, rng.choice(ADDRESSES)], [2, rng.choice(APPLICATIONS)], [3, rng.choice(PLATFORMS)]])
            for _ in range(rng.choice([0] * 6 + [1, 2]))]


def random_denials(rng, sides):
    """By a stream of their own, so that the rare cases of all other rules stay where they are."""
    state = rng.getstate()[1]
    rng = random.Random(f"{state[0]} {state[-1]}")
    partners = [f"domain:{d}" for d in [*ALL_DOMAINS, "mail.example", "mail.contoso.com"]] + [f"tenant:{t}" for t in TENANTS]
    partners += [UNREADABLE] if sometimes(rng, 0.1) else []
    return [[rng.choice(sides), rng.choice(partners)] for _ in range(rng.choice([0] * 6 + [1, 2]))]


def random_template(rng, number):
    after = rng.choice([0, 0, 1, 30])
    grants = random_grants(rng) + ([[UNREADABLE, "VIEW"]] if sometimes(rng, 0.2) else [])
    return {"id": number, "version": rng.randint(1, 9), "archived": sometimes(rng, 0.2), "grants": grants,
            "scope": rng.sample(PRINCIPALS + [UNREADABLE], rng.choice([0, 0, 1, 3])),
            "expires_at": 0 if after else random_time(rng), "expires_after_days": after,
            "offline_days": rng.choice([-1, 0, 1, 90]), "referral": f"help{number}@contoso.com"}


def random_super_users(rng):
    choices = [f"user:{a}" for a in ADDRESSES] + [f"group:{g}" for g in GROUPS]
    choices += [f"component:{component_uuid(n)}" for n in (1, 2, 3)] * 3
    return [[rng.choice(choices), NOW + rng.choice([-1, 0, 1, DAY, 60 * DAY])] for _ in range(rng.choice([0, 1, 3, 6]))]


def random_tenant(rng):
    name = rng.choice(list(TENANTS))
    number, boundary = TENANTS[name]
    return {"id": number, "name": name, "boundary": boundary, "state": 2 if sometimes(rng, 0.04) else 1,
            "cap": rng.choice([0, 1, 30, 365]), "domains": DOMAINS[name], "exclusions": random_exclusions(rng),
            "onboarding": rng.sample(PRINCIPALS + [UNREADABLE] * 3, rng.choice([0, 0, 0, 1, 3])),
            "templates": [random_template(rng, n) for n in sorted(rng.sample([1, 2, 3], rng.randint(1, 3)))],
            "super_users": random_super_users(rng), "partners": rng.sample([1, 2, 3], rng.choice([0, 0, 1, 2])),
            "denials": random_denials(rng, [READERS, READERS, CONTENT]),
            "no_dnf": sometimes(rng, 0.2), "no_encrypt": sometimes(rng, 0.2), "no_social": sometimes(rng, 0.3),
            "free": sometimes(rng, 0.5), "transport": rng.choice([1, 2, 3]), "journal": sometimes(rng, 0.5),
            "brandings": [[n, rng.choice([0, 1, 10, 30]), sometimes(rng, 0.5)]
                          for n in ("a", "b") if sometimes(rng, 0.7)]}


def random_policy(rng):
    kind = rng.choice([TEMPLATE, TEMPLATE, DNF, ENCRYPT, CUSTOM])
    return {"kind": kind, "template": rng.choice([1, 2, 3]) if kind == TEMPLATE else 0,
            "grants": random_grants(rng) if kind == CUSTOM else [], "owner": rng.choice(ADDRESSES),
            "issuer": rng.choice([*ADDRESSES, component_uuid(1)]),
            "recipients": sorted(rng.sample(ADDRESSES + GROUPS, rng.choice([0, 1, 2, 4]))),
            "protected_at": NOW - rng.choice([0, DAY - 1, DAY, 10 * DAY]),
            "expires_at": random_time(rng) if kind != TEMPLATE else 0, "offline_days": rng.choice([-1, 0, 7]),
            "referral": "sender@contoso.com", "branding": rng.choice(["", "", "a", "b"])}


def named_by(tenant, policy):
    """The principals that the policy names."""
    grants = policy["grants"] + [g for t in tenant["templates"] if t["id"] == policy["template"] for g in t["grants"]]
    return [p for p, _ in grants if p != UNREADABLE] + [f"user:{a}" for a in policy["recipients"]]


def users_among(principals):
    return [p[5:] for p in principals if p.startswith("user:")]


def mailboxes_among(principals):
    """Whoever mail can be sent to."""
    return [p.partition(":")[2] for p in principals if p.startswith(("user:", "group:"))]


def random_changes(rng, touched):
    """The changes that make up an amendment, mostly about principals whom the policy or earlier
    changes name. No change both removes and adds one principal: the API refuses that."""
    changes, gone = [], []
    for _ in range(rng.choice([0, 0, 0, 1, 2, 3])):
        near = touched if touched and sometimes(rng, 0.6) else CHANGEABLE
        removed = [rng.choice(near) for _ in range(rng.choice([0, 0, 1, 2]))]
        joining = mailboxes_among(near) if sometimes(rng, 0.7) else ADDRESSES + GROUPS
        joining = mailboxes_among(gone) if gone and sometimes(rng, 0.6) else joining
        touched, gone = touched + removed, gone + removed
        changes.append({
            "valid": not sometimes(rng, 0.03), "removed": removed,
            "grants": [g for g in random_grants(rng, 2, near) if g[0] not in removed],
            "recipients": sorted({rng.choice(joining) for _ in range(rng.choice([0, 0, 1, 2])) if joining}
                                 - set(mailboxes_among(removed))),
            "expires_at": random_time(rng) if sometimes(rng, 0.2) else None})
        if not have_room(changes):
            changes.pop()  # the API refuses it
    return changes


def have_room(changes):
    return has_room([[p, ",".join(rights or [])] for p, rights in sum_of(changes)[0].items()])


def random_component(rng, tenant, role):
    """Mostly one of the content's tenant and boundary."""
    at_home = sometimes(rng, 0.6)
    return {"id": rng.randint(1, 3), "role": role, "tenant": tenant["id"] if at_home else rng.randint(0, 3),
            "boundary": tenant["boundary"] if at_home else rng.choice([*BOUNDARIES[:4], ""]),
            "sender_domains": sorted(rng.sample(ALL_DOMAINS, rng.randint(1, 4)))}


def random_addresses(rng, home, known):
    """A user's addresses: mostly in the domains of their tenant, often with one that the policy
    names."""
    mine = [a for a in ADDRESSES if (domain_of(a) in DOMAINS[home] if home else domain_of(a) not in ALL_DOMAINS)]
    addresses = rng.sample(mine if sometimes(rng, 0.8) else ADDRESSES, rng.randint(1, 2))
    return list(dict.fromkeys([rng.choice(known)] + addresses if known and sometimes(rng, 0.4) else addresses))


def random_subject(rng, tenant, known=()):
    """A user, a component, or a component that carries a user's token. Users mostly belong to the
    content's tenant or to none."""
    role = rng.choice([None] * 5 + [PORTAL] * 3 + [DECRYPTOR, GATEWAY, CLIENT])
    is_alone = role in (DECRYPTOR, GATEWAY, CLIENT) and sometimes(rng, 0.8)
    home = tenant["name"] if sometimes(rng, 0.5) else rng.choice([*TENANTS, None])
    addresses = [] if is_alone else random_addresses(rng, home, known)
    return {"addresses": addresses, "groups": sorted(rng.sample(GROUPS, rng.randint(0, 2))) if addresses else [],
            "tenant": TENANTS[home][0] if home else 0, "tenant_name": home or "",
            "boundary": TENANTS[home][1] if home else "external", "guest": bool(home) and sometimes(rng, 0.12),
            "social": sometimes(rng, 0.2), "home_denials": random_denials(rng, [CONTENT, CONTENT, READERS]),
            "application": rng.choice(["", *APPLICATIONS]), "platform": rng.choice(["", *PLATFORMS]),
            "component": random_component(rng, tenant, role) if role else None}


def come_back(rng, changes, who):
    """Sometimes, of a person with two addresses: they were removed by the one, and joined again by the other."""
    if len(who["addresses"]) < 2 or len(changes) > 1 or not sometimes(rng, 0.1):
        return changes
    gone, again = rng.sample(who["addresses"], 2)
    plain = {"valid": True, "removed": [], "grants": [], "recipients": [], "expires_at": None}
    more = [*changes, {**plain, "removed": [f"user:{gone}"]}, {**plain, "recipients": [again]}]
    return more if have_room(more) else changes


def with_purpose(rng, case):
    """Mostly a gateway that acts alone."""
    who, purpose = case["subject"], rng.choice([0] * 6 + [SCAN, JOURNAL])
    if purpose and sometimes(rng, 0.8):
        who = {**who, "addresses": [], "groups": [], "component": random_component(rng, case["tenant"], GATEWAY)}
    return {**case, "subject": who, "purpose": purpose}


def access_case(rng, tenant):
    policy = random_policy(rng)
    touched = named_by(tenant, policy)
    who = random_subject(rng, tenant, users_among(touched))
    return with_purpose(rng, {"ask": "access", "now": NOW, "revoked": sometimes(rng, 0.1), "user_revoked": sometimes(rng, 0.07),
            "outside_revoked": sometimes(rng, 0.1),
            "rules": random_rules(rng), "tenant": tenant, "policy": policy,
            "changes": come_back(rng, random_changes(rng, touched), who),
            "content": 1, "subject": by_passcode(rng, who),
            "takes_off": sometimes(rng, 0.2)})


def recipient_case(rng, tenant):
    """Mostly a tenant that wants it, and somebody whom the template might name."""
    number = rng.choice([1, 2, 3])
    near = users_among([p for t in tenant["templates"] if t["id"] == number for p, _ in t["grants"]])
    who = random_subject(rng, tenant, near)
    while not who["addresses"]:
        who = random_subject(rng, tenant, near)
    return {"ask": "recipient", "tenant": tenant, "template": number, "rejects": sometimes(rng, 0.9),
            "is_group": sometimes(rng, 0.1), "subject": {**who, "component": None},
            "sender": who["addresses"][-1] if sometimes(rng, 0.1) else rng.choice(ADDRESSES)}


def answer_case(rng, tenant):
    """A portal's reader answers, mostly one of the people of the content, at times one who has come to it by another grant."""
    case = {**access_case(rng, tenant), "takes_off": False, "purpose": 0}
    if sometimes(rng, 0.4):
        grants = [["recipients", rng.choice(["VIEW", "VIEW,EXPORT", "VIEW,PRINT", "VIEW,SIGN"])],
                  ["authenticated", rng.choice(["VIEW,REPLY,FORWARD", "VIEW,REPLYALL,FORWARD,SIGN", "OWNER"])]]
        case["policy"] = {**case["policy"], "kind": CUSTOM, "template": 0, "grants": grants}
    near = users_among(named_by(tenant, case["policy"])) + case["policy"]["recipients"] + [case["policy"]["owner"]]
    who = random_subject(rng, tenant, near)
    while not who["addresses"]:
        who = random_subject(rng, tenant, near)
    who["component"] = {**random_component(rng, tenant, PORTAL), "tenant": 0}
    if sometimes(rng, 0.9):
        who["component"]["boundary"] = tenant["boundary"]
    return {**case, "ask": "answer", "subject": by_passcode(rng, who), "kind": rng.choice([1, 2, 3]),
            "named": sorted(rng.sample(ADDRESSES, rng.choice([1, 2, 4])))}


def by_passcode(rng, who):
    """Some strangers whom a portal carries are known by a passcode, mostly for this content."""
    is_carried = who["component"] and who["component"]["role"] == PORTAL and who["addresses"] and not who["tenant"]
    if not is_carried or sometimes(rng, 0.3):
        return who
    return {**who, "addresses": who["addresses"][:1], "groups": [], "only_content": rng.choice([1, 2]),
            "only_portal": who["component"]["id"]}


def passcode_case(rng, tenant):
    """A portal starts a passcode for an address that the policy often names."""
    case = access_case(rng, tenant)
    near = users_among(named_by(tenant, case["policy"])) + case["policy"]["recipients"]
    address = rng.choice(near if near and sometimes(rng, 0.7) else ADDRESSES)
    case["subject"] = {**random_subject(rng, tenant), "addresses": [], "groups": [],
                       "component": {**random_component(rng, tenant, PORTAL), "tenant": 0}}
    if sometimes(rng, 0.8):
        case["subject"]["component"]["boundary"] = tenant["boundary"]
    case["tenant"] = {**tenant, "passcodes_off": sometimes(rng, 0.05)}
    return {**case, "ask": "passcode", "address": address, "of_tenant": sometimes(rng, 0.1)}


def act_case(rng, tenant):
    """Somebody acts on content: often an admin, or a component that protected it."""
    case = {**access_case(rng, tenant), "takes_off": False, "purpose": 0}
    if sometimes(rng, 0.3):
        case["subject"] = {**random_subject(rng, tenant), "addresses": [], "groups": [],
                           "component": random_component(rng, tenant, rng.choice([TENANT_ADMIN, GATEWAY]))}
        case["policy"] = {**case["policy"], "issuer": component_uuid(rng.randint(1, 2))}
    elif sometimes(rng, 0.5):
        rights = rng.choice(["OWNER", "EDITRIGHTSDATA", "EDITRIGHTSDATA,PRINT", "VIEW"])
        case["policy"] = {**case["policy"], "kind": CUSTOM, "template": 0, "grants": [["authenticated", rights]]}
    return {**case, "ask": "act", "act": rng.choice(["track", "revoke", "restore", "amend"])}


def random_people(rng):
    """Who an address is: some people have two or three."""
    left, people = rng.sample(ADDRESSES, len(ADDRESSES)), {}
    while left:
        person = [left.pop() for _ in range(min(len(left), rng.choice([1, 1, 2, 3])))]
        people.update({address: person for address in person})
    return people


def amend_case(rng, tenant):
    """One more change, by somebody with these rights of their own."""
    policy = random_policy(rng)
    changes = random_changes(rng, named_by(tenant, policy))
    said = named_by(tenant, policy) + [p for change in changes for p in change["removed"]]
    none = {"removed": [], "grants": [], "recipients": [], "expires_at": random_time(rng)}
    change = next((one for one in random_changes(rng, said) if have_room([*changes, one])), none)
    change["valid"] = True
    return {"ask": "amend", "now": NOW, "tenant": tenant, "policy": policy, "changes": changes, "change": change,
            "changes_then": [*changes, change], "only_change": [change], "people": random_people(rng),
            "own": ",".join(rng.sample(STANDARD[:-1] + ["SIGN"], rng.choice([2, 6, 12])))}


def protect_case(rng, tenant):
    policy, subject = random_policy(rng), random_subject(rng, tenant)
    if subject["addresses"] and sometimes(rng, 0.8):
        policy["owner"] = rng.choice(subject["addresses"])
    elif subject["component"] and sometimes(rng, 0.8):
        policy["owner"] = f"al@{rng.choice(subject['component']['sender_domains'])}"
    return {"ask": "protect", "tenant": tenant, "policy": policy, "subject": subject}


def available_case(rng, tenant):
    case = protect_case(rng, tenant)
    if not case["subject"]["addresses"] and sometimes(rng, 0.4):
        case["policy"]["owner"] = ""
    return {**case, "ask": "available"}


def random_certificate(rng):
    """A publisher's: of a user, or of a component that acts alone."""
    given = NOW - rng.choice([0, 60, DAY, 6 * DAY, 8 * DAY])
    is_user = sometimes(rng, 0.5)
    owners = rng.sample(ADDRESSES, rng.randint(1, 3)) if is_user else []
    named = sorted(rng.sample([1, 2, 3], rng.choice([0, 1, 2])))
    return {"iat": given, "exp": given + 7 * DAY, "sub": owners[0] if is_user else component_uuid(1), "adr": owners,
            "dom": [] if is_user else rng.sample([*ALL_DOMAINS, "mail.contoso.com"], rng.randint(1, 3)),
            "tpl": named if is_user or sometimes(rng, 0.4) else None,
            "pol": [kind for kind in (TEMPLATE, DNF, ENCRYPT, CUSTOM) if not sometimes(rng, 0.15)]}


def offline_case(rng, _tenant):
    """Mostly what the certificate allows, at the edges of its days."""
    certificate, policy = random_certificate(rng), random_policy(rng)
    at = rng.choice([certificate["iat"] - rng.choice([301, 300, 0, 0]), certificate["exp"] - rng.choice([0, 1]),
                     NOW + rng.choice([0, 0, 300, 301])])
    policy |= {"protected_at": at, "expires_at": 0}
    if policy["kind"] == CUSTOM or sometimes(rng, 0.05):
        policy["expires_at"] = rng.choice([0, at - 1, at, at + 1, at + 36_500 * DAY, at + 36_500 * DAY + 1])
    if sometimes(rng, 0.9):
        policy["issuer"] = certificate["sub"]
    if sometimes(rng, 0.8):
        theirs = certificate["adr"] or [a for a in ADDRESSES if domain_of(a) in certificate["dom"]]
        policy["owner"] = rng.choice(theirs)
    if certificate["tpl"] and policy["kind"] == TEMPLATE and sometimes(rng, 0.6):
        policy["template"] = rng.choice(certificate["tpl"])
    return {"ask": "offline", "now": NOW, "certificate": certificate, "policy": policy}


def retry_case(rng, _tenant):
    age = rng.choice([-5, 0, 60, DAY - 1, DAY, DAY + 1, 30 * DAY])
    return {"ask": "retry", "now": NOW, "same": sometimes(rng, 0.8), "made_at": NOW - age, "revoked": sometimes(rng, 0.2),
            "expires_at": random_time(rng)}


def authority_case(rng, _tenant):
    kind = rng.choice([1, 1, 2, 2, 3, 3, 4, 4, 5])
    tenants = [{"id": TENANTS[n][0], "name": n, "boundary": TENANTS[n][1], "domains": DOMAINS[n],
                "state": 2 if sometimes(rng, 0.1) else 1, "passcodes_off": sometimes(rng, 0.2)}
               for n in TENANTS if sometimes(rng, 0.8)]
    spoken = rng.choice(list(TENANTS))
    mine = [a for a in ADDRESSES if domain_of(a) in DOMAINS[spoken]]
    boundary = TENANTS[spoken][1] if sometimes(rng, 0.7) else rng.choice(BOUNDARIES[:4])
    addresses = rng.sample(mine + ["di@mail.example", "xi@list.example", *ADDRESSES], rng.choice([0, 1, 1, 2, 4]))
    if kind in (3, 4) and addresses and sometimes(rng, 0.7):
        addresses[0] = rng.choice(["di@mail.example", "xi@list.example"])
    said = [[a, rng.choice(["", "", "verified", "denied"]), False] for a in dict.fromkeys(addresses)]
    if said and sometimes(rng, 0.8):
        said[0][2] = True  # the address claim's; it comes first
    if said and kind == 4 and sometimes(rng, 0.7):
        said[0][1] = "verified"
    return {"ask": "authority", "tenants": tenants,
            "issuer": {"kind": kind, "tenant": TENANTS[spoken][0], "boundary": boundary,
                       "domains": rng.sample(["list.example", "contoso.com"], rng.randint(0, 2))},
            "claims": {"addresses": said, "guest": sometimes(rng, 0.3), "tenant": spoken if sometimes(rng, 0.8) else "nobody",
                       "groups": rng.sample(GROUPS, rng.randint(0, 3)), "content": rng.choice([0, 1, 1, 1, 1]),
                       "portal": rng.choice([0, 1, 1, 1, 1])},
            "directory": {"aliases": rng.sample(ADDRESSES, rng.randint(0, 3)),
                          "groups": rng.sample(GROUPS + ["board@contoso.de"], rng.randint(0, 3))}}


def vouching_case(rng, tenant):
    """A user whose token a component carries."""
    home = tenant["name"] if sometimes(rng, 0.5) else rng.choice([*TENANTS, None])
    number, boundary = TENANTS[home] if home else (0, "external")
    component = random_component(rng, tenant, rng.choice([GATEWAY, PORTAL, PORTAL, DECRYPTOR, CLIENT]))
    if sometimes(rng, 0.1):
        component["boundary"] = boundary  # no component of ours is external
    return {"ask": "vouching", "subject": {"addresses": ["al@contoso.com"], "tenant": number, "boundary": boundary,
                                           "guest": sometimes(rng, 0.2), "component": component,
                                           "only_content": rng.choice([0, 0, 0, 1]), "only_portal": rng.randint(1, 3)}}


def delivery_case(rng, tenant):
    home = rng.choice([*TENANTS, None])
    return {"ask": "delivery", "rules": random_rules(rng), "tenant": tenant,
            "reader": {"tenant": TENANTS[home][0] if home and not sometimes(rng, 0.1) else 0, "tenant_name": home or "",
                       "boundary": TENANTS[home][1] if home else "external", "kept_away": sometimes(rng, 0.1),
                       "address": rng.choice(ADDRESSES)}}


ISS_HOSTS = ["contoso.com", "idp.contoso.com", "xn--bcher-kva.example", "a-1.example", "contoso.com.evil.example"]
ISS_NO_HOSTS = ["Contoso.com", "contoso.com.", ".contoso.com", "com", "10.0.0.1", "a.0x7f", "a.0x", "[::1]", "-a.example",
                "a-.example", "a..example", "xn--x.example", "b\u00fccher.example", "a_b.example", "a%2e.example", ""]
ISS_PATHS = ["", "/", "/v2.0", "/a/b/", "/@x:1", "/%2F", "//x", "/~!$&'()*+,;="]
ISS_NO_PATHS = ["?x", "#x", "/?x", "/#", "\\x", "/\\x", "/%", "/%2", "/%zz", "/a b", "/{x}", "/\u00e4", "@x.example", "x y"]


def registration_case(rng, _tenant):
    """Addresses of which each part is right, or nearly."""
    scheme = rng.choice(["https://"] * 12 + ["http://", "HTTPS://", "https:/", "//", "", " https://"])
    user = rng.choice([""] * 12 + ["user@", "user:pass@", "@"])
    host = rng.choice(ISS_HOSTS) if sometimes(rng, 0.8) else rng.choice(ISS_NO_HOSTS)
    port = rng.choice([""] * 6 + [":443", ":8443", ":65535", ":1", ":0", ":00", ":080", ":65536", ":x", ":"])
    path = rng.choice(ISS_PATHS) if sometimes(rng, 0.8) else rng.choice(ISS_NO_PATHS)
    return {"ask": "registration", "iss": scheme + user + host + port + path}


def changed_grants(rng, grants):
    """Mostly less than there was, sometimes more, and sometimes what one has is given to another."""
    kept = [[principal, ",".join(rng.sample(rights.split(","), rng.randint(1, len(rights.split(",")))))]
            for principal, rights in grants if sometimes(rng, 0.85)]
    if grants and sometimes(rng, 0.15):
        kept.append([rng.choice(grants)[0], rng.choice(grants)[1]])
    return kept + (random_grants(rng, 1) if sometimes(rng, 0.25) else [])


def template_case(rng, tenant):
    """A template, and one that was made of it by a change."""
    before = dict(rng.choice(tenant["templates"]))
    before["grants"] = random_grants(rng, 4) + ([[UNREADABLE, "VIEW"]] if sometimes(rng, 0.1) else [])
    after = dict(before, grants=changed_grants(rng, before["grants"]))
    if sometimes(rng, 0.3):
        after["scope"] = [p for p in before["scope"] if p != UNREADABLE]
    if sometimes(rng, 0.3):
        days = rng.choice([0, 1, 30])
        after |= {"expires_after_days": days, "expires_at": 0 if days else random_time(rng)}
    if sometimes(rng, 0.3):
        after["offline_days"] = rng.choice([-1, 0, 1, 90])
    return {"ask": "template", "before": before, "after": after}


def amendment_case(rng, _tenant):
    """The changes that make up one amendment, and those of another one: mostly one change more."""
    before = random_changes(rng, [])
    after = list(before)
    for change in random_changes(rng, [p for p in CHANGEABLE if sometimes(rng, 0.2)]):
        after += [change] if have_room([*after, change]) else []
    if before and sometimes(rng, 0.3):  # something is said once more
        again = [*before, {**before[0], "removed": [], "valid": True, "expires_at": None}]
        after = again if have_room(again) else after
    if sometimes(rng, 0.3):
        before, after = after, before
    return {"ask": "amendment", "before": before, "after": after, "sealed": rng.choice([None, 0, NOW, NOW + 100])}


def some(make, rng, count):
    """Cases of one kind. Ten cases share a tenant: making tenants takes most of the time."""
    tenants = [random_tenant(rng) for _ in range(count // 10 + 1)]
    return [make(rng, rng.choice(tenants)) for _ in range(count)]
