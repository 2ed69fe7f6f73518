# SPDX-License-Identifier: Apache-2.0
"""A whole authority for a test: private PostgreSQL, root key, TLS, the real chanceryd, and stock gRPC clients.

No code of ours on the client's side: messages are made from the descriptors of the published .proto files,
licenses are verified and keys unwrapped by python3-jwcrypto."""
import datetime
import hashlib
import ipaddress
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from jwcrypto import jwe, jwk, jws, jwt

from clusters import migrated_cluster
from postgres import Postgres
from waiting import eventually

BUILD = os.environ["CHANCERY_BUILD"]


class Messages:
    """Message classes by full name, from the descriptor set of the build."""

    def __init__(self):
        files = descriptor_pb2.FileDescriptorSet()
        with open(f"{BUILD}/proto/gen/chancery.pb", "rb") as file:
            files.ParseFromString(file.read())
        self.pool = descriptor_pool.DescriptorPool()
        for file in files.file:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)

    def __call__(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName(name))

    def method(self, path):
        service, method = path.split("/")
        found = self.pool.FindServiceByName(f"chancery.v1.{service}").methods_by_name[method]
        return (self.factory.GetPrototype(found.input_type), self.factory.GetPrototype(found.output_type))


MESSAGES = Messages()


def connected(stub, message, more):
    """A call by gRPC 1.51.1-6 of Debian 13, whose connect(2) says EINVAL now and then, of an address that is right. No server
    has part in that, so then it waits for the next attempt of the client."""
    try:
        return stub(message, **more)
    except grpc.RpcError as error:
        if "failed to connect" not in error.details() or "Invalid argument" not in error.details():
            raise
        return stub(message, **more, wait_for_ready=True)


class Refused(Exception):
    """A call that failed: gRPC code, reason and metadata of google.rpc.ErrorInfo, the sentences for people."""

    def __init__(self, error):
        super().__init__(f"{error.code()}: {error.details()}")
        self.code = error.code().name
        self.reason = self.sentence = ""
        self.metadata, self.fields, self.violations = {}, [], []
        self.details = {}  # of google.rpc.Status, by their names
        self.trailers = trailers = dict(error.trailing_metadata() or ())
        status = MESSAGES("google.rpc.Status").FromString(trailers.get("grpc-status-details-bin", b""))
        for detail in status.details:
            message = MESSAGES(detail.type_url.split("/")[-1]).FromString(detail.value)
            self.details[message.DESCRIPTOR.name] = message
            if message.DESCRIPTOR.name == "ErrorInfo":
                self.reason = message.reason
                self.metadata = dict(message.metadata)
            elif message.DESCRIPTOR.name == "LocalizedMessage":
                self.sentence = message.message
            elif message.DESCRIPTOR.name == "BadRequest":
                self.violations = list(message.field_violations)
                self.fields = [violation.field for violation in self.violations]

    @classmethod
    def of_item(cls, error):
        """The same of one item of a batch (ItemError)."""
        made = cls.__new__(cls)
        Exception.__init__(made, f"{error.code}: {error.message}")
        made.code = next(code.name for code in grpc.StatusCode if code.value[0] == error.code)
        made.reason, made.sentence = error.reason, error.message
        made.metadata = {pair.key: pair.value for pair in error.metadata}
        made.violations = list(error.field_violations)
        made.fields = [violation.field for violation in made.violations]
        return made


class Identity:
    """A key and certificate of a component, or of nobody (key None)."""

    def __init__(self, name):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.utcnow()
        certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                       .public_key(key.public_key()).serial_number(x509.random_serial_number())
                       .not_valid_before(now - datetime.timedelta(hours=1))
                       .not_valid_after(now + datetime.timedelta(hours=2))
                       .add_extension(x509.SubjectAlternativeName(
                           [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
                       .sign(key, hashes.SHA256()))
        self.name = name
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM)
        self.key = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption())
        self.fingerprint = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()


class Issuer:
    """An identity provider with one ES256 key."""

    def __init__(self, iss, audience="chancery"):
        self.iss, self.audience = iss, audience
        self.key = jwk.JWK.generate(kty="EC", crv="P-256", kid=secrets.token_hex(4))

    def jwks(self):
        return json.dumps({"keys": [self.key.export_public(as_dict=True)]})

    def token(self, email, **claims):
        now = int(time.time())
        body = {"iss": self.iss, "aud": self.audience, "iat": now, "exp": now + 600, "email": email, **claims}
        token = jwt.JWT(header={"alg": "ES256", "kid": self.key["kid"], "typ": "JWT"}, claims=body)
        token.make_signed_token(self.key)
        return token.serialize()


class Reader:
    """A client's key pair, and what it does with what it gets."""

    def __init__(self, **kind):
        self.key = jwk.JWK.generate(**(kind or {"kty": "EC", "crv": "P-256"}))
        self.public = self.key.export_public()

    def unwrap(self, compact):
        token = jwe.JWE()
        token.allowed_algs = ["ECDH-ES+A256KW", "RSA-OAEP-256", "A256GCM"]
        token.deserialize(compact, self.key)
        return token.payload


class Authority:  # pylint: disable=too-many-instance-attributes
    """durable: on a database as in production, for benchmarks; those of tests lie in memory.
    migrated: whether the database begins with our schema; `migrate` is needed all the same."""

    program = f"{BUILD}/server/daemon/chanceryd"

    def __init__(self, workers=2, env=None, listeners=(), durable=False, migrated=True):  # pylint: disable=R0913
        self.folder = tempfile.mkdtemp(prefix="chancery-e2e-")
        self.postgres = Postgres(migrated_cluster() if migrated else None, durable)
        self.server = Identity("server")
        self.admin = Identity("platform-admin")
        self.channels, self.lines, self.log, self.process = {}, {}, [], None
        self.address = self.cleartext = None
        self.env = dict(os.environ, **(env or {}))
        self.write("server.pem", self.server.certificate)
        self.write("server.key", self.server.key)
        self.write("admin.pem", self.admin.certificate)
        self.write("root.key", secrets.token_bytes(32))
        self.config = {
            "listeners": [{"address": "127.0.0.1:0", "tls": {"certificate_file": f"{self.folder}/server.pem",
                                                            "key_file": f"{self.folder}/server.key"}},
                          {"address": "127.0.0.1:0", "metrics": True}, *listeners],
            "database": {"conninfo": self.postgres.server_conninfo},
            "root_key": {"file": f"{self.folder}/root.key"},
            "authority_url": "https://rms.example.org",
            "workers": workers,
            "identity": {"allow_loopback": True},
            # Where nobody listens: what is mailed waits. Tests that read mails name another one.
            "mail_relay": {"address": "127.0.0.1:9", "tls": "none", "from": "no-reply@portal.example"},
            "limits": {"drain_ms": 3000},
        }

    def write(self, name, data):
        with open(os.open(f"{self.folder}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)

    def migrate(self):
        self.postgres.sql("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'server') THEN "
                          "CREATE ROLE server LOGIN; END IF; END $$")
        done = subprocess.run([f"{BUILD}/cli/chancery", "migrate", "--database", self.postgres.conninfo,
                               "--platform-admin-cert", f"{self.folder}/admin.pem"], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        self.postgres.sql("GRANT chancery_server TO server")

    def node_role(self, role, boundaries):
        """A database role that sees these boundaries only; the conninfo of a node that uses it."""
        done = subprocess.run([f"{BUILD}/cli/chancery", "migrate", "--database", self.postgres.conninfo, "--node-role",
                               role,
                               "--boundaries", boundaries], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return self.postgres.conninfo.replace("user=owner", f"user={role}")

    def node(self, env=None, **config):
        """Another node on the same database, with the same root key and certificate, configured otherwise."""
        other = Authority.__new__(Authority)
        other.__dict__.update(self.__dict__, channels={}, lines={}, log=[], process=None,
                              config={**self.config, **config},
                              env={**self.env, **(env or {})})
        return other

    def start_quietly(self):
        """For benchmarks: on a port of our choice, because a quiet log doesn't say which it is."""
        with socket.socket() as one, socket.socket() as other:
            for probe in (one, other):
                probe.bind(("127.0.0.1", 0))
            addresses = [f"127.0.0.1:{probe.getsockname()[1]}" for probe in (one, other)]
        for listener, address in zip(self.config["listeners"], addresses):
            listener["address"] = address
        self.address, self.cleartext = addresses
        self.write("chanceryd.yaml", json.dumps(self.config).encode())
        self.process = subprocess.Popen([self.program, "--config", f"{self.folder}/chanceryd.yaml"], stderr=subprocess.DEVNULL, env=self.env)
        eventually(self.is_ready, "chanceryd is ready", pause=0.05)

    def is_ready(self):
        try:
            return self.page("/readyz")[0] == 200
        except subprocess.CalledProcessError:
            return False

    def start(self, ready=True):
        self.write("chanceryd.yaml", json.dumps(self.config).encode())
        self.process = subprocess.Popen([self.program, "--config", f"{self.folder}/chanceryd.yaml"], stderr=subprocess.PIPE, text=True,
                                        env=self.env)
        threading.Thread(target=self._read_log, args=(self.process.stderr,), daemon=True).start()
        addresses = [self.wait_for_log("listening", n)["address"] for n in range(2)]
        self.address, self.cleartext = addresses[:2]
        for index in range(self.config["workers"] if ready else 0):
            self.wait_for_log("worker.ready", index)
        return self

    def _read_log(self, pipe):
        for line in pipe:
            try:
                self.log.append(json.loads(line))
            except json.JSONDecodeError:
                self.log.append({"event": "unparsed", "line": line})

    def logged(self, event, **fields):
        """The lines of the log of this event with these fields, so far: they come by a pipe."""
        return [line for line in self.log if line.get("event") == event and
                all(line.get(key) == value for key, value in fields.items())]

    def wait_for_log(self, event, index=0, timeout=20, **fields):
        def found():
            lines = self.logged(event, **fields)
            assert len(lines) > index or self.process.poll() is None or self.log, "chanceryd ended without a word"
            return lines[index:index + 1]

        return eventually(found, lambda: f"{event} {fields} in the log: {self.log[-20:]}", timeout)[0]

    def stop(self):
        """End by SIGTERM; a sanitizer's finding or a crash is a failure."""
        for channel in [*self.channels.values(), *(line for lines in self.lines.values() for line in lines)]:
            channel.close()
        self.channels, self.lines = {}, {}
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
            assert self.process.returncode == 0, self.log[-20:]
        unparsed = [line for line in self.log if line["event"] == "unparsed"]
        assert not unparsed, unparsed

    def close(self):
        try:
            self.stop()
        finally:
            self.postgres.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # --- calls ---

    def channel(self, who=None):
        name = who.name if who else ""
        if name not in self.channels:
            credentials = grpc.ssl_channel_credentials(self.server.certificate, who.key if who else None,
                                                       who.certificate if who else None)
            # The answer to a large batch is larger than the 4 MiB that clients take unless they are told.
            self.channels[name] = grpc.secure_channel(self.address, credentials, options=[
                ("grpc.max_receive_message_length", 16 * 1024 * 1024)])
        return self.channels[name]

    def call(self, path, request=None, who=None, token=None, user_token=None, **more):  # pylint: disable=R0913
        """Call `Service/Method` with a dict, as a component (mTLS), a user (token), or one for the other."""
        request_type, response_type = MESSAGES.method(path)
        message = request_type(**(request or {}))
        metadata = list(more.pop("metadata", ()))
        if token:
            metadata.append(("authorization", f"Bearer {token}"))
        if user_token:
            metadata.append(("x-chancery-user-token", user_token))
        stub = self.channel(who).unary_unary(f"/chancery.v1.{path}", request_type.SerializeToString,
                                             response_type.FromString)
        more = {"metadata": metadata, "timeout": more.pop("timeout", 20), **more}
        try:
            return connected(stub, message, more)
        except grpc.RpcError as error:
            raise Refused(error) from None

    # --- setting up by the API ---

    def tenant(self, name, boundary, domain):
        """A tenant with a verified domain, an issuer of its own and a tenant admin."""
        self.call("TenantService/CreateTenant", {"tenant": {"tenant": name, "boundary": boundary}}, self.admin)
        self.call("TenantService/AddDomain", {"tenant": name, "domain": domain}, self.admin)
        self.call("TenantService/VerifyDomain", {"tenant": name, "domain": domain, "asserted": True}, self.admin)
        issuer = Issuer(f"https://idp.{domain}")
        self.issuer(issuer, 1, tenant=name)
        return issuer, self.component(f"{name}-admin", 5, tenant=name)

    def issuer(self, issuer, kind, **more):
        self.call("IssuerService/CreateIssuer", {"issuer": {
            "kind": kind, "issuer": issuer.iss, "audiences": [issuer.audience], "algorithms": ["ES256"],
            "jwks_json": issuer.jwks(), "clock_skew_seconds": 30, **more}}, self.admin)

    def component(self, name, role, **more):
        identity = Identity(name)
        self.call("ComponentService/CreateComponent", {"component": {
            "name": name, "role": role, "certificate_sha256": [identity.fingerprint], **more}}, self.admin)
        return identity

    def audit(self, who=None, **filters):
        """What the log has of it, newest first: all pages."""
        found, token = [], None
        while token != "":
            page = self.call("AuditService/Query", {"filter": filters, "page_token": token or ""}, who or self.admin)
            found.extend(page.events)
            token = page.next_page_token
        return found

    def fetch(self, path, *headers):
        """GET a page over HTTP/2 by curl, with "name: value" headers: its status, headers and body."""
        options = [option for header in headers for option in ("-H", header)]
        done = subprocess.run(["curl", "-sS", "-m", "20", "--http2-prior-knowledge", "-D", "-", *options,
                               f"http://{self.cleartext}{path}"], capture_output=True, text=True, check=True)
        head, _, body = done.stdout.partition("\n\n")
        status, *lines = head.splitlines()
        return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body

    def issuer_pages(self, iss):
        """The metadata of an issuer of use licenses (RFC 8414 §3) and its keys, as any client finds them by `iss`."""
        host, _, path = iss.removeprefix("https://").partition("/")
        status, _, text = self.fetch(f"/.well-known/oauth-authorization-server/{path}")
        assert status == 200, (iss, status)
        metadata = json.loads(text)
        assert metadata["issuer"] == iss and metadata["jwks_uri"].startswith(f"https://{host}/"), metadata
        status, _, text = self.fetch(metadata["jwks_uri"].removeprefix(f"https://{host}"))
        assert status == 200, (metadata, status)
        return metadata, jwk.JWKSet.from_json(text)

    def page(self, path):
        done = subprocess.run(["curl", "-sS", "-m", "20", "--http2-prior-knowledge", "-w", "\n%{http_code}",
                               f"http://{self.cleartext}{path}"], capture_output=True, text=True, check=True)
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body

    def verify(self, license_, reader):
        """Verify a use license as any client would; its claims and the content key."""
        token = jws.JWS()
        token.deserialize(license_)
        header = json.loads(token.objects["protected"])
        assert header["typ"] == "use-license+jwt" and header["alg"] in ("ES256", "ES384"), header
        keys = self.issuer_pages(json.loads(token.objects["payload"])["iss"])[1]
        token.verify(keys.get_key(header["kid"]))
        claims = json.loads(token.payload)
        assert claims["cnf"]["jkt"] == reader.key.thumbprint()
        return claims, reader.unwrap(claims["key"])


def new_id():
    return str(uuid.uuid4())
