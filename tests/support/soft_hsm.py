# SPDX-License-Identifier: Apache-2.0
"""Tokens of SoftHSM2, and what goes wrong with tokens."""
import glob
import os
import re
import subprocess

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "482913"


class SoftHsm:
    """Tokens in a folder of their own, each with EC keys that never leave it. `env` lets a program find them."""

    def __init__(self, folder):
        self.folder, self.tokens = folder, f"{folder}/tokens"
        os.makedirs(self.tokens)
        self.write("softhsm2.conf", f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.pin_file = self.write("pin", f"{PIN}\n")
        self.wrong_pin_file = self.write("wrong.pin", "000000\n")
        self.calls_file = f"{folder}/calls.txt"
        spy = glob.glob("/usr/lib/*/pkcs11-spy.so")
        self.spy = spy[0]
        self.env = {"SOFTHSM2_CONF": f"{folder}/softhsm2.conf", "PKCS11SPY": MODULE, "PKCS11SPY_OUTPUT": self.calls_file}

    def write(self, name, text):
        path = f"{self.folder}/{name}"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(text)
        return path

    def run(self, *args):
        subprocess.run(args, env={**os.environ, **self.env}, check=True, capture_output=True)

    def token(self, label, *keys, curve="prime256v1"):
        """A token with these keys."""
        self.run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "87654321")
        for number, key in enumerate(keys):
            self.run("pkcs11-tool", "--module", MODULE, "--token-label", label, "--login", "--pin", PIN, "--keypairgen", "--key-type",
                     f"EC:{curve}", "--label", key, "--id", f"{number + 1:02x}", "--usage-derive")

    def opener(self, token, key, module=MODULE, **more):
        """As root_key.openers has it."""
        return {"pkcs11": {"module": module, "uri": f"pkcs11:token={token};object={key}", "pin_file": self.pin_file, **more}}

    def options(self, token, key, module=MODULE, pin_file=None):
        """As chancery root-key has it."""
        return ("--module", module, "--uri", f"pkcs11:token={token};object={key}", "--pin-file", pin_file or self.pin_file)

    def calls(self, name):
        """How often a function of PKCS#11 was called through the spy."""
        if not os.path.exists(self.calls_file):
            return 0
        with open(self.calls_file, encoding="utf-8", errors="replace") as file:
            return len(re.findall(rf"^\d+: {name}$", file.read(), re.M))
