# SPDX-License-Identifier: Apache-2.0
"""libchancery as others have it: installed, compiled against by pkg-config, and asked by many threads at once. The
authority is a real one."""
import concurrent.futures
import ctypes
import email
import glob
import os
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

import shared_library
from authority import BUILD, MESSAGES
from build_kind import is_sanitized
from command import SAMPLE
from documented import ROOT, environment, node_at_its_address, program, run
from world import rule_of

HEADERS = sorted(glob.glob(f"{ROOT}/include/chancery/*.h"))
IN_PYTHON = pytest.mark.skipif(is_sanitized(), reason="a library with a sanitizer can't be loaded into Python; "
                               "the programs in C of this file run with it")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    return shared_library.install(tmp_path_factory.mktemp("prefix"))


@pytest.fixture(scope="module")
def node(world):
    with node_at_its_address(world) as node:
        environment(world, node)  # writes the tokens
        node.write("edge.pem", world.gateway.certificate)
        node.write("edge.key", world.gateway.key)
        yield node


@pytest.fixture(scope="module")
def lib():
    return shared_library.Library(f"{BUILD}/library/libchancery.so.0")


@pytest.fixture(scope="module")
def sessions(lib, node):
    server, folder = f"https://{node.address}", node.folder
    common = {"ca_file": f"{folder}/server.pem", "user_agent": "test/1.0"}
    made = {name.lower(): lib.session(server, token_file=f"{folder}/{name}", **common) for name in ("ALICE", "BOB", "EVE")}
    made["edge"] = lib.session(server, certificate=(f"{folder}/edge.pem", f"{folder}/edge.key"), **common)
    yield made
    for session in made.values():
        lib.call("chancery_session_close", session)


def protection(lib, kind="do_not_forward", recipients=("bob@fabrikam.com",), **more):
    made = lib.call("chancery_protection_new")
    if kind:
        lib.call(f"chancery_protection_set_{kind}", made)
    for recipient in recipients:
        lib.call("chancery_protection_add_recipient", made, recipient.encode())
    for name, value in more.items():
        lib.call(f"chancery_protection_set_{name}", made, value.encode())
    return made


def protected(lib, session, **more):
    return lib.make("chancery_protect", session, protection(lib, **more), None)


def received(lib, content):
    """The same content as its reader has it: by the license alone."""
    license_ = lib.bytes_of("chancery_content_license", content)
    return lib.make("chancery_content_from_license", license_, ctypes.c_size_t(len(license_)))


def rights(lib, content):
    return {lib.text("chancery_content_right", content, ctypes.c_size_t(i))
            for i in range(lib.size("chancery_content_right_count", content))}


def failure(lib, name, *arguments):
    with pytest.raises(shared_library.Failed) as failed:
        lib.must(name, *arguments)
    return failed.value


# --- what is installed ---

def test_the_example_of_the_document_runs(world, node, installed, tmp_path):
    (tmp_path / "example.c").write_text(program("An example", "c", page="library"), encoding="utf-8")
    shared_library.compile_program(installed, tmp_path / "example.c", tmp_path / "example", "-std=c99")
    told = run([tmp_path / "example", f"https://{node.address}", f"{node.folder}/server.pem", f"{node.folder}/ALICE",
                f"{node.folder}/BOB", SAMPLE], env=shared_library.environment(installed))
    content, *lines = told.splitlines()
    assert lines == ["may print: no", f"opened: {os.path.getsize(SAMPLE)} bytes", "after that: REVOKED"]
    events = world.audit(tenant="contoso", content_id=content.removeprefix("content: "))
    assert [(event.operation, event.granted) for event in events] == [
        ("acquire_license", False), ("revoke", True), ("acquire_license", True), ("protect", True)]


@pytest.mark.parametrize("language, flags", [("c", "-std=c99"), ("c++", "-std=c++11")])
def test_each_header_stands_alone(installed, tmp_path, language, flags):
    for header in HEADERS:
        source = tmp_path / "alone"
        source.write_text(f"#include <chancery/{os.path.basename(header)}>\n#include <chancery/chancery.h>\n"
                          "int main(void) { return chancery_version()[0] == 0; }\n", encoding="utf-8")
        shared_library.compile_program(installed, source, tmp_path / "program", flags, language=language)
    run([tmp_path / "program"], env=shared_library.environment(installed))


def exported():
    listed = run(["nm", "-D", "--defined-only", "--with-symbol-versions", f"{BUILD}/library/libchancery.so.0"])
    return {line.split()[2] for line in listed.splitlines() if " A " not in line}


def test_what_is_exported_is_what_was_promised():
    """A line of the committed file never goes; new functions are added to it, to the map and to a header."""
    with open(f"{ROOT}/library/libchancery.symbols", encoding="utf-8") as file:
        assert exported() == set(file.read().split())
    declared = set()
    for header in HEADERS:
        with open(header, encoding="utf-8") as file:
            code = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        declared |= set(re.findall(r"CHANCERY_API[^;]*?\b(chancery_\w+)\(", code))
    assert declared == {symbol.partition("@")[0] for symbol in exported()}
    assert "libchancery.so.0" in run(["readelf", "-d", f"{BUILD}/library/libchancery.so.0"])


def manual_pages(installed):
    prefix, = shared_library.pkg_config(installed, "--variable=prefix")
    return f"{prefix}/share/man/man3"


def test_every_function_has_a_manual_page(installed):
    pages = manual_pages(installed)
    for symbol in exported():
        name = symbol.partition("@")[0]
        with open(f"{pages}/{name}.3", encoding="utf-8") as file:
            text = file.read()
        of, = re.findall(r"^\.so man3/(.*)$", text, re.M) or [f"{name}.3"]
        with open(f"{pages}/{of}", encoding="utf-8") as file:
            assert name in file.read()


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_manual_pages_are_well_formed(installed):
    folder = manual_pages(installed)
    for page in ("chancery", *(f"chancery_{os.path.basename(header)[:-2]}" for header in HEADERS)):
        if os.path.exists(f"{folder}/{page}.3"):
            done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", "-Kutf8", "-rLL=200n", f"{folder}/{page}.3"],
                                  capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("doxygen"), reason="doxygen is not installed")
def test_doxygen_has_nothing_to_warn_of(tmp_path):
    run(["doxygen", "library/Doxyfile"], cwd=ROOT, env={**os.environ, "DOXYGEN_OUTPUT": str(tmp_path)})


# --- what it does ---

@IN_PYTHON
def test_mail_there_and_back(lib, sessions):
    with open(SAMPLE, "rb") as file:
        mail = file.read()
    looked_at = lib.make("chancery_mail_read", mail, ctypes.c_size_t(len(mail)))
    assert lib.int("chancery_mail_is_protected", looked_at) == 0
    assert lib.text("chancery_mail_from", looked_at) == "alice@contoso.com"
    content = protected(lib, sessions["edge"], owner="alice@contoso.com", display_name="Plan")
    wrapper = lib.taken(lib.make("chancery_mail_wrap", looked_at, content))
    wrapped = lib.make("chancery_mail_read", wrapper, ctypes.c_size_t(len(wrapper)))
    assert lib.int("chancery_mail_is_protected", wrapped) == 1
    license_ = lib.bytes_of("chancery_mail_license", wrapped)
    reader = lib.make("chancery_content_from_license", license_, ctypes.c_size_t(len(license_)))
    assert lib.text("chancery_content_display_name", reader) == "Plan"
    assert failure(lib, "chancery_mail_open", wrapped, reader, ctypes.byref(ctypes.c_void_p())).reason == "INPUT_INVALID"
    lib.must("chancery_acquire", sessions["bob"], reader, None)
    assert lib.text("chancery_content_owner", reader) == "alice@contoso.com"
    assert lib.taken(lib.make("chancery_mail_open", wrapped, reader)) == mail
    for made in (looked_at, wrapped):
        lib.call("chancery_mail_free", made)
    for made in (content, reader):
        lib.call("chancery_content_free", made)


@IN_PYTHON
def test_inspect_amend_revoke_and_restore(lib, sessions):
    content = protected(lib, sessions["alice"], kind="encrypt_only")
    reader, other = received(lib, content), received(lib, content)
    lib.must("chancery_inspect", sessions["bob"], reader, None)
    assert "PRINT" in rights(lib, reader) and lib.int("chancery_content_has_key", reader) == 0
    amendment = lib.call("chancery_amendment_new")
    lib.call("chancery_amendment_grant", amendment, b"user:bob@fabrikam.com", b"VIEW")
    lib.call("chancery_amendment_add_recipient", amendment, b"eve@fabrikam.com")
    waits = ctypes.c_void_p(1)
    lib.must("chancery_amend", sessions["alice"], content, amendment, None, ctypes.byref(waits))
    assert waits.value is None
    lib.must("chancery_acquire", sessions["bob"], reader, None)
    assert rights(lib, reader) == {"VIEW"} and lib.int("chancery_content_has_right", reader, b"PRINT") == 0
    lib.must("chancery_acquire", sessions["eve"], other, None)
    by_id = lib.make("chancery_content_from_id", lib.text("chancery_content_id", content).encode())
    lib.must("chancery_revoke", sessions["alice"], by_id, b"bob@fabrikam.com", b"left", None)
    assert failure(lib, "chancery_acquire", sessions["bob"], reader, None).reason == "REVOKED"
    assert (lib.int("chancery_content_has_key", reader), rights(lib, reader)) == (0, set())
    lib.must("chancery_acquire", sessions["eve"], other, None)
    lib.must("chancery_restore", sessions["alice"], by_id, b"bob@fabrikam.com", None, None)
    lib.must("chancery_acquire", sessions["bob"], reader, None)


@IN_PYTHON
def test_a_policy_of_ones_own(lib, sessions):
    made = protection(lib, kind=None, recipients=())
    for right in (b"VIEW", b"PRINT", b"CONTOSO_STAMP"):
        lib.call("chancery_protection_grant", made, b"user:bob@fabrikam.com", right)
    lib.call("chancery_protection_set_expire_days", made, ctypes.c_uint32(30))
    lib.call("chancery_protection_set_offline_days", made, ctypes.c_uint32(0))
    content = lib.make("chancery_protect", sessions["alice"], made, None)
    ends = lib.call("chancery_content_expire_time", content, result=ctypes.c_int64)
    assert abs(ends - time.time() - 30 * 86400) < 600
    reader = received(lib, content)
    lib.must("chancery_acquire", sessions["bob"], reader, None)
    assert rights(lib, reader) == {"VIEW", "PRINT", "CONTOSO_STAMP"}
    assert lib.int("chancery_content_may_cache", reader) == 0


@IN_PYTHON
def test_taking_the_protection_off_is_asked_for_by_itself(world, lib, sessions):
    content = protected(lib, sessions["alice"], kind="encrypt_only")
    reader = received(lib, content)
    lib.must("chancery_acquire", sessions["bob"], reader, None)
    assert lib.int("chancery_content_attachments_freed", reader) == 0
    assert failure(lib, "chancery_acquire_unprotected", sessions["bob"], reader, None).reason == "RIGHT_MISSING"
    assert (lib.int("chancery_content_has_key", reader), rights(lib, reader)) == (0, set())
    lib.must("chancery_acquire_unprotected", sessions["alice"], content, None)
    assert lib.int("chancery_content_may_cache", content) == 0
    world.update_tenant(attachments_freed=True)
    lib.must("chancery_acquire", sessions["bob"], reader, None)
    assert lib.int("chancery_content_attachments_freed", reader) == 1
    events = world.audit(tenant="contoso", content_id=lib.text("chancery_content_id", content))
    assert [event.operation for event in events][-1] == "protect" and len(events) == 5


@IN_PYTHON
def test_asked_twice_it_is_done_once(lib, sessions):
    made = protection(lib)
    first, second = (lib.make("chancery_protect", sessions["alice"], made, None) for _ in range(2))
    keys = []
    for content in (first, second):
        key = ctypes.create_string_buffer(32)
        lib.must("chancery_content_copy_key", content, key)
        keys.append(key.raw)
    assert lib.text("chancery_content_id", first) == lib.text("chancery_content_id", second) and keys[0] == keys[1]


@IN_PYTHON
def test_refusals_are_values(lib, sessions):
    content = protected(lib, sessions["alice"])
    failed = failure(lib, "chancery_acquire", sessions["eve"], received(lib, content), None)
    assert (failed.reason, failed.code, failed.may_be_done) == ("NO_RIGHTS", 7, False)
    assert re.fullmatch(r"[0-9a-f-]{16,}", failed.request_id)
    made = protection(lib, recipients=("bob@fabrikam.com", "no address"))
    out = ctypes.c_void_p()
    failed = failure(lib, "chancery_protect", sessions["alice"], made, None, ctypes.byref(out))
    assert (failed.reason, failed.fields, out.value) == ("FIELD_INVALID", ["recipients[1]"], None)


@IN_PYTHON
def test_delivery_and_templates(lib, sessions, world):
    template = world.template({"principals": ["authenticated"], "rights": ["RIGHT_VIEW"]})
    addresses = (ctypes.c_char_p * 2)(b"bob@fabrikam.com", b"nobody@nowhere.example")
    found = lib.make("chancery_decide_delivery", sessions["edge"], b"alice@contoso.com", addresses, ctypes.c_size_t(2), None)
    assert lib.size("chancery_deliveries_count", found) == 2
    assert lib.text("chancery_deliveries_recipient", found, ctypes.c_size_t(0)) == "bob@fabrikam.com"
    assert lib.int("chancery_deliveries_channel", found, ctypes.c_size_t(0)) == 1
    assert lib.text("chancery_deliveries_recipient", found, ctypes.c_size_t(2)) is None
    lib.call("chancery_deliveries_free", found)
    listed = lib.make("chancery_list_templates", sessions["alice"], None, None, None)
    ids = {lib.text("chancery_templates_id", listed, ctypes.c_size_t(i))
           for i in range(lib.size("chancery_templates_count", listed))}
    assert template.template_id in ids
    lib.call("chancery_templates_free", listed)


@IN_PYTHON
def test_what_is_said_of_another_policy_is_not_left_out(lib, sessions):
    """An end that Do Not Forward can't have would be an end that never comes."""
    for kind, more in (("do_not_forward", "expire_days"), ("encrypt_only", "offline_days"), (None, "expire_days")):
        made, out = protection(lib, kind=kind), ctypes.c_void_p()
        if kind is None:
            lib.call("chancery_protection_set_template", made, b"01a21949-a6c7-7880-ac63-335287917c62")
        lib.call(f"chancery_protection_set_{more}", made, ctypes.c_uint32(3))
        assert failure(lib, "chancery_protect", sessions["alice"], made, None, ctypes.byref(out)).reason == "INPUT_INVALID"
    for first in ("grant", "set_do_not_forward"):
        made = lib.call("chancery_protection_new")
        for name in (first, "grant", "set_do_not_forward"):
            lib.call(f"chancery_protection_{name}", made, *([b"user:bob@fabrikam.com", b"VIEW"] if name == "grant" else []))
        assert failure(lib, "chancery_protect", sessions["alice"], made, None, ctypes.byref(out)).reason == "INPUT_INVALID"


@IN_PYTHON
def test_batches_answer_each_item(lib, sessions):
    requests = [protection(lib), protection(lib, recipients=("no address",)), protection(lib, kind="encrypt_only")]
    contents, errors = (ctypes.c_void_p * 3)(), (ctypes.c_void_p * 3)()
    lib.must("chancery_protect_many", sessions["alice"], (ctypes.c_void_p * 3)(*requests), ctypes.c_size_t(3), None, contents, errors)
    assert [bool(content) for content in contents] == [True, False, True] == [not error for error in errors]
    failed = shared_library.Failed(lib, errors[1])
    assert (failed.reason, failed.code, failed.fields, failed.may_be_done) == ("FIELD_INVALID", 3, ["recipients[0]"], False)
    readers = [received(lib, contents[0]), received(lib, contents[2]), received(lib, protected(lib, sessions["alice"],
                                                                                           recipients=("eve@fabrikam.com",)))]
    lib.must("chancery_acquire_many", sessions["bob"], (ctypes.c_void_p * 3)(*readers), ctypes.c_size_t(3), None, errors)
    assert [lib.int("chancery_content_has_key", reader) for reader in readers] == [1, 1, 0]
    assert [bool(error) for error in errors] == [False, False, True]
    assert shared_library.Failed(lib, errors[2]).reason == "NO_RIGHTS"
    assert "PRINT" not in rights(lib, readers[0]) and "PRINT" in rights(lib, readers[1])
    for count in (0, 101):
        failed = failure(lib, "chancery_protect_many", sessions["alice"], (ctypes.c_void_p * 101)(*[requests[0]] * 101),
                         ctypes.c_size_t(count), None, contents, errors)
        assert failed.reason == "INPUT_INVALID"


@IN_PYTHON
def test_a_reader_answers_through_the_portal(lib, node, sessions, world):
    """They reply to the owner, and to nobody else; to whom the answer is, nothing tells them."""
    node.write("portal.pem", world.portal.certificate)
    node.write("portal.key", world.portal.key)
    node.write("KIM", world.google.token("kim@mail.example", email_verified=True).encode())
    server, folder = f"https://{node.address}", node.folder
    kim = lib.session(server, ca_file=f"{folder}/server.pem", certificate=(f"{folder}/portal.pem", f"{folder}/portal.key"),
                      token_file=f"{folder}/KIM")
    content = received(lib, protected(lib, sessions["alice"], recipients=("kim@mail.example", "bob@fabrikam.com")))
    assert lib.text("chancery_content_reader", content) == ""
    lib.must("chancery_acquire", kim, content, None)
    assert lib.text("chancery_content_reader", content) == "kim@mail.example"

    def answering(kind, recipients=(), name=b"Re: Plan"):
        made = lib.call("chancery_answering_new", ctypes.c_int(kind))
        lib.call("chancery_answering_set_display_name", made, name)
        for recipient in recipients:
            lib.call("chancery_answering_add_recipient", made, recipient)
        return made
    reply = answering(1)
    answer = lib.make("chancery_answer", kim, content, reply, None)
    again = lib.make("chancery_answer", kim, content, reply, None)
    assert lib.text("chancery_content_id", again) == lib.text("chancery_content_id", answer), "one request is done once"
    assert lib.int("chancery_content_has_key", answer) == 1 and lib.size("chancery_content_refused_count", answer) == 0
    assert (lib.text("chancery_content_display_name", answer), lib.text("chancery_content_owner", answer)) == ("Re: Plan", "")
    lib.must("chancery_acquire", sessions["alice"], received(lib, answer), None)
    assert failure(lib, "chancery_acquire", sessions["bob"], received(lib, answer), None).reason == "NO_RIGHTS"
    lib.must("chancery_acquire", sessions["bob"], received(lib, lib.make("chancery_answer", kim, content, answering(2), None)), None)

    out = ctypes.c_void_p()
    for kind, more, reason in ((3, (b"jo@mail.example",), "RIGHT_MISSING"), (3, (), "FIELD_INVALID"), (1, (b"jo@mail.example",), "FIELD_INVALID"),
                               (0, (), "FIELD_INVALID"), (9, (), "FIELD_INVALID"), (3, (b"x" * 999999,) * 2, "INPUT_INVALID")):
        assert failure(lib, "chancery_answer", kim, content, answering(kind, more), None, ctypes.byref(out)).reason == reason
    named = lib.make("chancery_content_from_id", lib.text("chancery_content_id", content).encode())
    assert failure(lib, "chancery_answer", kim, named, reply, None, ctypes.byref(out)).reason == "INPUT_INVALID"
    assert not out.value
    lib.call("chancery_answering_set_request_id", reply, b"c56a4180-65aa-42ec-a945-5fd21dec0538")
    assert lib.text("chancery_answering_request_id", reply) == "c56a4180-65aa-42ec-a945-5fd21dec0538"
    other = lib.make("chancery_answer", kim, content, reply, None)
    assert lib.text("chancery_content_id", other) != lib.text("chancery_content_id", answer)

    wrapping = lib.call("chancery_wrapping_new")
    for name, value in (("set_sender", b"alice@contoso.com"), ("set_sender_name", b"Kim"), ("set_subject", b"Re: Plan <9>"),
                        ("add_language", b"de"), ("set_branding", b"nobody")):
        lib.call(f"chancery_wrapping_{name}", wrapping, value)
    wrapper = lib.make("chancery_render_content_wrapper", kim, answer, wrapping, None)
    shown = lib.text("chancery_wrapper_text", wrapper)
    assert "kim@mail.example" in shown and "Re: Plan <9>" in shown and "alice" not in shown
    assert "Re: Plan &lt;9&gt;" in lib.text("chancery_wrapper_html", wrapper)
    for asked, shows, reason in ((kim, content, "NOT_FOUND"), (kim, named, "INPUT_INVALID"), (sessions["edge"], answer, "COMPONENT_ROLE")):
        assert failure(lib, "chancery_render_content_wrapper", asked, shows, wrapping, None, ctypes.byref(out)).reason == reason
    lib.call("chancery_wrapping_set_subject", wrapping, b"x" * 999)
    for _ in range(99):
        lib.call("chancery_wrapping_add_language", wrapping, b"x" * 999)
    assert failure(lib, "chancery_render_content_wrapper", kim, answer, wrapping, None, ctypes.byref(out)).reason == "INPUT_INVALID"
    assert not out.value
    lib.call("chancery_wrapper_free", wrapper)
    lib.call("chancery_wrapping_free", wrapping)
    lib.call("chancery_session_close", kim)


@IN_PYTHON
def test_rules_are_asked_and_a_wrapper_is_written(lib, sessions, world):
    world.call("BrandingService/CreateBranding", {"branding": {"branding": "blue"}}, world.contoso.admin)
    rule = world.call("MailFlowService/CreateRule", {"rule": rule_of(
        name="Plans", conditions=[{"text": {"place": 2, "words": ["plan"]}}, {"attachment": {"extensions": ["zip"]}}],
        actions={"protection": 3, "branding": "blue", "require_tls": True, "force_portal": True})}, world.contoso.admin).rule.rule_id
    text = (b"From: Alice <alice@contoso.com>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
            b"The p<b>la</b>n\r\n--b\r\nContent-Type: application/zip; name=x.zip\r\n\r\nPK\r\n--b--\r\n")
    mail = lib.make("chancery_mail_read", text, ctypes.c_size_t(len(text)))
    assert lib.text("chancery_mail_from_name", mail) == "Alice"

    def ask(*recipients):
        return lib.make("chancery_evaluate_mail", sessions["edge"], mail, b"alice@contoso.com",
                        (ctypes.c_char_p * len(recipients))(*recipients), ctypes.c_size_t(len(recipients)), None)
    found = ask(b"bob@fabrikam.com", b"alice@contoso.com")
    assert (lib.int("chancery_evaluation_protection", found), lib.text("chancery_evaluation_branding", found)) == (3, "blue")
    assert (lib.text("chancery_evaluation_rule_id", found), lib.text("chancery_evaluation_rule_name", found)) == (rule, "Plans")
    assert lib.int("chancery_evaluation_requires_tls", found) == lib.int("chancery_evaluation_forces_portal", found) == 1
    assert lib.text("chancery_evaluation_block_text", found) == lib.text("chancery_evaluation_template_id", found) == ""
    assert lib.int("chancery_evaluation_away_protection", found) == 3 and lib.int("chancery_evaluation_away_requires_tls", found) == 1
    assert (lib.text("chancery_evaluation_away_template_id", found), lib.text("chancery_evaluation_away_branding", found)) == ("", "blue")
    deliveries = lib.call("chancery_evaluation_deliveries", found)
    assert [lib.int("chancery_deliveries_channel", deliveries, ctypes.c_size_t(i)) for i in range(3)] == [2, 1, 0]
    lib.call("chancery_evaluation_free", found)
    world.call("MailFlowService/DeleteRule", {"rule_id": rule}, world.contoso.admin)
    assert lib.text("chancery_evaluation_rule_id", ask(b"bob@fabrikam.com")) == ""

    content = protected(lib, sessions["edge"], owner="alice@contoso.com")
    wrapping = lib.call("chancery_wrapping_new")
    for name, value in (("set_sender", b"alice@contoso.com"), ("set_sender_name", b"Alice"), ("set_subject", b"Plan <9>"),
                        ("set_branding", b"blue"), ("add_language", b"de"), ("add_language", b"en"),
                        ("set_content", lib.text("chancery_content_id", content).encode())):
        lib.call(f"chancery_wrapping_{name}", wrapping, value)
    wrapper = lib.make("chancery_render_wrapper", sessions["edge"], wrapping, None)
    assert "Plan &lt;9&gt;" in lib.text("chancery_wrapper_html", wrapper) and "alice@contoso.com" in lib.text("chancery_wrapper_text", wrapper)
    assert (lib.bytes_of("chancery_wrapper_logo", wrapper), lib.text("chancery_wrapper_logo_type", wrapper)) == (None, "")
    wrapped = lib.taken(lib.make("chancery_mail_wrap_in", mail, content, wrapper))
    assert b"text/html" in wrapped and b"The p" not in wrapped
    again = lib.make("chancery_mail_read", wrapped, ctypes.c_size_t(len(wrapped)))
    anew = lib.taken(lib.make("chancery_mail_rewrap", again, None))
    reread = lib.make("chancery_mail_read", anew, ctypes.c_size_t(len(anew)))
    assert b"text/html" not in anew and lib.int("chancery_mail_is_wrapper", reread) == 1
    assert lib.taken(lib.make("chancery_mail_open", reread, content)) == text
    assert failure(lib, "chancery_mail_rewrap", mail, None, ctypes.byref(ctypes.c_void_p())).reason == "INPUT_NOT_PROTECTED"


@IN_PYTHON
def test_any_method_can_be_called(lib, sessions):
    made = protected(lib, sessions["alice"])
    request = MESSAGES("chancery.v1.GetContentRequest")(content_id=lib.text("chancery_content_id", made)).SerializeToString()
    answer = lib.taken(lib.make("chancery_call", sessions["alice"], b"TrackingService/GetContent", request,
                                ctypes.c_size_t(len(request)), None))
    assert MESSAGES("chancery.v1.GetContentResponse").FromString(answer).content.owner == "alice@contoso.com"
    failed = failure(lib, "chancery_call", sessions["bob"], b"TrackingService/GetContent", request,
                     ctypes.c_size_t(len(request)), None, ctypes.byref(ctypes.c_void_p()))
    assert failed.reason == "NOT_FOUND"


@IN_PYTHON
def test_a_stream_is_taken_message_by_message(lib, world, node):
    node.write("admin.pem", world.contoso.admin.certificate)
    node.write("admin.key", world.contoso.admin.key)
    session = lib.session(f"https://{node.address}", ca_file=f"{node.folder}/server.pem",
                          certificate=(f"{node.folder}/admin.pem", f"{node.folder}/admin.key"), timeout=50)
    world.sql("INSERT INTO audit (tenant, at, event, operation, granted, reason, client_address, user_agent, correlation_id) "
              f"SELECT '{world.contoso.id}', to_timestamp(n), gen_random_uuid(), 'x', true, 'OK', '', '', '' FROM "
              "generate_series(1, 1200) AS n")
    request = MESSAGES("chancery.v1.ExportRequest")(filter={"start_time": {"seconds": 1}, "end_time": {
        "seconds": 5000}}).SerializeToString()
    sizes, answers = [], iter([0, 0, 0, 0, 1])

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    def take(_, message, size):
        sizes.append(len(MESSAGES("chancery.v1.ExportResponse").FromString(ctypes.string_at(message, size)).events))
        return next(answers)

    arguments = [session, b"AuditService/Export", request, ctypes.c_size_t(len(request)), None, take, None]
    lib.must("chancery_call_stream", *arguments)
    assert sizes == [500, 500, 200]
    failed = failure(lib, "chancery_call_stream", *arguments)  # which the second of these has enough of
    assert failed.reason == "CALL_CANCELED" and len(sizes) == 5
    failed = failure(lib, "chancery_call_stream", session, b"AuditService/Export", b"", ctypes.c_size_t(0), None, take, None)
    assert failed.reason == "FIELD_INVALID" and failed.fields == ["filter"] and len(sizes) == 5
    lib.call("chancery_session_close", session)


@IN_PYTHON
def test_the_authority_says_its_address(lib, sessions, node):
    assert lib.taken(lib.make("chancery_authority_url", sessions["bob"], None)).decode() == f"https://{node.address}"


@IN_PYTHON
def test_what_the_authority_adds_can_be_listed(lib, world, node):
    """What is protected in another boundary is for a portal."""
    made = world.protect(who=world.agency.gateway, owner="alice@agency.us", recipients=["bob@fabrikam.com"])
    reader = lib.make("chancery_content_from_license", made.publishing_license, ctypes.c_size_t(len(made.publishing_license)))
    session = lib.session(f"https://{node.address}", ca_file=f"{node.folder}/server.pem", token_file=f"{node.folder}/BOB")
    failed = failure(lib, "chancery_acquire", session, reader, None)
    assert failed.reason == "PORTAL_REQUIRED" and failed.metadata["request_id"] == failed.request_id


# --- many at once, and none too long ---

@IN_PYTHON
def test_threads_share_a_session(lib, sessions):
    content = protected(lib, sessions["alice"])

    def work(number):
        reader = received(lib, content)
        for _ in range(5):
            who = "bob" if number % 2 else "eve"
            if who == "bob":
                lib.must("chancery_acquire", sessions[who], reader, None)
                assert lib.int("chancery_content_has_key", reader) == 1
            else:
                assert failure(lib, "chancery_acquire", sessions[who], reader, None).reason == "NO_RIGHTS"
        lib.call("chancery_content_free", reader)
        return number
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert sorted(pool.map(work, range(24))) == list(range(24))


@IN_PYTHON
def test_a_token_is_read_anew_for_each_call(lib, node, world):
    path = f"{node.folder}/renewed"
    node.write("renewed", world.fabrikam.token("eve").encode())
    session = lib.session(f"https://{node.address}", ca_file=f"{node.folder}/server.pem", token_file=path)
    content = received(lib, protected(lib, lib.session(f"https://{node.address}", ca_file=f"{node.folder}/server.pem",
                                                       token_file=f"{node.folder}/ALICE")))
    assert failure(lib, "chancery_acquire", session, content, None).reason == "NO_RIGHTS"
    node.write("renewed", world.bob.encode() + b"\n")
    lib.must("chancery_acquire", session, content, None)


@pytest.fixture
def silent(node, tmp_path):
    """Takes connections and says nothing."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/socket")
        listener.listen()
        yield f"unix:{tmp_path}/socket"


@IN_PYTHON
def test_a_call_ends_in_its_time_or_when_it_is_canceled(lib, silent):
    session, out = lib.session(silent), ctypes.c_void_p()
    context = lib.call("chancery_context_new")
    lib.call("chancery_context_set_timeout", context, ctypes.c_int64(300))
    before = time.monotonic()
    failed = failure(lib, "chancery_protect", session, protection(lib), context, ctypes.byref(out))
    assert failed.reason == "AUTHORITY_UNREACHABLE" and failed.may_be_done and failed.is_away and time.monotonic() - before < 5
    lib.call("chancery_context_set_timeout", context, ctypes.c_int64(60000))
    threading.Timer(0.3, lib.call, ("chancery_context_cancel", context)).start()
    before = time.monotonic()
    failed = failure(lib, "chancery_protect", session, protection(lib), context, ctypes.byref(out))
    assert failed.reason == "CALL_CANCELED" and not failed.is_away and time.monotonic() - before < 10
    lib.call("chancery_context_free", context)
    lib.call("chancery_session_close", session)


@IN_PYTHON
def test_a_gateway_opens_what_is_on_its_way_and_closes_it_again(lib, sessions, world):
    """Under the license that it had, and with the header that it showed."""
    text = b"From: alice@contoso.com\r\nSubject: Takeover\r\n\r\nSecret\r\n"
    made = protected(lib, sessions["edge"], owner="alice@contoso.com")
    mail = lib.make("chancery_mail_read", text, ctypes.c_size_t(len(text)))
    wrapper = lib.taken(lib.make("chancery_mail_wrap", mail, made)).replace(b"Takeover", b"Protected")
    before = lib.make("chancery_mail_read", wrapper, ctypes.c_size_t(len(wrapper)))

    def setting(who="edge"):
        out = ctypes.c_int(-1)
        lib.must("chancery_transport_setting", sessions[who], None, ctypes.byref(out))
        return out.value
    license_ = lib.bytes_of("chancery_mail_license", before)
    content = lib.make("chancery_content_from_license", license_, ctypes.c_size_t(len(license_)))
    for purpose in (0, 1, 4, -1):
        assert failure(lib, "chancery_acquire_for", sessions["edge"], content, ctypes.c_int(purpose), None).reason == "INPUT_INVALID"
    scan = ctypes.c_int(2)
    assert (setting(), setting("alice")) == (1, 0)
    assert failure(lib, "chancery_acquire_for", sessions["edge"], content, scan, None).reason == "DECRYPTION_OFF"
    world.update_tenant(transport_decryption=3)
    try:
        assert setting() == 3
        assert failure(lib, "chancery_acquire_for", sessions["alice"], content, scan, None).reason == "COMPONENT_ROLE"
        lib.must("chancery_acquire_for", sessions["edge"], content, scan, None)
    finally:
        world.update_tenant(transport_decryption=1)
    opened = lib.taken(lib.make("chancery_mail_open", before, content))
    assert opened == text
    changed = b"X-Scanned: yes\r\n" + opened
    again = lib.taken(lib.make("chancery_mail_wrap_again", lib.make("chancery_mail_read", changed, ctypes.c_size_t(len(changed))),
                               before, content, None))
    assert b"Subject: Protected" in again and b"Takeover" not in again
    read = lib.make("chancery_mail_read", again, ctypes.c_size_t(len(again)))
    assert lib.bytes_of("chancery_mail_license", read) == license_
    assert lib.taken(lib.make("chancery_mail_open", read, made)) == changed
    both = email.message_from_bytes(lib.taken(lib.make("chancery_mail_journal", before, lib.make("chancery_mail_open", before, content))))
    assert both["Subject"] == "Protected" and [part.get_filename() for part in both.get_payload()] == ["clear.eml", "protected.eml"]
    assert both.get_payload()[0].get_payload()[0]["Subject"] == "Takeover"
