# SPDX-License-Identifier: Apache-2.0
"""No public function is there for nobody."""
import collections
import re

from source_rules.names import public_functions
from source_rules.tree import CODE

USERS = (*CODE, "include", "examples", "tests")


def check_unused(tree):
    """A function that a header declares is used: its name stands somewhere besides declaration and
    definition, in the product, an example, or a test."""
    words = collections.Counter()
    for path in tree.sources(*USERS, kinds=("c", "h", "cc", "def")):
        words.update(re.findall(r"\w+", tree.code(path)))
    for path in tree.sources(*CODE, kinds=("h",)):
        for name, line in public_functions(tree.code(path)):
            if words[name] <= 2:
                tree.report(path, line, f"nobody uses {name}: take it out")
