# SPDX-License-Identifier: Apache-2.0
"""Documents may spell addresses, domains and principals in any way that the authority takes (docs/declared.md §1)."""
import json

import pytest

from test_declared import FAILED, _own, authority_options, document, rule, template, world  # noqa: F401  pylint: disable=unused-import


def rows(own):
    return own.run("audit query", "--limit", "1000", "-o", "json").stdout.count('"eventId"')


def spelled(own):
    domain = own.domain.upper()
    grants = [{"principals": [f"user:Alice@{domain}", "domain:FOO.Example", "domain:FOO.Example", "user:eve@bücher.example"],
               "rights": ["PRINT", "VIEW", "VIEW"], "custom_rights": ["SIGN", "ARCHIVE", "SIGN"]}]
    person = {"addresses": ["Bob@Bücher.Example"], "domains": ["Rival.Example"], "groups": [f"Legal@{domain}"]}
    conditions = [{"sender": person}, {"text": {"place": "HEADER", "header": "X-Label", "words": ["Secret"]}},
                  {"attachment": {"extensions": [".EXE"], "types": ["Application/PDF"]}},
                  {"kind": {"kinds": ["VOICEMAIL", "CALENDAR", "VOICEMAIL"]}}]
    return {
        "Template": template(grants=grants, scope=[f"domain:{domain}", f"user:Bob@{domain}"]),
        "Rule": rule("R", conditions=conditions),
        "Denial": document("Denial", {"side": "READERS", "domain": "bücher.example"})
        + document("Denial", {"side": "CONTENT", "domain": "Dot.Example."}),
        "Exclusion": document("Exclusion", {"user": "Eve@bücher.example"}) + document("Exclusion", {"application": " ÖFFNER "})
        + document("Exclusion", {"platform": "Android"}),
        "Domain": document("Domain", {"name": f"grün-{own.name}.example"}) + document("Domain", {"name": f"DOT-{domain}."}),
        "Tenant": document("Tenant", {"onboarding": [f"domain:{domain}"], "do_not_track": [f"group:Board@{domain}"],
                                      "two_person": ["EXPORT_KEYS", "EXPORT_KEYS"]}, tenant=own.name),
        "Component": document("Component", {"name": own.tenant.gateway.name, "sender_domains": [f"Other.{domain}"]}),
    }


KINDS = ("Template", "Rule", "Denial", "Exclusion", "Domain", "Tenant", "Component")


@pytest.mark.parametrize("kind", KINDS)
def test_another_spelling_is_no_change(own, kind):
    """Neither applying again, in whatever spelling, nor pruning does anything."""
    text = spelled(own)[kind]
    own.apply(text)
    told, before = own.export(kind), rows(own)
    assert before > 0
    assert own.apply(text).stdout.startswith("0 changes; ")
    assert own.export(kind) == told and rows(own) == before
    assert own.apply(told).stdout.startswith("0 changes; ")
    plan = json.loads(own.diff(text, "--prune", "-o", "json").stdout)
    declared = [change for change in plan.get("changes", []) if kind not in ("Domain", "Component")]
    assert not declared and "PLAN_ACTION_MAKE" not in str(plan) and "PLAN_ACTION_CHANGE" not in str(plan)


def test_a_name_of_an_application_is_folded(own):
    own.apply(document("Exclusion", {"application": "Öffner"}))
    assert "1 as declared" in own.diff(document("Exclusion", {"application": "ÖFFNER"}), "--prune", "--exit-code").stdout


def test_two_spellings_of_one_resource_are_two_documents_of_it(own):
    text = document("Denial", {"side": "READERS", "domain": "bücher.example"}) + document(
        "Denial", {"side": "READERS", "domain": "xn--bcher-kva.example"})
    assert "line 4: Denial is described in standard input, line 2, already" in own.apply(text, expect=FAILED).stderr


def test_a_change_is_shown_in_the_form_that_is_kept(own):
    own.apply(template())
    shown = own.diff(template(grants=[{"principals": ["user:Bob@Bücher.Example"], "rights": ["VIEW"]}])).stdout
    assert '+         - "user:bob@xn--bcher-kva.example"' in shown


def test_a_refusal_names_the_line_that_was_written(own):
    """Grants are split for comparing only."""
    head, spec = template().split('"spec": ')
    text = head + '"spec": {"names": [{"language": "en", "text": "T"}], "grants": [\n{"principals": ["user:a@b.example", "user:c@d.example"]' \
        ', "rights": ["VIEW"]},\n{"principals": ["nonsense"], "rights": ["VIEW"]}]}}\n'
    assert spec and "It is in standard input, line 4." in own.apply(text, expect=FAILED).stderr
