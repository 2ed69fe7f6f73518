# SPDX-License-Identifier: Apache-2.0
"""The help of the command line, and what is made of it: help of each verb, completion in real shells, manual pages."""
import glob
import os
import re
import shutil
import subprocess

import pytest

from authority import BUILD
from command import CHANCERY

ROOT = os.path.realpath(f"{os.path.dirname(os.path.abspath(__file__))}/../..")
USAGE = 2


def output(*argv, **more):
    return subprocess.run([CHANCERY, *argv], capture_output=True, text=True, check=True, timeout=60, **more).stdout


def words(*argv, **more):
    """What completion offers for the last word, with what it means."""
    return dict(line.split("\t", 1) for line in output("completion", "words", "--", *argv, **more).splitlines())


COMMANDS = sorted(set(words("")) - {"help"})
VERBS = [(command, verb) for command in COMMANDS for verb in words(command, "")]


def test_every_verb_of_the_sources_is_in_the_help():
    """Tables of verbs, and options that are taken, against what the texts say."""
    sources = "".join(open(path, encoding="utf-8").read() for path in glob.glob(f"{ROOT}/cli/**/*.c", recursive=True))
    told = "".join(output(command, "--help") for command in COMMANDS)
    options = set(re.findall(r'\{"(--?[a-z][a-z-]*)",', sources))
    assert options >= {"--profile", "-o", "--tenant", "--timeout", "-v"}
    assert [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", told)] == []
    names = {verb for _, verb in VERBS}
    assert {"list", "create", "add-domain", "preview", "tail", "prove", "start", "use"} <= names
    assert not {"policy", "init"} & names


@pytest.mark.parametrize("command, verb", VERBS, ids=" ".join)
def test_help_of_a_verb_is_about_that_verb(command, verb):
    told, whole = output(command, verb, "--help"), output(command, "--help")
    usage = told.split("\n\n")[0]
    assert usage.startswith(f"usage: chancery {command} ")
    for line in re.findall(r"chancery .*", usage):
        assert verb in line.split()[2].split("|")
    body = re.sub(r"\\\n +", " ", told)
    for example in re.findall(rf"^  chancery {command} (\S+)", body, re.M):
        assert example == verb
    assert f"All of it: chancery {command} --help" in told and len(told) <= len(whole) + 100
    assert output("help", command, verb) == told
    assert output(command, "--help", verb) == told  # in any order
    for line in told.splitlines():
        assert line in whole or line.replace("usage: ", "       ") in whole or line.startswith("All of it: "), line


@pytest.mark.parametrize("command, verb", VERBS, ids=" ".join)
def test_every_option_that_is_told_is_taken(command, verb):
    for option in words(command, verb, "-"):
        done = subprocess.run([CHANCERY, command, verb, option, "x", "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "there is no option" not in done.stderr, (option, done.stderr)
    assert {"--help"} <= set(words(command, verb, "-"))


def test_common_options_are_told_where_they_are_taken():
    assert "CHANCERY_PROFILE" in output("template", "--help") and "CHANCERY_PROFILE" in output("template", "list", "--help")
    assert "CHANCERY_PROFILE" not in output("dev", "--help") and "CHANCERY_PROFILE" not in output("completion", "--help")
    done = subprocess.run([CHANCERY, "dev", "status", "--timeout", "3"], capture_output=True, text=True, check=False)
    assert done.returncode == USAGE and "there is no option --timeout" in done.stderr


def test_words(tmp_path):
    home = {"env": {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}}
    assert set(words("te")) == {"template", "tenant"} and words("te")["tenant"].startswith("make and change tenants")
    assert set(words("template", "")) == {"list", "create", "show", "archive", "publish"}
    assert words("audit", "t") == {"tail": "those to come, as they are recorded, and with --start those since then; until it"}
    assert set(words("template", "list", "-o", "")) == {"json", "yaml"}
    assert set(words("boundary", "create", "--suite", "")) == {"p256", "p384"}
    assert {"--boundary", "--display-name", "--help"} <= set(words("tenant", "create", "-"))
    assert "--state" not in words("tenant", "create", "-") and "--state" in words("tenant", "update", "-")
    assert words("template", "create", "-f", "") == {}  # a file
    assert words("nonsense", "") == {} and words("template", "show", "") == {}
    assert set(words("help", "iss")) == {"issuer"} and words("help", "template", "", "") == words("help", "nonsense", "") == {}
    assert set(words("help", "template", "a")) == {"archive"}
    os.makedirs(tmp_path / "chancery/contexts")
    for name in ("alpha", "beta"):
        (tmp_path / f"chancery/contexts/{name}.yaml").write_text("server: https://x.example\n")
    assert set(words("template", "list", "--profile", "", **home)) == {"alpha", "beta"}
    assert set(words("context", "use", "b", **home)) == {"beta"} and words("context", "add", "", **home) == {}


@pytest.fixture
def shell(tmp_path):
    """Run a script in a shell that finds our program as `chancery`."""
    os.symlink(CHANCERY, tmp_path / "chancery")
    (tmp_path / "some file.yaml").write_text("")
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}

    def run(argv, script):
        done = subprocess.run([*argv, script], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout.splitlines()
    return run


def test_bash_completes(shell):
    def complete(line):
        typed = line.split(" ")
        quoted = " ".join(f"'{word}'" for word in typed)
        return shell(["bash", "-c"], f"source <(chancery completion bash); COMP_WORDS=({quoted}); COMP_CWORD={len(typed) - 1}; "
                     "_chancery 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"")

    assert sorted(complete("chancery te")) == ["template", "tenant"]
    assert complete("chancery template ar") == ["archive"]
    assert complete("chancery template create -f som") == ["some file.yaml"]
    assert complete("chancery template list -o j") == ["json"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(shell):
    def complete(line):
        return [found.split("\t")[0] for found in shell(["fish", "-c"], f"chancery completion fish | source; complete -C'{line}'")]

    assert sorted(complete("chancery te")) == ["template", "tenant"]
    assert complete("chancery template ar") == ["archive"]
    assert [found.replace("\\", "") for found in complete("chancery template create -f som")] == ["some file.yaml"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(shell):
    """Its own widgets need a terminal; what they are given is looked at."""
    def complete(*typed):
        quoted = " ".join(f"'{word}'" for word in typed)
        return shell(["zsh", "-f", "-c"], 'compdef() { }; _files() { print files }; _describe() { print -l -- "${(@P)2}" }; '
                     f"source <(chancery completion zsh); words=({quoted}); CURRENT={len(typed)}; _chancery")

    assert [found.split(":")[0] for found in sorted(complete("chancery", "te"))] == ["template", "tenant"]
    assert complete("chancery", "template", "create", "-f", "som") == ["files"]
    assert complete("chancery", "template", "ar") == ["archive:"]


def test_nothing_that_is_offered_is_run(shell, tmp_path):
    """The name of a context comes from a file's name; what is no name is never offered."""
    os.makedirs(tmp_path / "chancery-home/contexts")
    assert shell(["bash", "-c"], "source <(chancery completion bash); COMP_WORDS=(chancery '$(touch x)'); COMP_CWORD=1; "
                 "_chancery 2>/dev/null; ls x 2>/dev/null || true") == []


@pytest.mark.parametrize("argv", [[], ["csh"], ["bash", "x"]])
def test_a_shell_that_there_isnt(argv):
    assert subprocess.run([CHANCERY, "completion", *argv], capture_output=True, check=False).returncode == USAGE


def test_manual_pages_are_of_the_same_texts():
    pages = {os.path.basename(path): path for path in glob.glob(f"{BUILD}/cli/man1/*.1")}
    assert set(pages) == {"chancery.1", *(f"chancery-{name}.1" for name in COMMANDS)}
    for name, path in pages.items():
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-K", "utf8", path], capture_output=True, text=True, check=True)
        assert done.stderr == "", (name, done.stderr)
        shown = re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)
        for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"):
            assert heading in shown, (name, heading)
        if name != "chancery.1":
            command = name[len("chancery-"):-len(".1")]
            usage = output(command, "--help").split("\n\n")[0].removeprefix("usage: ").split("\n")[0]
            assert usage.split() == [line for line in shown.splitlines() if f"chancery {command}" in line][0].split()
