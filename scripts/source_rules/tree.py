# SPDX-License-Identifier: Apache-2.0
"""The source tree as the rules see it: its files, and the violations found in them."""
import glob
import os
import re

CODE = ("lib", "server", "client", "library", "cli")


def without_comments(text):
    """The same lines, with blanks in place of comments and with empty strings. What begins first wins: a string may
    hold the signs of a comment, and a character a quote."""
    def emptied(match):
        found = match.group(0)
        if found.startswith("/*"):
            return re.sub(r"[^\n]", " ", found)
        return '""' if found.startswith('"') else found
    return re.sub(r"""/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", emptied, text, flags=re.S)


class Tree:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.violations = []  # these fail the check
        self.notes = []       # violations of rules that a folder doesn't have to keep yet
        self.texts, self.codes = {}, {}

    def report(self, path, line, text):
        self.violations.append(f"{path}:{line}: {text}")

    def note(self, path, line, text):
        self.notes.append(f"{path}:{line}: {text}")

    def glob(self, pattern):
        """Paths relative to the root, sorted."""
        found = glob.glob(os.path.join(self.root, pattern), recursive=True)
        return sorted(os.path.relpath(path, self.root) for path in found if "node_modules" not in path)

    def sources(self, *folders, kinds=("c", "h")):
        for folder in folders:
            for kind in kinds:
                yield from self.glob(f"{folder}/**/*.{kind}")

    def is_file(self, path):
        return os.path.isfile(os.path.join(self.root, path))

    def read(self, path):
        if path not in self.texts:
            with open(os.path.join(self.root, path), encoding="utf-8") as file:
                self.texts[path] = file.read()
        return self.texts[path]

    def code(self, path):
        if path not in self.codes:
            self.codes[path] = without_comments(self.read(path))
        return self.codes[path]
