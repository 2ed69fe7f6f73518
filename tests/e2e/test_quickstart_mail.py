# SPDX-License-Identifier: Apache-2.0
"""deploy/quickstart --mail: what a newcomer sees of a mail's whole way, and that nothing of it stays."""
import email
import email.policy
import glob
import os
import re
import shutil
import smtplib
import subprocess
import tempfile
import urllib.request

import pytest

import postfix
from authority import BUILD
from command import CHANCERY
from documented import ROOT
from milter import MILTER
from portal import WHY_NOT as NO_PORTAL
from waiting import eventually

WHY_NOT = postfix.why_not() or ("" if os.path.exists(MILTER) else "libmilter-dev was not there when this was built") or NO_PORTAL
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT or "never")


def quickstart(folder, *more, **env):
    return subprocess.run([f"{ROOT}/deploy/quickstart", "--folder", folder, "--build", BUILD, *more], capture_output=True, text=True,
                          timeout=300, check=False, env={**os.environ, **env})


def processes_of(folder):
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                found += [path] if folder.encode() in file.read() else []
        except OSError:
            pass
    return found


@pytest.fixture(scope="module")
def place():
    """A folder that Postfix and PostgreSQL can enter."""
    parent = tempfile.mkdtemp(prefix="quickstart-", dir="/tmp")
    os.chmod(parent, 0o711)
    yield f"{parent}/authority"
    quickstart(f"{parent}/authority", "--clean")
    shutil.rmtree(parent)


@pytest.fixture(scope="module")
def told(place):
    done = quickstart(place, "--mail", "--port", str(postfix.free_port()))
    assert done.returncode == 0 and "WRONG" not in done.stdout, done.stdout + done.stderr
    return done.stdout


def smtp_of(told):
    return smtplib.SMTP("127.0.0.1", int(re.search(r"SMTP to 127\.0\.0\.1:(\d+)", told)[1]), timeout=60)


def newest(box, number):
    """The mail with this Message-ID in a mailbox that was printed."""
    def found():
        for path in glob.glob(f"{box}/*"):
            with open(path, "rb") as file:
                text = file.read()
            if number.encode() in text:
                return text
        return None
    eventually(found, f"{number} in {box}")
    return found()


def test_two_mailboxes_are_printed_and_a_users_mail_goes_there(place, told):
    inside, outside = re.findall(r"^  (/.*/new)$", told, re.M)
    number = f"<{os.urandom(8).hex()}@contoso.com>"
    with open(f"{ROOT}/deploy/sample-html-mail.eml", encoding="utf-8") as file:
        mail = file.read().replace("<third-quarter@contoso.com>", number).replace("\n", "\r\n").encode()
    with smtp_of(told) as client:
        client.sendmail("alice@contoso.com", ["dave@contoso.com", "kim@mail.example"], mail)
    for box in (inside, outside):
        assert b"pass them on" not in newest(box, number)

    with open(f"{place}/in.eml", "wb") as file:
        file.write(newest(inside, number))
    done = subprocess.run([CHANCERY, "open", "--profile", f"{place}/quickstart-mail/dave.yaml", f"{place}/in.eml", f"{place}/out.eml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(f"{place}/out.eml", "rb") as file:
        assert file.read() == mail  # picture and attachment included

    wrapper = email.message_from_bytes(newest(outside, number), policy=email.policy.default)
    html = wrapper.get_body(("html",)).get_content()
    assert "alice@contoso.com" in html and 'lang="en"' in html and 'lang="de"' in html
    assert not re.search(r"<script|<form|src=\"http", html)


def test_a_link_is_printed_that_leads_to_a_mail_which_is_there(told):
    link = re.search(r"^  (http://localhost:\d+/\?content=([0-9a-f-]+))$", told, re.M)
    with urllib.request.urlopen(link[1], timeout=20) as page:
        assert link[2].encode() in page.read()
    mail = re.search(r"Give the page the mail (\S+) and the address kim@mail\.example", told)[1]
    with open(mail, encoding="utf-8") as file:
        assert f"X-Chancery-Content: {link[2]}" in file.read()
    assert os.stat(mail).st_mode & 0o777 == 0o644


def test_nothing_leaves_the_machine(told):
    with smtp_of(told) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("alice@contoso.com", ["someone@example.org"], b"Subject: x\r\n\r\nx\r\n")
    assert b"delivers to contoso.com, fabrikam.com and mail.example only" in refused.value.recipients["someone@example.org"][1]


def test_a_second_run_takes_the_place_of_the_first(place, told):
    """At the same ports, though connections to them have just ended; and whoever came by sudo is told to come so again."""
    again = quickstart(place, "--mail", SUDO_USER="newcomer")
    assert again.returncode == 0 and "WRONG" not in again.stdout, again.stdout + again.stderr
    for words in (r"http://localhost:(\d+)/", r"SMTP to 127\.0\.0\.1:(\d+)"):
        assert re.search(words, told)[1] == re.search(words, again.stdout)[1]
    assert len(processes_of(f"{place}/mail/portal.conf")) == len(processes_of(f"{place}/mail/milter.conf")) == 1
    for command in ("chancery open", "quickstart --folder", "grep", "tail"):
        assert f"{command} " not in told or re.search(rf"^  sudo \S*{command} ", again.stdout, re.M), command
    assert not re.search("^  sudo ", told, re.M) or "SUDO_USER" in os.environ


def test_it_ends_and_begins_again_and_leaves_nothing(place, told):
    assert told and processes_of(f"{place}/mail")
    assert quickstart(place, "--stop").returncode == 0
    eventually(lambda: not processes_of(place), lambda: str(processes_of(place)))
    again = quickstart(place, "--mail")
    assert again.returncode == 0 and "WRONG" not in again.stdout, again.stdout + again.stderr
    assert quickstart(place, "--clean").returncode == 0
    eventually(lambda: not processes_of(place), lambda: str(processes_of(place)))
    assert not os.path.exists(place)


def test_a_folder_that_postfix_can_not_have_is_refused(tmp_path):
    done = quickstart(f"{tmp_path}/a b", "--mail")
    assert done.returncode == 1 and "no folder with spaces" in done.stderr and not os.path.exists(f"{tmp_path}/a b")
