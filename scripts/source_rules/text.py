# SPDX-License-Identifier: Apache-2.0
"""Banned calls and marks, and the sizes of files and functions."""
import re

from source_rules.tree import CODE

BANNED = {
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat)\s*\(": "unbounded or misleading copying",
    r"\b(system|popen)\s*\(": "a shell",
    r"\b(alloca)\s*\(": "the stack has no budget",
    r"\b(rand|random|srand)\s*\(": "not random: RAND_bytes or secret_random",
    r"\bstrtok\s*\(": "hidden state: strtok_r",
    r"\b(localtime|gmtime|ctime|asctime)\s*\(": "hidden state",
    r"\b(EVP_(get_digestbyname|get_cipherbyname|MD_fetch|CIPHER_fetch))\s*\(": "fetch only in crypto/algs.c",
    r"\bTODO\b(?!\(#\d+\))": "a TODO names its issue: TODO(#7)",
    r"//(?!.*\")": "comments are /* */",
}
BANNED_OK = {("lib/crypto/algs.c", "EVP_")}
FILE_MAX, TEST_FILE_MAX, FUNCTION_MAX, NESTING_MAX = 400, 600, 60, 3


def check_banned(tree):
    for path in tree.sources(*CODE):
        for number, line in enumerate(tree.code(path).splitlines(), 1):
            for pattern, why in BANNED.items():
                match = re.search(pattern, line)
                if match and not any(path == ok and match.group(0).startswith(word) for ok, word in BANNED_OK):
                    tree.report(path, number, f"{match.group(0).strip()}: {why}")
    for path in tree.sources("server"):
        text = tree.code(path)
        if path != "server/daemon/main.c" and re.search(r"\b(printf|fprintf|puts)\s*\(", text):
            tree.report(path, 0, "the server speaks by its log only")
    for path in tree.sources("lib", "client"):
        for number, line in enumerate(tree.code(path).splitlines(), 1):
            if path != "lib/base/err.c" and re.search(r"\berr->", line):
                tree.report(path, number, "err->: a caller may have lent no error; ask err_is")


def check_size(tree):
    for path in tree.sources(*CODE, "tests"):
        lines = tree.read(path).count("\n")
        limit = TEST_FILE_MAX if path.startswith("tests/") else FILE_MAX
        if lines > limit:
            tree.report(path, lines, f"{lines} lines; at most {limit}")
        start, deepest = None, 0
        for number, line in enumerate(tree.code(path).splitlines(), 1):
            if line.startswith("{"):
                start, deepest = number, 0
            indent = (len(line) - len(line.lstrip(" "))) // 4
            if start and re.match(r"\s+(if|for|while|switch|do|LIST_EACH\w*)\b.*\{$", line):
                deepest = max(deepest, indent)
            if line.startswith("}") and start:
                if number - start > FUNCTION_MAX and not path.startswith("tests/"):
                    tree.report(path, start, f"a function of {number - start} lines; at most {FUNCTION_MAX}")
                if deepest > NESTING_MAX:
                    tree.report(path, start, f"nested {deepest} deep; at most {NESTING_MAX}")
                start = None
