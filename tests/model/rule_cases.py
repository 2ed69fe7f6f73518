# SPDX-License-Identifier: Apache-2.0
"""Random mail-flow rules and messages for the reference model: few words, so that they meet."""
WORDS = ["red", "blue", "green", "big", "small"]
PEOPLE = [
    {"address": "al@contoso.com", "boundary": "commercial", "inside": True, "groups": ["legal@contoso.com"]},
    {"address": "bo@contoso.com", "boundary": "commercial", "inside": True, "groups": []},
    {"address": "guest@contoso.com", "boundary": "external", "inside": False, "groups": ["legal@contoso.com"]},
    {"address": "di@fabrikam.com", "boundary": "gcc", "inside": False, "groups": []},
    {"address": "ed@gmail.com", "boundary": "external", "inside": False, "groups": []},
]
NOBODY = {"addresses": [], "domains": [], "groups": [], "boundaries": [], "side": "", "every": False}


def written(rng, person, is_sender):
    """A person as an envelope may name them: one way or another, or so that nobody can tell who they are."""
    local, domain = person["address"].split("@")
    forms = [person["address"]] * 4 + [f'"{local}"@{domain}', f"<{person['address']}>"]
    forms += [""] if is_sender else [f'"no one"@{domain}', "nobody"]
    return person | {"written": rng.choice(forms)}


def phrase(rng, most):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, most)))


def random_person(rng, is_sender):
    names = {"addresses": [person["address"] for person in PEOPLE], "domains": ["contoso.com", "fabrikam.com", "gmail.com"],
             "groups": ["legal@contoso.com"], "boundaries": ["gcc", "external"]}
    chosen = rng.sample([*names, "side"], rng.randint(1, 2))
    found = NOBODY | {what: [rng.choice(names[what])] for what in chosen if what in names}
    if is_sender:
        return found | {"boundaries": [], "side": found["side"] or rng.choice(["inside", "outside"])}
    return found | {"side": rng.choice(["inside", "outside"]) if "side" in chosen else "", "every": rng.random() < 0.4}


def random_condition(rng):
    fact = rng.choice(["sender", "recipient", "recipient", "text", "text", "size", "kind"])
    if fact in ("sender", "recipient"):
        return {"fact": fact, **random_person(rng, fact == "sender")}
    if fact == "text":
        return {"fact": fact, "place": rng.choice(["subject", "body", "either"]),
                "words": [phrase(rng, 3) for _ in range(rng.randint(1, 2))]}
    if fact == "size":
        return {"fact": fact, "larger_than": rng.randint(1, 3)}
    return {"fact": fact, "kinds": rng.sample(range(1, 5), 2)}


def random_rule(rng):
    rule = {"mode": rng.choice(["enforce", "enforce", "enforce", "test", "off"]), "protection": 0, "branding": "",
            "portal": False, "tls": False, "block": "", "stop": False,
            "conditions": [random_condition(rng) for _ in range(rng.randint(0, 2))],
            "exceptions": [random_condition(rng) for _ in range(rng.choice([0, 0, 0, 1, 2]))]}
    if rng.random() < 0.1:
        return rule | {"block": "No."}
    return rule | {"protection": rng.choice([0, 0, 1, 2, 3, 4]), "branding": rng.choice(["", "", "red", "blue"]),
                   "portal": rng.random() < 0.3, "tls": rng.random() < 0.3, "stop": rng.random() < 0.15}


def rules_case(rng, _tenant):
    return {"ask": "rules", "rules": [random_rule(rng) for _ in range(rng.randint(1, 5))], "message": {
        "sender": written(rng, rng.choice(PEOPLE), True), "subject": phrase(rng, 2), "body": phrase(rng, 8),
        "recipients": [written(rng, person, False) for person in rng.sample(PEOPLE, rng.randint(0, 3))],
        "size": rng.randint(0, 4), "kinds": rng.sample(range(1, 5), rng.randint(0, 2))}}


def away_case(rng, _tenant):
    rules = [random_rule(rng) | {"template": rng.choice([1, 1, 2])} for _ in range(rng.randint(1, 4))]
    return {"ask": "away", "rules": rules, "rejects": rng.random() < 0.3}
