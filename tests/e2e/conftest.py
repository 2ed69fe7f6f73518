# SPDX-License-Identifier: Apache-2.0
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from fixtures import authority, authority_options, dns, faults, world  # noqa: E402,F401  pylint: disable=C0413,W0611


def pytest_addoption(parser):
    parser.addoption("--pictures", metavar="FOLDER", help="where test_portal_browser.py keeps pictures of what it sees")
