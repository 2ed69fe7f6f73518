# SPDX-License-Identifier: Apache-2.0
"""The package of .proto files served our own build: partial copies of google/rpc and grpc/* under their names, which Go
programs panic over ("already registered") and which hid Python's official module; no packages of languages; nothing that
says which fields a request must have; messages of configuration files in server reflection; keys in JSON as bytes; rights
and channels as texts; an error domain that anybody may have."""
import glob
import hashlib
import os
import re
import subprocess
import sys

import grpc
import pytest
from google.protobuf import descriptor_pb2

from authority import BUILD, MESSAGES, Refused
from methods import BUILT, caller_of, request_of
from stock import Stock

ROOT = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
DOMAIN = "org.chancery.authority"
PUBLIC = sorted(glob.glob(f"{ROOT}/proto/chancery/v1/*.proto"))
# Git's own hashes of the files as googleapis (as released in googleapis-common-protos 1.66.0) and grpc-proto have them.
OFFICIAL = {
    "google/api/field_behavior.proto": "2865ba05373934fa0a9aa57ee9dd1533b0116d36",
    "google/rpc/code.proto": "ba8f2bf9eb2139543fcb8bbfe1acc33240b4475c",
    "google/rpc/error_details.proto": "c06afd48059f6e9c42512fbb7bf9e6bd2f1c9608",
    "google/rpc/status.proto": "90b70ddf9178d2ff904464359312bb32948360a4",
    "grpc/health/v1/health.proto": "288ce7c9ec4bef7eb99d169b3ec01573946cfe98",
    "grpc/reflection/v1/reflection.proto": "1a2ceedc3d2810d317cf8c7f1bada0852b2d603c",
    "grpc/reflection/v1alpha/reflection.proto": "e8384db373b22ba6674ba51ac01d89512828ca52",
}
# Required, but told by a reason of its own.
OWN_REASONS = {("KeyService/ExportKeys", "recipient_public_jwk"): "CLIENT_KEY_INVALID",
               ("LicensingService/AcquireLicense", "publishing_license"): "LICENSE_MALFORMED",
               ("LicensingService/InspectContent", "publishing_license"): "LICENSE_MALFORMED",
               ("LicensingService/PreLicense", "publishing_license"): "LICENSE_MALFORMED",
               ("LicensingService/AcquireLicense", "client_public_jwk"): "CLIENT_KEY_INVALID",
               ("PublishingService/Protect", "client_public_jwk"): "CLIENT_KEY_INVALID",
               ("PublishingService/Republish", "publishing_license"): "LICENSE_MALFORMED",
               ("PublishingService/Republish", "client_public_jwk"): "CLIENT_KEY_INVALID",
               ("SignalService/ReceiveSignal", "security_event_token"): "TOKEN_MALFORMED",
               ("PublishingService/Answer", "publishing_license"): "LICENSE_MALFORMED",
               ("PublishingService/Answer", "client_public_jwk"): "CLIENT_KEY_INVALID"}
# Refused, but required only beside what the request of the catalogue says, or leaves out.
CONDITIONAL = {
    ("AuditService/Export", "filter.start_time"): "of a filter that Query has, too",
    ("ComponentService/CreateComponent", "component.certificate_sha256"): "or a subject of tokens",
    ("DirectoryService/ImportDirectory", "users"): "or groups, or members",
    ("IssuerService/CreateIssuer", "issuer.tenant"): "of a tenant's issuer",
    ("IssuerService/CreateIssuer", "issuer.jwks_json"): "or an address",
    ("PublishingService/Protect", "do_not_forward"): "or another policy",
    ("PublishingService/Protect", "owner"): "of a gateway without a user",
    ("PublishingService/Protect", "recipients"): "with a policy that speaks of them",
    ("PublishingService/Republish", "do_not_forward"): "or another policy",
    ("PublishingService/Republish", "recipients"): "with a policy that speaks of them",
    ("PublishingService/AmendPolicy", "content_id"): "or the license",
    ("PublishingService/AmendPolicy", "add_recipients"): "or another change",
    ("BrandingService/RenderWrapper", "sender"): "of whoever is no user",
    ("ScimService/ChangeUser", "exchange.body"): "of every verb but DELETE",
    ("ScimService/ChangeGroup", "exchange.body"): "of every verb but DELETE",
    ("DeviceService/DeleteDevice", "address"): "of whoever is no user",
    ("IssuerService/ListTenantMappings", "issuer_id"): "or a tenant",
    ("MailFlowService/ReorderRules", "rule_ids"): "or names of rules",
    ("TenantService/AddExclusion", "application"): "or a user, or a platform",
    ("TenantService/RemoveExclusion", "application"): "or a user, or a platform",
    ("TenantService/AddDenial", "denial.domain"): "or a tenant",
    ("TenantService/RemoveDenial", "denial.domain"): "or a tenant",
    ("SignalService/AddSignalTransmitter", "transmitter.jwks_json"): "or an address",
    ("SignalService/ClearSignaledPerson", "subject.email"): "or a subject of tokens",
    ("TenantService/GetTenant", "tenant"): "of a platform admin",
    ("TenantService/AddDomain", "tenant"): "of a platform admin",
    ("TenantService/VerifyDomain", "tenant"): "of a platform admin",
    ("TenantService/RemoveDomain", "tenant"): "of a platform admin",
    ("TrackingService/GetContent", "content_id"): "or the license",
    ("TrackingService/ListAccess", "content_id"): "or the license",
    ("TrackingService/Revoke", "content_id"): "or the license",
    ("TrackingService/Restore", "content_id"): "or the license",
    ("TrackingService/SetNotification", "content_id"): "or the license",
}


@pytest.fixture(scope="module")
def authority_options(dns):
    return {"config": dns.config}


@pytest.fixture(scope="module")
def stock(world, dns):
    return Stock(world, 12, dns)


def descriptors():
    with open(f"{BUILD}/proto/gen/chancery.binpb", "rb") as file:
        return descriptor_pb2.FileDescriptorSet.FromString(file.read()).file


# --- files of others ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OFFICIAL)
def test_files_of_others_were_edited(name):
    with open(f"{ROOT}/third_party/{name}", "rb") as file:
        text = file.read()
    assert hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest() == OFFICIAL[name]  # as `git hash-object` does


def test_a_partial_copy_lay_beside_our_own():
    found = {os.path.relpath(path, f"{ROOT}/third_party") for path in
             glob.glob(f"{ROOT}/third_party/**/*.proto", recursive=True)}
    assert found == set(OFFICIAL)
    ours = glob.glob(f"{ROOT}/proto*/**/*.proto", recursive=True)
    assert ours and all("/chancery/" in path for path in ours)


# --- packages of languages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLIC, ids=os.path.basename)
def test_a_file_named_no_package(path):
    with open(path, encoding="utf-8") as file:
        options = dict(re.findall(r"^option (\w+) = (.*);$", file.read(), re.M))
    assert re.fullmatch(r'"[\w./]+/v1;chanceryv1"', options["go_package"])
    assert options["java_multiple_files"] == "true" and options["java_package"] == '"org.chancery.v1"'
    assert options["java_outer_classname"].endswith('Proto"') and options["csharp_namespace"] == '"Chancery.V1"'


def test_python_had_two_modules_of_one_name(tmp_path):
    """What protoc makes of our own files asks for the official modules, and has none of its own under their names."""
    include = [f"-I{ROOT}/proto", f"-I{ROOT}/third_party"]
    subprocess.run(["protoc", *include, f"--python_out={tmp_path}", *PUBLIC], check=True)
    assert os.listdir(tmp_path) == ["chancery"]
    official = tmp_path / "official"  # stands for the package googleapis-common-protos
    official.mkdir()
    subprocess.run(["protoc", *include, f"--python_out={official}", "google/api/field_behavior.proto",
                    "google/rpc/status.proto", "google/rpc/error_details.proto"], check=True)
    program = ("import google, sys\n"
               "google.__path__.append(sys.argv[1] + '/google')\n"
               "from google.rpc import error_details_pb2\n"
               "from chancery.v1 import licensing_pb2, publishing_pb2\n"
               "error_details_pb2.ErrorInfo(metadata={'a': 'b'})\n"
               "assert licensing_pb2.AcquireLicenseRequest(client_public_jwk='{}').client_public_jwk == '{}'\n")
    subprocess.run([sys.executable, "-c", program, str(official)], check=True,
                   env=dict(os.environ, PYTHONPATH=str(tmp_path)))


# --- what clients are shown ---------------------------------------------------------------------------------


def test_descriptor_set_had_no_comments():
    files = {file.name: file for file in descriptors()}
    assert {"google/protobuf/timestamp.proto", "google/api/field_behavior.proto", "chancery/v1/licensing.proto",
            "google/rpc/error_details.proto"} <= set(files)
    file = files["chancery/v1/licensing.proto"]
    comments = [place.leading_comments for place in file.source_code_info.location]
    assert any("exactly as it came with the content" in comment for comment in comments)
    assert not any(name.startswith(("chancery/config", "chancery/internal")) for name in files)


def test_installation_had_no_interface(tmp_path):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", str(tmp_path)], check=True, capture_output=True)
    share = tmp_path / "share/chancery"
    assert (share / "chancery.binpb").read_bytes() == open(f"{BUILD}/proto/gen/chancery.binpb", "rb").read()
    out = tmp_path / "python"
    out.mkdir()
    subprocess.run(["protoc", f"-I{share}/proto", f"-I{share}/third_party", f"--python_out={out}",
                    "chancery/v1/licensing.proto"], check=True)
    assert not list(share.glob("**/config.proto")) and not list(share.glob("**/CMakeLists.txt"))


def reflect(world, **question):
    """Names of the files, or the error, that server reflection answers with."""
    request_type = MESSAGES("grpc.reflection.v1.ServerReflectionRequest")
    response_type = MESSAGES("grpc.reflection.v1.ServerReflectionResponse")
    stub = world.a.channel().stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                           request_type.SerializeToString, response_type.FromString)
    answer = next(stub(iter([request_type(**question)]), timeout=10))
    return ({descriptor_pb2.FileDescriptorProto.FromString(data).name for data in
             answer.file_descriptor_response.file_descriptor_proto} or answer.error_response.error_code)


@pytest.mark.parametrize("symbol", ["chancery.config.v1.Config", "chancery.internal.v1.SealedPolicy",
                                    "chancery.config.v1.Profile"])
def test_reflection_showed_what_no_client_sees(world, symbol):
    assert reflect(world, file_containing_symbol=symbol) == grpc.StatusCode.NOT_FOUND.value[0]


@pytest.mark.parametrize("name", ["chancery/config/v1/config.proto", "chancery/internal/v1/sealed.proto"])
def test_reflection_had_the_files_too(world, name):
    assert reflect(world, file_by_filename=name) == grpc.StatusCode.NOT_FOUND.value[0]
    assert "chancery/v1/common.proto" in reflect(world, file_containing_symbol="chancery.v1.LicensingService")


def test_domain_of_errors_was_anybodys(world):
    with pytest.raises(grpc.RpcError) as caught:
        world.a.channel().unary_unary("/chancery.v1.TenantService/GetTenant")(b"", timeout=10)
    status = MESSAGES("google.rpc.Status").FromString(
        dict(caught.value.trailing_metadata())["grpc-status-details-bin"])
    info = MESSAGES("google.rpc.ErrorInfo").FromString(status.details[0].value)
    assert info.domain == DOMAIN and info.metadata["request_id"]


# --- texts that had a type ----------------------------------------------------------------------------------


def test_keys_were_bytes_and_rights_were_texts():
    kinds = {}
    for file in descriptors():
        for message in file.message_type if file.package == "chancery.v1" else ():
            kinds.update({(message.name, field.name): field for field in message.field})
    for (message, name), field in kinds.items():
        if name.endswith("jwk"):
            assert field.type == field.TYPE_STRING, f"{message}.{name}"
        if name in ("rights", "channel", "power"):
            assert field.type == field.TYPE_ENUM, f"{message}.{name}"
    assert sum(name.endswith("jwk") for _, name in kinds) >= 8


def test_key_of_several_lines_is_taken(world):
    made = world.protect()
    key = world.reader.public.replace(",", ",\r\n\t")
    assert world.acquire(made, world.bob, client_public_jwk=key).use_license
    with pytest.raises(Refused) as caught:
        world.acquire(made, world.bob, client_public_jwk=key + "\0")
    assert caught.value.code == "INVALID_ARGUMENT"


# --- what a request must have -------------------------------------------------------------------------------


def behaviors(path, field):
    """The field behaviors of a request's field, `issuer.kind`."""
    options = MESSAGES("google.protobuf.FieldOptions")
    extension = MESSAGES.pool.FindExtensionByName("google.api.field_behavior")
    message = MESSAGES.method(path)[0].DESCRIPTOR
    for name in field.split("."):
        found = message.fields_by_name[name]
        message = found.message_type
    said = options.FromString(found.GetOptions().SerializeToString()).Extensions[extension]
    return {extension.enum_type.values_by_number[number].name for number in said}


def without(request, field):
    first, _, second = field.partition(".")
    less = {name: value for name, value in request.items() if name != first}
    return {**less, first: without(request[first], second)} if second else less


def fields_of(request):
    for name, value in request.items():
        yield name
        if isinstance(value, dict) and name != "update_mask":
            yield from (f"{name}.{inner}" for inner in value)


@pytest.mark.parametrize("method", BUILT, ids=lambda method: method.path)
def test_required_fields_were_not_said(world, stock, method):
    """Without a REQUIRED field a request is refused, and told which one; without another it isn't."""
    is_update = method.path.partition("/")[2].startswith("Update")
    for field in fields_of(request_of(stock, method)):
        try:
            world.call(method.path, without(request_of(stock, method), field), **caller_of(stock, method))
            refusal = None
        except Refused as error:
            refusal = error
        place = (method.path, field)
        said = behaviors(method.path, field)
        if is_update and "OUTPUT_ONLY" in said:  # the id that the server gave names what to change
            assert refusal.fields == [field]
        elif "REQUIRED" not in said:
            named = refusal is not None and refusal.fields
            assert not named or place in CONDITIONAL or is_update or field.startswith("expire_time."), (field, refusal)
        elif place in OWN_REASONS:
            assert refusal.reason == OWN_REASONS[place]
        elif not is_update or refusal is not None:  # what a mask leaves out stays as it was
            assert refusal is not None and (refusal.reason, refusal.fields) == ("FIELD_INVALID", [field]), field


def test_what_the_server_sets_is_not_taken_from_a_request(world):
    template = {"names": [{"language": "en", "text": "Ours"}], "grants": [{"principals": ["owner"], "rights": [1]}]}
    theirs = {"template_id": "01970000-0000-7000-8000-000000000001", "version": 99, "archived": True,
              "create_time": {"seconds": 1}}
    for field in theirs:
        assert behaviors("TemplateService/CreateTemplate", f"template.{field}") == {"OUTPUT_ONLY"}
    made = world.call("TemplateService/CreateTemplate", {"template": {**template, **theirs}},
                      world.contoso.admin).template
    assert made.template_id != theirs["template_id"] and made.version == 1 and made.create_time.seconds > 1
    for path, why in (("version", "set by the server"), ("tenant", "can't be changed")):
        with pytest.raises(Refused) as caught:
            world.call("TemplateService/UpdateTemplate", {
                "template": {"template_id": made.template_id}, "update_mask": {"paths": [path]}}, world.contoso.admin)
        assert caught.value.fields == ["update_mask.paths[0]"] and why in caught.value.violations[0].description
    assert behaviors("TemplateService/UpdateTemplate", "template.tenant") == {"IMMUTABLE"}


CHANGES = {"set by the server": {"OUTPUT_ONLY"}, "Methods of its own": {"OUTPUT_ONLY"}, "can't be changed": {"IMMUTABLE"}}
UPDATES = [method for method in BUILT if "update_mask" in method.request_type().DESCRIPTOR.fields_by_name]


@pytest.mark.parametrize("method", UPDATES, ids=lambda method: method.path)
def test_what_can_be_changed_was_not_said(world, stock, method):
    """By masks that name one field each, of every field of every resource."""
    request = request_of(stock, method)
    name = next(name for name in request if name != "update_mask")
    kinds = set()
    for field in method.request_type().DESCRIPTOR.fields_by_name[name].message_type.fields:
        try:
            world.call(method.path, {**request, "update_mask": {"paths": [field.name]}}, **caller_of(stock, method))
            why = ""
        except Refused as error:
            why = error.violations[0].description if error.fields == ["update_mask.paths[0]"] else ""
        expected = next((kind for words, kind in CHANGES.items() if words in why), set())
        assert field.name == "etag" or behaviors(method.path, f"{name}.{field.name}") - {"REQUIRED"} == expected, field.name
        kinds |= expected
    assert kinds == {"OUTPUT_ONLY"} if method.path == "MailFlowService/UpdateRule" else "IMMUTABLE" in kinds
