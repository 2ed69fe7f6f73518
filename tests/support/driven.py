# SPDX-License-Identifier: Apache-2.0
"""Debian's Chromium, driven by tests/e2e/js/driver.mjs: pages are opened, filled in, looked at and measured."""
import json
import os
import subprocess
import tempfile

from browser import CHROMIUM
from openid import JS

WHY_NOT = ("Chromium is not installed (Debian: chromium)" if CHROMIUM is None else "" if os.path.isdir(f"{JS}/node_modules/puppeteer-core")
           else "npm packages of tests/e2e/js are not installed")


class Driven:
    """act(do, …) is one of the driver's acts, and fails as it fails."""

    def __init__(self):
        self.home = tempfile.TemporaryDirectory(prefix="chancery-driven-")
        self.process = subprocess.Popen(["node", "driver.mjs", CHROMIUM], cwd=JS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "HOME": self.home.name})

    def act(self, do, **more):
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, f"{do} {more}: {answer['error']}"
        return answer["value"]

    def value(self, code):
        return self.act("value", code=code)

    @property
    def text(self):
        return self.value("document.body.innerText")

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.home.cleanup()
