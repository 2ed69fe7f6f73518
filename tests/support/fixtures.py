# SPDX-License-Identifier: Apache-2.0
"""What end-to-end and regression tests share: one authority and one world for each file.

A file that needs another authority defines `authority_options` (arguments of Authority, and `config` to lay over its
configuration); a file that needs more people extends the fixture `world`."""
import tempfile

import pytest

from authority import Authority
from dns_server import DnsServer
from faults import Faults
from world import World


@pytest.fixture(scope="module")
def authority_options():
    return {}


@pytest.fixture(scope="module")
def authority(authority_options):  # pylint: disable=redefined-outer-name
    options = dict(authority_options)
    config = options.pop("config", {})
    made = Authority(**options)
    try:
        for name, value in config.items():
            made.config[name] = {**made.config.get(name, {}), **value} if isinstance(value, dict) else value
        made.config = {name: value for name, value in made.config.items() if value is not None}
        made.migrate()
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def world(authority):  # pylint: disable=redefined-outer-name
    return World(authority)


@pytest.fixture(scope="module")
def faults():
    """Delays and deaths before steps of the server; its `env` goes into authority_options."""
    with tempfile.TemporaryDirectory(prefix="chancery-faults-") as folder:
        yield Faults(f"{folder}/fault")


@pytest.fixture(scope="module")
def dns():
    """The DNS that the authority asks; its `config` goes into authority_options."""
    server = DnsServer()
    yield server
    server.close()
