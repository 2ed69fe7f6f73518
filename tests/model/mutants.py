#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the comparison of tests/model/model.py can fail: changes the model by one rule at a
time, and each time some case must show a difference to the C code.

usage: mutants.py DECIDE_CASES [CASES [SEED]]
CASES is the number for each decision: 30,000 by default, the same ones each time."""
import os
import random
import sys
import types

import cases
import model

FOLDER = os.path.dirname(os.path.abspath(__file__))
MODULES = ["model_policy", "model_access", "model_content", "model_protect", "model_retry", "model_authority",
           "model_registration", "model_widens"]
# The decision that must notice, the module, the text there, and the text that replaces it.
MUTANTS = [
    ("access", "model_policy", 'if "OWNER" in rights:', 'if "EXPORT" in rights:'),
    ("access", "model_policy", 'rights | {"VIEW"} if rights', "rights if rights"),
    ("access", "model_policy", '{"VIEW", "EDIT", "DOCEDIT",', '{"VIEW", "DOCEDIT",'),
    ("access", "model_policy", '{"EXPORT", "OWNER"}', '{"EXPORT", "OWNER", "PRINT"}'),
    ("access", "model_policy", "name in addresses,", "name == addresses[0],"),
    ("access", "model_policy", 'name in who["groups"]', 'name in who["groups"][:1]'),
    ("access", "model_policy", "name in map(domain_of, addresses)", "any(a.endswith(name) for a in addresses)"),
    ("access", "model_policy", '== name and not who["guest"]', "== name"),
    ("access", "model_policy", '"authenticated": lambda: True', '"authenticated": lambda: bool(who["tenant"])'),
    ("access", "model_policy", '"owner": lambda: is_owner(', '"owner": lambda: not is_owner('),
    ("access", "model_policy", 'owner in who["addresses"] and is_member(who, tenant)', 'owner in who["addresses"]'),
    ("access", "model_policy", "is not None and is_readable(template) and", "is not None and"),
    ("access", "model_policy", 'all(change["valid"] for change in case["changes"])',
     'all(change["valid"] for change in case["changes"][:1])'),
    ("access", "model_policy", 'reversed(case["changes"])', 'case["changes"]'),
    ("access", "model_policy", "rights |= set(STANDARD) | custom", "rights |= set(STANDARD)"),
    ("access", "model_policy", "custom_in(sealed_grants(case)) | custom_in", "custom_in"),
    ("access", "model_policy", "| custom_in(amended_grants(case))", ""),
    ("access", "model_policy", 'policy["grants"] if has_room(policy["grants"]) else []', 'policy["grants"]'),
    ("access", "model_policy", 'and has_room(template["grants"]) else', "else"),
    ("access", "model_policy", "or is_lost(case) or", "or"),
    ("access", "model_policy", "<= CUSTOM_RIGHTS_MAX", "< CUSTOM_RIGHTS_MAX"),
    ("access", "model_policy", '| recipients_of(case) & set(who["groups"])', ""),
    ("access", "model_policy", "recipients_of(case, mine) & set(mine)", "recipients_of(case) & set(mine)"),
    ("access", "model_policy", '.removeprefix("group:")', ""),
    ("access", "model_policy", 'in one(f"user:{address}"), f"group:{address}":', 'in (one(f"user:{address}"),):'),
    ("access", "model_policy", 'in one(f"user:{address}"), f"group:{address}":',
     'in (f"user:{address}", f"group:{address}"):'),
    ("access", "model_policy", 'return len(case["changes"]) or (', "return ("),
    ("access", "model_access", "set(STANDARD) | custom_rights(case)", "set(STANDARD) | rights"),
    ("access", "model_policy", "said.pop(principal, None)", "said.setdefault(principal, None)"),
    ("access", "model_policy", "joined -= set(mine) if", "_ = set(mine) if"),
    ("access", "model_policy", "set(mine) if mine and principal", "{mine[0]} if mine and principal"),
    ("access", "model_policy", "if one_name(mine)(p) not in taken]", "]"),
    ("access", "model_policy", "if one_name(mine)(p) not in taken]", "if p not in taken]"),
    ("access", "model_policy", "taken = said.keys() |", "taken = said.keys() or"),
    ("access", "model_policy", "if not any(form in said for", "if any(form in said for"),
    ("access", "model_policy", '(one_name(mine)(f"user:{a}"), f"group:{a}")', '(f"user:{a}", f"group:{a}")'),
    ("access", "model_policy", '(one_name(mine)(f"user:{a}"), f"group:{a}")', '(one_name(mine)(f"user:{a}"),)'),
    ("access", "model_policy", "del said[form]", "pass"),
    ("access", "model_policy", '[one(p) for p in change["removed"]]', 'change["removed"]'),
    ("access", "model_policy", '[(one(p), r) for p, r in change["grants"]]', 'change["grants"]'),
    ("access", "model_policy", "said.get(principal) or set()", "set()"),
    ("access", "model_policy", 'template["expires_after_days"] * DAY', "DAY"),
    ("access", "model_access", '== {"commercial", "gcc"}', '== {"commercial", "dod"}'),
    ("access", "model_access", "found == VIA_PORTAL and reader_tenant", "reader_tenant"),
    ("access", "model_access", '0 if who["guest"] else who["tenant"]', 'who["tenant"]'),
    ("access", "model_access", 'if case["now"] < end and', 'if case["now"] <= end and'),
    ("access", "model_access", "return max((end for", "return min((end for"),
    ("access", "model_access", "return is_member(who, tenant) and names", "return names"),
    ("access", "model_access", 'and not who["addresses"] and component["tenant"]', 'and component["tenant"]'),
    ("access", "model_access", 'and component["tenant"] == tenant["id"] and', "and"),
    ("access", "model_access", 'if is_member(who, tenant) and policy["issuer"] in who', 'if policy["issuer"] in who'),
    ("access", "model_access", '["issuer"] in who["addresses"]', '["issuer"] in who["addresses"][:1]'),
    ("access", "model_access", 'return "issuer"\n    return ""', 'return "issuer"\n    if who["component"] and '
     'policy["issuer"] == component_uuid(who["component"]["id"]):\n        return "issuer"\n    return ""'),
    ("access", "model_access", "if own_power(case) or not end:", 'if own_power(case) or not end and not (who["component"] '
     'and who["component"]["role"] == DECRYPTOR and who["component"]["tenant"] == case["tenant"]["id"]):'),
    ("access", "model_access", 'who["component"]["role"] == DECRYPTOR', 'who["component"]["role"] == PORTAL'),
    ("access", "model_access", "cached = is_offline and not might_end", "cached = is_offline"),
    ("access", "model_access", "    if might_end:", "    if might_end > now + DAY:"),
    ("access", "model_access", 'if tenant["state"] != 1', 'if tenant["state"] == 3'),
    ("access", "model_access", "if how == BLOCK:", "if how == BLOCK and not might:"),
    ("access", "model_access", 'component["boundary"] != tenant["boundary"] or', "False or"),
    ("access", "model_access", "name.strip()).casefold())", "name.strip()).lower())"),
    ("access", "model_access", "name.strip())", "name)"),
    ("access", "model_access", 'unicodedata.normalize("NFC", unicodedata.normalize("NFD", name.strip()).casefold())',
     "name.strip().casefold()"),
    ("access", "model_access", "if is_excluded(tenant, who):", "if is_excluded(tenant, who) and not might:"),
    ("access", "model_access", 'if not might and (case["revoked"] or', 'if (case["revoked"] or'),
    ("access", "model_access", 'or case["user_revoked"])', ")"),
    ("access", "model_access", 'case["now"] >= expiry(case)', 'case["now"] > expiry(case)'),
    ("access", "model_access", "    if not rights:\n", '    if not rights and not case["revoked"]:\n'),
    ("access", "model_access", "min(cap, offline) * DAY", "offline * DAY"),
    ("access", "model_access", "if end and not might:", "if end:"),
    ("access", "model_access", "offline != 0 and cap > 0", "offline != 0"),
    ("access", "model_access", 'channel == "native" and offline', "offline"),
    ("access", "model_access", "if own_power(case) or not end:", "if not end:"),
    ("act", "model_content", "if own_power(case):", "if own_power(case) and act != 'restore':"),
    ("act", "model_content", '"EXCLUDED" if is_excluded(tenant, who) else "OK owner"', '"OK owner"'),
    ("act", "model_content", 'elif component["tenant"] == tenant["id"]:', "else:"),
    ("act", "model_content", 'and act in ("track", "revoke")', 'and act in ("track", "revoke", "restore")'),
    ("act", "model_content", 'refusal(case, rights, "")', 'refusal(case, rights, own_power(case) or "x")'),
    ("act", "model_content", 'in rights and act == "amend"', "in rights"),
    ("act", "model_content", 'if "OWNER" in rights:', 'if "EXPORT" in rights:'),
    ("amend", "model_content", 'case["people"].get(name, [name])', "[name]"),
    ("amend", "model_content", "given <= own and", "taken <= own and"),
    ("amend", "model_content", "(not taken or before <= own)", "(not taken or taken <= own)"),
    ("amend", "model_content", "(not taken or before <= own)", "before <= own"),
    ("amend", "model_content", "if p in principals and p not in said]", "if p in principals]"),
    ("amend", "model_content", "name in recipients_of(case)", "False"),
    ("amend", "model_content", "granted_to(then, group) - granted_to(case, group) <= own", "True"),
    ("amend", "model_content", "said.get(principal) or []", "[]"),
    ("amend", "model_content", "not was or bool(ends) and ends <= was", "not was or ends <= was"),
    ("amend", "model_content", "not was or bool(ends) and ends <= was", "bool(ends) and ends <= was"),
    ("protect", "model_protect", 'not in (0, tenant["id"])', 'not in (tenant["id"],)'),
    ("protect", "model_protect", ' or component["boundary"] not in ("", tenant["boundary"])', ""),
    ("protect", "model_protect", 'not in ("", tenant["boundary"])', '!= tenant["boundary"]'),
    ("protect", "model_protect", 'or domain not in tenant["domains"]', ""),
    ("protect", "model_protect", 'or owner not in who["addresses"]', ""),
    ("protect", "model_protect", 'if who["addresses"] and onboarding', 'if not who["component"] and onboarding'),
    ("available", "model_protect", 'if who["addresses"] and onboarding', 'if not who["component"] and onboarding'),
    ("available", "model_protect", 'if not owner:\n        return ""', 'if not owner:\n        return "COMPONENT_DOMAIN"'),
    ("available", "model_protect", "if not template_refusal(case, t)]", 'if not t["archived"]]'),
    ("protect", "model_protect", 'not tenant["onboarding"] or', ""),
    ("protect", "model_protect", 'return "ONBOARDING_INVALID"', 'return ""'),
    ("protect", "model_protect", 'and who["addresses"] and not any', "and not any"),
    ("protect", "model_protect", '    if template["archived"]:', '    if template["version"] == 0:'),
    ("protect", "model_protect", 'return "" if is_readable(template) else', 'return "" if template else'),
    ("protect", "model_protect", "if is_excluded(tenant, who):", 'if is_excluded(tenant, who) and who["component"]:'),
    ("protect", "model_protect", "in (DNF, ENCRYPT) or", "in (DNF,) or"),
    ("retry", "model_retry", 'not case["same"] or', ""),
    ("retry", "model_retry", '>= case["made_at"] + DAY', '> case["made_at"] + DAY'),
    ("retry", "model_retry", ' or case["now"] >= case["made_at"] + DAY', ""),
    ("retry", "model_retry", 'if case["revoked"]:', 'if case["revoked"] and not case["expires_at"]:'),
    ("retry", "model_retry", 'case["expires_at"] and case["now"]', 'case["now"]'),
    ("retry", "model_retry", '>= case["expires_at"]:', '> case["expires_at"]:'),
    ("authority", "model_authority", '== issuer["boundary"] else None', '!= "dod" else None'),
    ("authority", "model_authority", 'if claims["guest"] else', 'if not proven else'),
    ("authority", "model_authority", "if domain_of(a) in home", "if a or home"),
    ("authority", "model_authority", 'in home["domains"] and word != "denied"]', 'in home["domains"]]'),
    ("authority", "model_authority", 'if home["state"] != 1:', "if False:"),
    ("authority", "model_authority", "if domain_of(alias) in home", "if alias or home"),
    ("authority", "model_authority", "if domain_of(g) in home", "if g or home"),
    ("authority", "model_authority", '(address) in t["domains"] for t', '(address) in t["domains"][1:] for t'),
    ("authority", "model_authority", 'if not is_primary or word', "if word"),
    ("authority", "model_authority", 'is_primary or word == "denied"', "is_primary"),
    ("authority", "model_authority", 'if word == "verified" or domain_of', "if domain_of"),
    ("authority", "model_authority", ' or domain_of(address) in case["issuer"]', ' and domain_of(address) in case["issuer"]'),
    ("authority", "model_authority", "if kind == CONSUMER else", "if kind in (CONSUMER, PASSCODE) else"),
    ("vouching", "model_authority", 'component["tenant"] and component["tenant"] ==', 'component["tenant"] =='),
    ("vouching", "model_authority", 'component["tenant"] == who["tenant"] and', ""),
    ("vouching", "model_authority", ' and component["boundary"] == who["boundary"]', ""),
    ("vouching", "model_authority", 'if not component["tenant"] and', "if"),
    ("vouching", "model_authority", ' and component["role"] == PORTAL else', " else"),
    ("delivery", "model_access", "NATIVE\n    return VIA_PORTAL", "NATIVE\n    return BLOCK"),
    ("delivery", "model_access", 'reader_tenant in tenant["partners"]', 'tenant["id"] in tenant["partners"]'),
    ("registration", "model_registration", 'rf"https://', 'rf"https?://'),
    ("registration", "model_registration", 'https://(', 'https://(?:[a-z:]*@)?('),
    ("registration", "model_registration", r"(?:\.{LABEL})+", r"(?:\.{LABEL})*"),
    ("registration", "model_registration", "{LABEL})+)(", "{LABEL})+)\\.?("),
    ("registration", "model_registration", "([1-9][0-9]*)", "([0-9]+)"),
    ("registration", "model_registration", "> 65535", "> 65536"),
    ("registration", "model_registration", "> 65535", "> 65534"),
    ("registration", "model_registration", "|%[0-9A-Fa-f]{2})*", "|%)*"),
    ("registration", "model_registration", ":@/-]", ":@/?-]"),
    ("registration", "model_registration", "[0-9]+|0x", "[0-9]+|0y"),
    ("registration", "model_registration", '"[0-9]+|', '"'),
    ("registration", "model_registration", "if found[2] and", "if False and"),
    ("registration", "model_registration", 'label not in A_LABELS', "False"),
    ("template", "model_widens", '{principal, "authenticated"}', "{principal}"),
    ("template", "model_widens", '{principal, "authenticated"}', '{principal, "authenticated", "tenant:contoso"}'),
    ("template", "model_widens", 'if principal.startswith("user:"):', "if False:"),
    ("template", "model_widens", "rights | customs(grants) if", "rights if"),
    ("template", "model_widens", "    if before == (0, 0):", "    if before == (0, 1):"),
    ("template", "model_widens", "return other > one", "return other >= one"),
    ("template", "model_widens", "            return other > one\n    return True", "            return other > one\n    return False"),
    ("template", "model_widens", "(after == -1 and before != -1) or", ""),
    ("template", "model_widens", "or (before != -1 and after", "or (after"),
    ("template", "model_widens", '(after and (lasts or longer))', "(lasts or longer)"),
    ("template", "model_widens", "(lasts or longer)", "lasts"),
    ("template", "model_widens", 'if is_readable(old) else []', "if old else []"),
    ("template", "model_widens", 'if is_readable(new) else []', "if new else []"),
    ("amendment", "model_widens", "or joins - joined or", "or"),
    ("amendment", "model_widens", "or set(said) - set(says) or", "or"),
    ("amendment", "model_widens", "has_more(before, after) or joins", "joins"),
    ("amendment", "model_widens", "or ends_later(case)", ""),
    ("amendment", "model_widens", "or is_said_again(case)", ""),
    ("amendment", "model_widens", "return has_more(held, again) or any(", "return any("),
    ("amendment", "model_widens", 'not p.startswith("user:") or latest', "latest"),
    ("amendment", "model_widens", 'a in change["recipients"]) < last for', 'a in change["recipients"]) <= last for'),
    ("amendment", "model_widens", "sealed is None or is_later", "sealed is not None and is_later"),
    ("amendment", "model_widens", "(now is None or is_later((was", "(is_later((was"),
    ("amendment", "model_widens", 'case["after"]):\n        return "nobody"', 'case["after"][:1]):\n        return "nobody"'),
    ("amendment", "model_widens", 'case["before"]):\n        return "lets_in"', 'case["before"]):\n        return "nobody"'),
]


def load(module="", old="", new=""):
    """Load the model's modules anew, with one text of one of them replaced; {decision:
    function}."""
    for name in MODULES:
        with open(f"{FOLDER}/{name}.py", encoding="utf-8") as file:
            source = file.read()
        if name == module:
            assert source.count(old) == 1, f"{name}: {source.count(old)} times: {old}"
            source = source.replace(old, new)
        sys.modules[name] = types.ModuleType(name)
        exec(compile(source, name, "exec"), sys.modules[name].__dict__)  # pylint: disable=exec-used
    return {"access": sys.modules["model_access"].decide_access,
            "act": sys.modules["model_content"].decide_act,
            "amend": sys.modules["model_content"].decide_amend,
            "protect": sys.modules["model_protect"].decide_protect,
            "available": sys.modules["model_protect"].decide_available,
            "retry": sys.modules["model_retry"].decide_retry,
            "authority": sys.modules["model_authority"].decide_authority,
            "vouching": sys.modules["model_authority"].decide_vouching,
            "delivery": sys.modules["model_access"].decide_delivery,
            "registration": sys.modules["model_registration"].host_of,
            "template": sys.modules["model_widens"].decide_template,
            "amendment": sys.modules["model_widens"].decide_amendment}


def first_difference(decide, batch, answers):
    """The number of the first case on which a model and the C code differ; None if they agree on
    all."""
    for number, (case, answer) in enumerate(zip(batch, answers, strict=True), 1):
        if decide(case) != answer:
            return number
    return None


def main():
    program, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 30_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng, true, asked = random.Random(seed), load(), {}
    for decision, (make, _, _) in model.DECISIONS.items():
        batch = cases.some(make, rng, count)
        asked[decision] = batch, model.ask(program, batch)
        if first_difference(true[decision], *asked[decision]) is not None:
            sys.exit(f"{decision}: the unchanged model differs already; run model.py")
    latest, missed = 0, 0
    for decision, module, old, new in MUTANTS:
        number = first_difference(load(module, old, new)[decision], *asked[decision])
        latest = max(latest, number or 0)
        if number is None:
            missed += 1
            print(f"{decision}: no case noticed {new!r} in place of {old!r}")
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} changed models were caught, "
          f"the last one by case {latest}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
