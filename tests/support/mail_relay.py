# SPDX-License-Identifier: Apache-2.0
"""Fixtures to import: a real SMTP server, and an authority that mails passcodes through it."""
import pytest

from smtp_server import SmtpServer


@pytest.fixture(scope="module")
def relay():
    server = SmtpServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def authority_options(relay):  # pylint: disable=redefined-outer-name
    return {"config": {"mail_relay": relay.config()}}
