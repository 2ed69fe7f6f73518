# SPDX-License-Identifier: Apache-2.0
"""Names were looked up by libcurl and libpq. libcurl waits for its resolver's thread, libpq calls getaddrinfo: one name server
that was silent, and nobody on that worker was served for 5 to 23 s. A token that nobody had signed was enough."""
import threading
import time

import pytest

from authority import Issuer, Refused
from jwks_server import make_certificate, serve
from loop_turns import limit, longest_turn

LOOP_LIMIT_S = 0.05
TENANT_ISSUER = 1


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A server of key sets: its folder and port; its certificate is for localhost and *.keys.example."""
    folder = str(tmp_path_factory.mktemp("keys"))
    make_certificate(folder)
    return folder, int(serve(folder).rsplit(":", maxsplit=1)[1])


@pytest.fixture(scope="module")
def authority_options(dns, keys):
    return {"workers": 1, "config": {**dns.config,
                                     "identity": {"allow_loopback": True, "ca_file": f"{keys[0]}/ca.pem"}}}


@pytest.fixture
def issuer_at(world, keys):
    """Register an issuer whose keys lie at a host; they are on the server of this test, wherever the host leads."""
    def make(host):
        name = world.unique("idp")
        issuer = Issuer(f"https://{name}.contoso.com")
        with open(f"{keys[0]}/{name}.json", "w", encoding="ascii") as file:
            file.write(issuer.jwks())
        world.a.issuer(issuer, TENANT_ISSUER, tenant="contoso", jwks_json="", jwks_url=f"https://{host}:{keys[1]}/{name}.json")
        return issuer
    return make


def told(world, issuer):
    """What a call with a token of this issuer comes to, and how long that takes."""
    begun = time.monotonic()
    try:
        world.protect(token=issuer.token("alice@contoso.com"))
        return "OK", time.monotonic() - begun
    except Refused as refusal:
        return refusal.reason, time.monotonic() - begun


def test_a_silent_name_server_stops_nobody(world, dns, issuer_at):
    """The token is signed by nobody whom we know: the look-up comes before the signature."""
    assert world.made  # the world is there before anything is measured
    hosts = [f"silent{n}.keys.example" for n in range(3)]
    dns.mute |= set(hosts)
    issuers = [issuer_at(host) for host in hosts]
    results = []

    def action():
        threads = [threading.Thread(target=lambda one=one: results.append(told(world, one))) for one in issuers]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            begun = time.monotonic()
            assert world.a.page("/livez")[0] == 200
            assert time.monotonic() - begun < 1, "the worker stood still"
        for thread in threads:
            thread.join()

    assert longest_turn(world.a, action) <= max(LOOP_LIMIT_S, limit())
    assert [reason for reason, _ in results] == ["ISSUER_UNREACHABLE"] * 3
    assert all(seconds < 8 for _, seconds in results), results
    assert set(hosts) <= set(dns.asked), "the name servers of the configuration were not asked"


def test_keys_are_found_by_the_name_servers_of_the_configuration(world, dns, issuer_at):
    dns.hosts["idp.keys.example"] = ["127.0.0.1"]
    assert told(world, issuer_at("idp.keys.example"))[0] == "OK"
    assert told(world, issuer_at("IDP.keys.example."))[0] == "OK"  # however it is spelled
    assert told(world, issuer_at("localhost"))[0] == "OK"  # of /etc/hosts
    assert told(world, issuer_at("127.0.0.1"))[0] == "OK"
    assert "localhost" not in dns.asked


def test_every_address_of_a_host_is_tried(world, dns, issuer_at):
    dns.hosts["many.keys.example"] = ["127.0.0.81", "127.0.0.1", "::1"]
    assert told(world, issuer_at("many.keys.example"))[0] == "OK"


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["192.0.0.192"], ["169.254.169.254", "2002:7f00:1::1"], []])
def test_a_name_leads_nowhere_inside(world, dns, issuer_at, addresses):
    host = world.unique("inside") + ".keys.example"
    dns.hosts[host] = addresses
    reason, seconds = told(world, issuer_at(host))
    assert (reason, seconds < 2) == ("ISSUER_UNREACHABLE", True)


def test_a_certificate_for_another_name_does_not_count(world, dns, issuer_at):
    dns.hosts["elsewhere.example"] = ["127.0.0.1"]
    assert told(world, issuer_at("elsewhere.example"))[0] == "ISSUER_UNREACHABLE"
