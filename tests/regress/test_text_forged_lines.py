# SPDX-License-Identifier: Apache-2.0
"""What other people wrote (display names, reasons, addresses, an authority's own words) moved on the terminal of whoever listed
it: new lines, escape sequences of C1, text that turns its direction, characters that nobody sees. The door refuses most of it,
so here an authority answers that lets everything in."""
import json
import re
import struct
import subprocess
from concurrent import futures

import grpc
import pytest
import yaml
from google.protobuf import descriptor_pb2

from authority import MESSAGES
from command import CHANCERY

LINE = "FORGED content opened"
HOSTILE = f"a\n{LINE}\r\tb\u0085\u009b31m\u2028\u2029\u202e\u2066\u200b\u200d\u200f\u2060\ufeff\u00ad\u061c\U000e0041\u007fz"
# What a terminal, a pager or a person must not meet: C0 but line ends, DEL, C1, and what can't be seen.
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e00ff]")
CONTENT = "0190a2b4-0000-7000-8000-000000000001"

# Every verb that prints an answer, with operands that come as far as the call.
VERBS = ["approval list", f"approval show {CONTENT}", f"approval approve {CONTENT}", "approval require none", "boundary list",
         "boundary show x", "boundary create x --suite p256", "boundary update x --display-name y",
         "boundary rule x y native", "partner list", "partner propose x", f"partner accept {CONTENT}",
         f"partner withdraw {CONTENT}", "super-user list", "component list", f"component get {CONTENT}",
         f"component update {CONTENT} --sender-domain y.example", "issuer list", f"issuer get {CONTENT}", "issuer test -f TOKEN",
         f"issuer mappings {CONTENT}", "template list", f"template show {CONTENT}", "template create -f EMPTY",
         f"template archive {CONTENT}", "tenant list", "tenant get x", "tenant create --boundary b x",
         "tenant add-domain example.org", "tenant verify-domain example.org", "tenant exclusions",
         "tenant exclude --user x@example.org", "directory list users", "directory list groups",
         "directory list members g@example.org", "directory resolve x@example.org", "directory put-user x@example.org",
         "audit query", f"track {CONTENT}", f"revoke {CONTENT}", f"restore {CONTENT}", f"amend {CONTENT} --expires never",
         "delivery --sender a@example.org b@example.org", "inspect SEALED", "open SEALED OUT",
         "protect --encrypt-only --recipient b@example.org SEALED OUT"]


def fill(message, approval_id):
    """Hostile text into every string field, at whatever depth."""
    for field in message.DESCRIPTOR.fields:
        is_list = field.label == field.LABEL_REPEATED
        if field.type == field.TYPE_MESSAGE:
            inner = getattr(message, field.name).add() if is_list else getattr(message, field.name)
            inner.SetInParent()
            if field.message_type.full_name.startswith("google."):
                inner.seconds = 1
            else:
                fill(inner, approval_id)
            continue
        value = {field.TYPE_STRING: HOSTILE, field.TYPE_BYTES: b"\x01" * 32, field.TYPE_BOOL: True}.get(field.type, 1)
        if field.name == "next_page_token":
            value = ""
        if field.name == "approval_id" and message.DESCRIPTOR.name.endswith("Response"):
            value = approval_id
        if is_list:
            getattr(message, field.name).append(value)
        else:
            setattr(message, field.name, value)


def details():
    """google.rpc.Status with every text that a refusal may have, hostile; by its wire format, so that it stays what the field
    has, whatever our own copy of these messages is."""
    def text(number, value):
        data = value if isinstance(value, bytes) else value.encode()
        return bytes([number << 3 | 2]) + varint(len(data)) + data

    def varint(value):
        out = b""
        while value > 0x7f:
            out, value = out + bytes([value & 0x7f | 0x80]), value >> 7
        return out + bytes([value])

    def packed(name, data):
        return text(3, text(1, f"type.googleapis.com/google.rpc.{name}") + text(2, data))

    info = text(1, HOSTILE) + text(2, "chancery") + text(3, text(1, HOSTILE) + text(2, HOSTILE))
    bad = text(1, text(1, HOSTILE) + text(2, HOSTILE))
    localized = text(1, "en") + text(2, HOSTILE)
    return b"\x08\x07" + packed("ErrorInfo", info) + packed("BadRequest", bad) + packed("LocalizedMessage", localized)


class Hostile(grpc.GenericRpcHandler):
    """An authority whose answers are all hostile."""
    approval_id, refuses = "", False

    def service(self, handler_call_details):
        path = handler_call_details.method.removeprefix("/chancery.v1.")
        request_type, response_type = MESSAGES.method(path)

        def answer(_, context):
            if self.refuses:
                context.set_trailing_metadata((("grpc-status-details-bin", details()),))
                context.abort(grpc.StatusCode.PERMISSION_DENIED, HOSTILE)
            response = response_type()
            fill(response, self.approval_id)
            return response

        return grpc.unary_unary_rpc_method_handler(answer, request_type.FromString, response_type.SerializeToString)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    handler = Hostile()
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    handler.folder = folder
    header = MESSAGES("chancery.internal.v1.LicenseHeader")(
        authority_url="https://rms.example", boundary="commercial", tenant_id=b"t" * 16, content_id=b"c" * 16, key_version=1)
    license_ = MESSAGES("chancery.internal.v1.PublishingLicense")(
        version=1, header=header.SerializeToString(), sealed=b"\x01" * 256).SerializeToString()
    (folder / "SEALED").write_bytes(b"CHANCERY\x01\0\0\0" + struct.pack(">II", 65536, len(license_)) + b"s" * 16 + license_)
    (folder / "TOKEN").write_text("a.b.c\n")
    (folder / "EMPTY").write_text("{}\n")
    (folder / "profile.yaml").write_text(json.dumps({"server": f"http://127.0.0.1:{port}"}))
    yield handler
    server.stop(None)


def run(hostile, verb, *more):
    words = verb.split()
    at = next((i for i, word in enumerate(words[1:], 1) if word.startswith("-") or word.isupper()), len(words))
    done = subprocess.run([CHANCERY, *words[:at], "--profile", "profile.yaml", *words[at:], *more], cwd=hostile.folder,
                          capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check(output, verb):
    assert not BAD.search(output), (verb, ascii(output))
    assert LINE not in {line.strip() for line in output.splitlines()}, (verb, output)


@pytest.mark.parametrize("verb", VERBS)
def test_answer_forged_lines(hostile, verb):
    hostile.refuses, hostile.approval_id = False, ""
    code, out, errors = run(hostile, verb)
    check(out, verb)
    check(errors, verb)
    assert code in (0, 1, 3) and "usage" not in errors, errors
    told_by = ("approve", "accept", "withdraw", "archive", "require", "revoke", "restore", "exclude", "put-user", "amend")
    assert r"\u202e" in out or code != 0 or any(word in verb for word in told_by), (verb, out)


@pytest.mark.parametrize("verb", VERBS)
def test_waiting_act_forged_lines(hostile, verb):
    hostile.refuses, hostile.approval_id = False, HOSTILE
    for output in run(hostile, verb)[1:]:
        check(output, verb)


@pytest.mark.parametrize("verb", VERBS)
def test_refusal_forged_lines(hostile, verb):
    hostile.refuses = True
    code, out, errors = run(hostile, verb)
    check(out, verb)
    check(errors, verb)
    assert code == 3 and errors.count(r"\u202e") >= 5, errors


def texts(value):
    if isinstance(value, dict):
        return [text for inner in value.values() for text in texts(inner)]
    return [text for inner in value for text in texts(inner)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if " -f " not in verb and not verb.startswith(("open", "protect"))])
def test_json_moved_on_the_terminal(hostile, verb):
    """And yet its reader gets every character."""
    hostile.refuses, hostile.approval_id = False, ""
    code, out, errors = run(hostile, verb, "-o", "json")
    if "there is no option -o" in errors or code != 0:
        return check(out + errors, verb)
    check(out, verb)
    lines = out.splitlines() if verb.startswith("directory list") else [out]
    without_texts = out.strip() in ("", "{}", verb.split()[0] + "d") or verb.startswith(("amend", "revoke"))
    assert without_texts or HOSTILE in [text for line in lines for text in texts(json.loads(line))]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if " -f " not in verb and not verb.startswith(("open", "protect"))])
def test_yaml_moved_on_the_terminal(hostile, verb):
    hostile.refuses, hostile.approval_id = False, ""
    code, out, errors = run(hostile, verb, "-o", "yaml")
    check(out + errors, verb)
    without_texts = out.strip() in ("", "{}", "[]", verb.split()[0] + "d") or verb.startswith(("amend", "revoke"))
    assert code != 0 or without_texts or HOSTILE in [text for document in yaml.safe_load_all(out) for text in texts(document)]


@pytest.mark.parametrize("arguments", [["open", "--profile", HOSTILE, "x"], ["open", "--profile", "profile.yaml", HOSTILE],
                                       ["protect", "--profile", "profile.yaml", "--encrypt-only", HOSTILE],
                                       [HOSTILE], ["open", f"--{HOSTILE}", "x"], ["tenant", HOSTILE],
                                       ["tenant", "list", "--profile", "profile.yaml", HOSTILE],
                                       ["amend", "--profile", "profile.yaml", CONTENT, "--set", HOSTILE],
                                       ["amend", "--profile", "profile.yaml", CONTENT, "--expires", HOSTILE],
                                       ["migrate", "--database", "host=/nonexistent", "--platform-admin-cert", HOSTILE],
                                       ["token", "--folder", HOSTILE, "x@example.org"],
                                       ["component", "prove", "--authority", "https://a", "--name", "x", "--certificate",
                                        HOSTILE, "--key", "x"],
                                       ["doctor", "--config", HOSTILE], ["doctor", "--database", HOSTILE]],
                         ids=lambda arguments: " ".join(arguments)[:12].strip())
def test_name_of_a_file_forged_lines(hostile, arguments):
    """A file's name is its maker's, and a shell's star takes it."""
    done = subprocess.run([CHANCERY, *arguments], cwd=hostile.folder, capture_output=True, check=False, timeout=60)
    assert done.returncode in (1, 2)
    check(done.stdout.decode() + done.stderr.decode(), arguments)
