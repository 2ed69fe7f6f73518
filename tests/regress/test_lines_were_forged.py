# SPDX-License-Identifier: Apache-2.0
"""A display name or a reason could have line ends, C1 controls and characters that turn the direction of text: whoever
listed contents or inspected a mail read lines that the authority had never written."""
import json

import pytest

from calls import refused
from methods import SINGLE, caller_of
from stock import Stock

FORGED = ["a\nb", "a\rb", "a\tb", "a\x7fb", "a\x85b", "a\x9bb", "a\u2028b", "a\u2029b", "a\u202ab", "a\u202eb", "a\u2066b",
          "a\u2069b"]
SEVERAL_LINES = {"issuer.jwks_json", "transmitter.jwks_json", "client_public_jwk", "publisher_public_jwk", "recipient_public_jwk"}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 3, dns)


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


def texts_of(descriptor):
    """For each string field, at whatever depth: its path as refusals name it, and what makes a request of its value."""
    for field in descriptor.fields:
        is_list = field.label == field.LABEL_REPEATED
        path = f"{field.name}[0]" if is_list else field.name

        def wrap(value, name=field.name, is_list=is_list):
            return {name: [value] if is_list else value}

        if field.type == field.TYPE_STRING:
            yield path, wrap
        elif field.type == field.TYPE_MESSAGE and field.message_type.full_name.startswith("chancery."):
            for inner, fill in texts_of(field.message_type):
                yield f"{path}.{inner}", lambda value, wrap=wrap, fill=fill: wrap(fill(value))


@pytest.mark.parametrize("method", SINGLE, ids=lambda method: method.path)
def test_a_text_had_several_lines(world, stock, method):
    caller = caller_of(stock, method)
    for path, fill in texts_of(method.request_type().DESCRIPTOR):
        if path in SEVERAL_LINES:
            continue
        for text in FORGED:
            refusal = refused(world.call, method.path, fill(text), **caller)
            assert (refusal.reason, refusal.fields) == ("FIELD_INVALID", [path]), text


def test_text_of_all_scripts_is_taken(world):
    """Marks of direction and joiners belong to names; what turns the text around them does not."""
    for name in ("Grüße aus Köln", "عَرَبِيّ\u200f", "می\u200cخواهم", "👩\u200d⚕️", "a\u00a0b", "中文"):
        assert world.protect(display_name=name).content_id


def test_key_set_has_several_lines(world):
    keys = json.dumps(json.loads(world.contoso.issuer.jwks()), indent=2)
    issuer = {"kind": 1, "tenant": "contoso", "issuer": "https://lines.example", "audiences": ["x"],
              "algorithms": ["ES256"], "jwks_json": keys}
    assert world.call("IssuerService/CreateIssuer", {"issuer": issuer}, world.platform_admin).issuer.jwks_json == keys
    issuer["jwks_json"] += "\x85"
    assert refused(world.call, "IssuerService/CreateIssuer", {"issuer": issuer}, world.platform_admin).reason != ""
