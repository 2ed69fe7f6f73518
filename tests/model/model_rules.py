# SPDX-License-Identifier: Apache-2.0
"""Mail-flow rules: docs/policy.md §10. Written from that text, not from the C code."""
import itertools

SPOKEN = ("protection", "branding")  # of these the first word counts; portal and TLS add up


STRANGER = {"groups": [], "boundary": "external", "inside": False}


def named(text):
    """Address and domain of what stands in an envelope. Quotes and brackets mean nothing; a blank can't be named."""
    mailbox = text[1:-1] if text.startswith("<") else text
    local, at, domain = mailbox.rpartition("@")
    local = local.strip('"')
    return (local + at + domain if at and " " not in local else ""), (domain if at else "")


def fits_person(condition, person):
    address, domain = named(person["written"])
    known = person if address else STRANGER
    return (address in condition["addresses"] or domain in condition["domains"]
            or bool(set(known["groups"]) & set(condition["groups"])) or known["boundary"] in condition["boundaries"]
            or condition["side"] == ("inside" if known["inside"] else "outside"))


def has_phrase(text, phrase):
    words, wanted = text.split(), phrase.split()
    return any(words[at:at + len(wanted)] == wanted for at in range(len(words)))


def holds(condition, message):
    fact = condition["fact"]
    if fact == "sender":
        return fits_person(condition, message["sender"])
    if fact == "recipient":
        fitting = [fits_person(condition, person) for person in message["recipients"]]
        return bool(fitting) and all(fitting) if condition["every"] else any(fitting)
    if fact == "text":
        texts = {"subject": [message["subject"]], "body": [message["body"]],
                 "either": [message["subject"], message["body"]]}[condition["place"]]
        return any(has_phrase(text, phrase) for text in texts for phrase in condition["words"])
    if fact == "size":
        return message["size"] > condition["larger_than"]
    return bool(set(message["kinds"]) & set(condition["kinds"]))


def matches(rule, message):
    return (all(holds(condition, message) for condition in rule["conditions"])
            and not any(holds(exception, message) for exception in rule["exceptions"]))


def effects(rule, so_far):
    if rule["block"]:
        return ["block"]
    found = [what for what in SPOKEN if rule[what] and not so_far[what]]
    found += [what for what in ("portal", "tls") if rule[what] and not so_far[what]]
    return found + (["stop"] if rule["stop"] else [])


def decide_rules(case):
    done = {"protection": 0, "branding": "", "portal": False, "tls": False}
    decided, told = "-", []
    for number, rule in enumerate(case["rules"]):
        if rule["mode"] == "off" or not matches(rule, case["message"]):
            continue
        found = effects(rule, done)
        told.append(f"{number}:{'+'.join(found) or '-'}")
        if rule["mode"] == "test":
            continue
        if "block" in found:
            return f"blocked {number} {' '.join(told)}"
        decided = number if "protection" in found else decided
        done.update({what: rule[what] for what in found if what in done})
        if "stop" in found:
            break
    kind = "protected" if done["protection"] else "sent"
    flags = "".join(letter for letter, what in (("p", "portal"), ("t", "tls")) if done[what])
    return f"{kind} {done['protection']} {done['branding'] or '-'} {flags or '-'} {decided} {' '.join(told) or '-'}"


# --- while the authority is away: §10.7 ---

TEMPLATE, DO_NOT_FORWARD, ENCRYPT_ONLY, REMOVE = 1, 2, 3, 4


def end_of(rules):
    """What becomes of a message for which these rules hold; None: it is blocked."""
    done = {"protection": 0, "template": 0, "branding": "", "portal": False, "tls": False}
    for rule in rules:
        found = effects(rule, done)
        if "block" in found:
            return None
        if "protection" in found:
            done["template"] = rule["template"] if rule["protection"] == TEMPLATE else 0
        done.update({what: rule[what] for what in found if what in done})
        if rule["stop"]:
            break
    return done


def decide_away(case):
    """Any of the rules may hold for a message of which nothing is known, so all that may come of it is looked at."""
    acting = [rule for rule in case["rules"] if rule["mode"] == "enforce"]
    ends = [end_of(itertools.compress(acting, which)) for which in itertools.product((0, 1), repeat=len(acting))]
    if None in ends:
        return "nothing"
    ways = {(end["protection"], end["template"]) for end in ends if end["protection"] not in (0, REMOVE)}
    brandings = {end["branding"] for end in ends} - {""}
    if ways == {(DO_NOT_FORWARD, 0), (ENCRYPT_ONLY, 0)}:
        ways = {(DO_NOT_FORWARD, 0)}
    if len(ways) != 1 or len(brandings) > 1:
        return "nothing"
    (way, template), = ways
    if way == TEMPLATE and case["rejects"]:
        return "nothing"
    return f"protected {way} {template} {''.join(brandings) or '-'} {'t' if any(end['tls'] for end in ends) else '-'}"
