# SPDX-License-Identifier: Apache-2.0
"""The house rules on small trees: one that keeps them all, and for each rule one that breaks it."""
import os
import subprocess
import sys

import pytest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
sys.path.insert(0, SCRIPTS)
sys.dont_write_bytecode = True

from source_rules import circles, graph, initializers, modules, names, python_tests, reasons, text, unused  # noqa: E402
from source_rules.tree import Tree  # noqa: E402

GOOD = {
    "lib/base/CMakeLists.txt": "chancery_module(base SOURCES err.c LIBS PkgConfig::OPENSSL)",
    "lib/base/err.h": "#pragma once\n",
    "lib/base/reasons.def":
        'REASON(NOT_FOUND, NOT_FOUND, NOT_FOUND, NO_AUDIT,\n       "It is not "\n       "there.",\n       "Look again.")\n',
    "lib/domain/CMakeLists.txt": "chancery_module(domain\n    SOURCES values/names.c\n    DEPS base\n    LIBS Unistring)",
    "lib/domain/values/names.h": '#pragma once\n#include "base/err.h"\nbool names_are_sound(void);\n',
    "lib/domain/values/names.c": '#include "domain/values/names.h"\n#include <unistr.h>\n',
    "lib/domain/decide/decide_access.h": '#pragma once\n#include "domain/values/names.h"\n',
    "proto/CMakeLists.txt": "add_library(chancery_proto STATIC ${PROTO_C})",
    "proto/chancery/v1/audit.proto": "",
    "server/net/CMakeLists.txt": "chancery_module(net SOURCES net.c DEPS base)",
    "server/net/net.h": "#pragma once\nint net_open(int port);\n",
    "server/net/http2/CMakeLists.txt": "chancery_module(net_http2 SOURCES frames.c DEPS net) # nested",
    "server/net/http2/frames.h": "#pragma once\nint frame_read(int a);\nint http2_start(int a);\n",
    "server/net/http2/frames.c": '#include "net/net.h"\n#include <nghttp2/nghttp2.h>\n',
    "server/service/common/CMakeLists.txt": "chancery_module(service_common SOURCES reply.c DEPS domain proto)",
    "server/service/common/reply.h": '#pragma once\n#include "chancery/v1/audit.pb-c.h"\nint reply_send(void);\n',
    "server/service/tracking/CMakeLists.txt":
        "chancery_module(service_tracking SOURCES content.c DEPS service_common domain)",
    "server/service/tracking/content.c": '#include "service/common/reply.h"\n#include "domain/values/names.h"\n',
    "server/service/audit/CMakeLists.txt": "chancery_module(service_audit SOURCES query.c DEPS service_common)",
    "server/service/audit/query.h": "#pragma once\n",
    "server/daemon/CMakeLists.txt":
        "add_executable(chanceryd main.c)\ntarget_link_libraries(chanceryd PRIVATE chancery_service_tracking)",
    "server/daemon/main.c": '#include "service/common/reply.h"\n#include "daemon/version.h"\n'
                            "static int f(void)\n{\n    return R_NOT_FOUND;\n}\n",
    "server/daemon/version.h.in": "",
    "tests/unit/test_all.c": "int main(void)\n{\n    f(names_are_sound, net_open, frame_read, http2_start, reply_send);\n"
                             "    f('\"', net_open, frame_read, http2_start, reply_send, names_are_sound, '\"');\n}\n",
    "tests/test_a.py": "NOT_FOUND",
    "tests/support/calls.py": "def reason(f):\n    return f()\n",
    "tests/e2e/test_b.py": "@pytest.mark.skipif(True, reason='x')\ndef test_b(world):\n    pytest.skip('because')\n",
}


def make(folder, **changed):
    for path, content in {**GOOD, **{path.replace("|", "/"): content for path, content in changed.items()}}.items():
        os.makedirs(os.path.dirname(folder / path), exist_ok=True)
        (folder / path).write_text(content)
    return Tree(folder)


def found(check, folder, **changed):
    tree = make(folder, **changed)
    check(tree)
    return tree.violations + tree.notes


ALL = [modules.check_includes, modules.check_dependencies, circles.check_circles, names.check_basenames,
       names.check_prefixes, initializers.check_initializers, text.check_banned, text.check_size,
       reasons.check_reasons, python_tests.check_python_tests, unused.check_unused]


@pytest.mark.parametrize("check", ALL)
def test_a_good_tree_passes(check, tmp_path):
    assert found(check, tmp_path) == []


BROKEN = [
    (modules.check_includes, "lib/domain/values/names.c", '#include "net/net.h"', "domain does not declare net in DEPS"),
    (modules.check_includes, "server/net/net.c", '#include "chancery/v1/audit.pb-c.h"', "net does not declare proto"),
    (modules.check_includes, "server/net/net.c", "#include <nghttp2/nghttp2.h>\n#include <yaml.h>", "may not include yaml.h"),
    (modules.check_includes, "server/net/net.c", '#include "net/nothing.h"', "no file is called net/nothing.h"),
    (modules.check_includes, "server/net/net.c", '#include "service/common/reply.h"', "net does not declare service_common"),
    (modules.check_includes, "server/service/tracking/content.c", '#include "base/err.h"',
     "service_tracking does not declare base in DEPS"),  # what DEPS stand on must be named too
    (modules.check_includes, "server/daemon/main.c", '#include "net/net.h"', "daemon does not declare net in DEPS"),
    (modules.check_includes, "cli/main.c", "", "belongs to no module"),
    (modules.check_includes, "lib/wire/CMakeLists.txt", "chancery_module(net SOURCES a.c)", "two modules net"),
    (modules.check_includes, "lib/base/CMakeLists.txt", "chancery_module(base)\nchancery_module(more)", "two modules in one"),
    (modules.check_dependencies, "lib/base/CMakeLists.txt", "chancery_module(base DEPS domain)", "DEPS form a circle: base, domain"),
    (modules.check_dependencies, "lib/base/CMakeLists.txt", "chancery_module(base DEPS away)", "depends on away, which is not there"),
    (modules.check_dependencies, "server/service/audit/CMakeLists.txt",
     "chancery_module(service_audit DEPS service_tracking)", "services see service_common only"),
    (circles.check_circles, "lib/domain/values/names.h", '#include "domain/decide/decide_access.h"',
     "a circle of folders: lib/domain/values includes lib/domain/decide"),
    (circles.check_circles, "lib/base/err.h", '#include "base/buf.h"', "a circle of headers: lib/base/err.h includes lib/base/buf.h"),
    (names.check_basenames, "server/service/tracking/net.c", "", "server/net/net.h:0: the same name as"),
    (names.check_prefixes, "server/service/audit/query.h", "struct reply *\nreply_more(int a,\n  int b);\n",
     "query.h:2: reply_more has neither the name of its header nor one of its module: see server/service/common/reply.h"),
    (names.check_prefixes, "lib/base/hash.h", "int frame_hash(int a);\n", "hash.h:1: frame_hash has neither"),
    (initializers.check_initializers, "lib/base/err.c", "struct s {\n    int a, b, c;\n};\nstruct s s = {1, 2, 3};\n",
     "err.c:4: s has 3 members: initialize it by designators"),
    (text.check_banned, "lib/base/err.c", "int f(char *s)\n{\n    strcpy(s, s);\n}\n", "err.c:3: strcpy(: unbounded"),
    (text.check_banned, "lib/base/err.c", "/* TODO */ int a; /* x */ int TODO;", "TODO"),
    (text.check_banned, "lib/base/hash.c", "int f(struct err *err)\n{\n    return err->reason;\n}\n", "hash.c:3: err->: a caller may"),
    (text.check_size, "lib/base/err.c", "\n" * 401, "401 lines; at most 400"),
    (text.check_size, "lib/base/err.c", "int f(void)\n{\n" + "    g();\n" * 61 + "}\n", "a function of 62 lines"),
    (reasons.check_reasons, "server/daemon/main.c", "", "NOT_FOUND is never raised"),
    (reasons.check_reasons, "tests/test_a.py", "", "NOT_FOUND is in no test"),
    (reasons.check_reasons, "lib/base/reasons.def",
     'REASON(NOT_FOUND, NOT_FOUND, NOT_FOUND, NO_AUDIT,\n       "It is not there.",\n       "Look again.")\n'
     'REASON(GONE, NOT_FOUND, NOT_FOUND, AUDIT,\n       "It is gone.",\n       "Look again.")\n',
     "GONE can be told from others that are NOT_FOUND to clients"),
    (unused.check_unused, "lib/base/hash.h", "int hash_a(int a);\n", "hash.h:1: nobody uses hash_a"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "time.sleep(1)", "test_b.py:1: sleeps"),
    (python_tests.check_python_tests, "tests/regress/test_c.py", "from time import sleep\nsleep(1)", "test_c.py:2: sleeps"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "pty.fork()", "test_b.py:1: forks"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "run(x, preexec_fn=f)", "test_b.py:1: forks"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "pytest.skip()", "a skip without a reason"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "pytest.skip('')", "a skip without a reason"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "x = pytest.mark.skipif(True)", "a skip without a reason"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "x = pytest.mark.xfail(reason='x')", "a test passes"),
    (python_tests.check_python_tests, "tests/e2e/test_b.py", "def reason(f):\n    pass\n", "a helper of tests/support/calls.py"),
    (python_tests.check_python_tests, "tests/support/calls.py", "\n" * 601, "601 lines; at most 600"),
]


@pytest.mark.parametrize("check, path, content, message", BROKEN)
def test_a_broken_rule_is_found(check, path, content, message, tmp_path):
    more = {"lib|base|buf.h": '#pragma once\n#include "base/err.h"\n'}
    lines = found(check, tmp_path, **{**more, path.replace("/", "|"): content})
    assert any(message in line for line in lines), lines


STRUCTS = """struct pair {
    int a, *b;
};
struct three {
    const char *name;
    struct pair pair;
    unsigned bit : 1;
};
struct four {
    struct three inner[2];
    int (*call)(int a, int b);
    struct {
        int x;
    };
    int last;
};
"""


@pytest.mark.parametrize("code", [
    "struct pair p = {1, &x}, q = {0};",
    "struct three t = {.name = \"n\", .pair = {1, &x}};",
    "static const struct three all[] = {[1] = {.name = f(1, 2, 3)}, ROW(a, b, c)};",
    "int f(void)\n{\n    g((struct three){0}, (struct pair){1, &x}, (struct tag_of_elsewhere){.a = 1, .b = 2, .c = 3});\n}",
    "struct four f = {.inner = {{.name = \"n\"}, {.bit = 1}}, .x = 1};",
    "const char *const names[] = {\"a\", \"b\", \"c\", \"d\"};\nuint8_t b[] = {1, 2, 3, 4};",
    "#define ROW(a, b, c) {.name = a, .pair = b, .bit = c}",
    "#define EACH(a, b, c) {a; b; c;}",
    "int f(int a)\n{\n    if (a) {\n        return g(1, 2, 3);\n    }\n    for (;;) {\n    }\n}",
    "struct three *f(int a, struct three *b)\n{\n    return a ? b : NULL;\n}",
    "int f(void)\n{\n    struct three *t = xcalloc(1, sizeof *t);\n    *t = (struct three){.bit = 1};\n    t->name = \"n\";\n}",
])
def test_these_initializers_are_good(code, tmp_path):
    assert found(initializers.check_initializers, tmp_path, **{"lib|base|err.c": STRUCTS + code + "\n"}) == []


@pytest.mark.parametrize("code, message", [
    ("struct three t = {\"n\", {1, &x}, 1};", "1: three has 3 members"),
    ("struct pair p = {1, &x};\nstruct three t = {\"n\"};", "2: three has 3 members"),
    ("struct pair p = {1, &x}, *q = &p;\nstruct pair r;\nstruct three t[2] = {{.bit = 1}, {\"n\"}};", "3: three has 3"),
    ("int f(void)\n{\n    return g((const struct three){\"n\"});\n}", "3: three has 3 members"),
    ("int f(void)\n{\n    return g(1, (struct three[]){{\"n\"}});\n}", "3: three has 3 members"),
    ("struct four f = {.inner = {{\"n\"}}};", "1: three has 3 members"),
    ("struct four f = {.inner[1] = {\"n\"}, .inner[0].pair = {1, &x}};", "1: three has 3 members"),
    ("static const struct {\n    int a, b, c;\n} rows[] = {\n    {.a = 1},\n    {1, 2, 3},\n};", "5: struct has 3 members"),
    ("void f(void)\n{\n    x = (Other){1, 2, 3};\n    y = (struct elsewhere){1, 2, 3};\n}", "3: Other has 3 members"),
    ("void f(void)\n{\n    y = (struct elsewhere){1, 2, 3};\n}", "3: elsewhere has 3 members"),
    ("#define ROW(a, b, c) {a, b, c},", "1: a row of 3 members"),
    ("int f(void)\n{\n    struct three *t = ARENA_NEW(a, struct three);\n    t->name = n;\n    t->bit = 1;\n}",
     "3: t is filled member by member (bit, name)"),
    ("int f(void)\n{\n    *out = xcalloc(1, 2);\n    out->pair.a = 1;\n    out->bit = 1;\n}",
     "3: out is filled member by member (bit, pair.a)"),
    ("int f(void)\n{\n    t = ARENA_ARRAY(a, struct three, 3);\n    t[i].name = n;\n    t[i].bit = 1;\n}",
     "3: t is filled member by member (bit, name)"),
])
def test_these_initializers_are_bad(code, message, tmp_path):
    lines = found(initializers.check_initializers, tmp_path, **{"lib|base|err.c": STRUCTS + code + "\n"})
    line, text = message.split(": ", 1)
    expected = f"lib/base/err.c:{STRUCTS.count(chr(10)) + int(line)}: {text}"
    assert any(expected in line for line in lines), lines


def test_one_include_means_one_file(tmp_path):
    twice = {"lib|net|net.h": "", "lib|net|CMakeLists.txt": "chancery_module(net2)",
             "server|service|audit|query.c": '#include "net/net.h"'}
    assert any("are both called net/net.h" in line for line in found(modules.check_includes, tmp_path, **twice))


def test_what_is_enforced_fails_the_check(tmp_path):
    tree = make(tmp_path, **{"lib|base|hash.h": "int net_hash(int a);\n"})
    names.check_prefixes(tree)
    assert len(tree.violations) == 1
    assert tree.notes == []


def test_inline_and_static_functions_have_no_prefix(tmp_path):
    header = {"server|service|audit|query.h": "static inline int net_a(int b)\n{\n    return b;\n}\n"
                                              "static int reply_b(void);\n#define reply_c(a) \\\n    reply_d(a);\n"
                                              "struct reply_e {\n    int (*net_f)(void);\n};\ntypedef int (*net_g)(int a);\n"}
    assert found(names.check_prefixes, tmp_path, **header) == []


def test_levels_come_from_deps(tmp_path):
    tree = make(tmp_path)
    levels = modules.levels(modules.modules_of(tree))
    assert levels == {"base": 0, "proto": 0, "domain": 1, "net": 1, "net_http2": 2, "service_common": 2,
                      "service_tracking": 3, "service_audit": 3, "daemon": 4}


def test_graphs():
    assert graph.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": {"e"}}) == [["a", "b", "c"], ["e"]]
    assert graph.reachable({"a": {"b"}, "b": set()}, {"a"}) == {"a", "b"}


def run(*args):
    return subprocess.run([os.path.join(SCRIPTS, "check-source"), *args], capture_output=True, text=True, check=False)


def test_the_script_fails_for_a_violation(tmp_path):
    make(tmp_path)
    assert run("--root", tmp_path).returncode == 0
    (tmp_path / "lib/base/err.h").write_text('#include "net/net.h"\n')
    result = run("--root", tmp_path)
    assert result.returncode == 1
    assert "lib/base/err.h:1: base does not declare net in DEPS" in result.stdout
    assert run("--root", tmp_path, "banned").returncode == 0
    assert run("--root", tmp_path, "nonsense").returncode == 2


def test_the_script_runs_every_rule(tmp_path):
    make(tmp_path)
    for check in ALL:  # it refuses a rule that it does not have
        assert run("--root", tmp_path, check.__name__[len("check_"):]).returncode == 0
