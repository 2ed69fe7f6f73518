# SPDX-License-Identifier: Apache-2.0
"""The container's root, with the manifests of deploy/kubernetes as they stand there: keys, migration, probes, the end."""
import datetime
import os
import secrets
import shutil
import signal
import subprocess
import tempfile

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authority import BUILD
from pod import Network, Pod, missing
from postgres import Postgres
from waiting import eventually

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
KUBERNETES = f"{ROOT}/deploy/kubernetes"
ENTRYPOINT = ["/usr/bin/chanceryd"]
HOSTS = ["127.0.0.1 db.example.org rms.example.org"]
MISSING = missing()
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def pod_spec(path):
    return yaml.safe_load(read(f"{KUBERNETES}/{path}"))["spec"]["template"]["spec"]


class Signer:
    """A certification authority for one test."""

    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.pem = self._sign(self.name, self.key, x509.BasicConstraints(ca=True, path_length=None))

    def _sign(self, subject, key, extension):
        now = datetime.datetime.utcnow()
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
                .not_valid_after(now + datetime.timedelta(hours=2)).add_extension(extension, critical=False)
                .sign(self.key, hashes.SHA256()))
        return made.public_bytes(serialization.Encoding.PEM).decode()

    def pair(self, host):
        """A certificate for a host, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        text = self._sign(subject, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        return text, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()).decode()


class Database(Postgres):
    """Reached by TLS and passwords at db.example.org:5432 of a network of its own, as the manifests say."""

    def __init__(self, network):
        self.network = network
        super().__init__(durable=False)
        self.signer = Signer("database authority")
        for name, text in zip(("server.crt", "server.key"), self.signer.pair("db.example.org")):
            path = f"{self.folder}/data/{name}"
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
                file.write(text)
            shutil.chown(path, self.user)
        with open(f"{self.folder}/data/pg_hba.conf", "w", encoding="ascii") as file:
            file.write("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        self.sql("ALTER SYSTEM SET ssl = on")
        self.sql("SELECT pg_reload_conf()")
        self.passwords = {role: secrets.token_hex(16) for role in ("chancery", "chancery_migrate")}
        self._roles()

    def _as_user(self, argv):
        """All of it in that network; its sockets in the file system are for everybody."""
        more = ["-c", "listen_addresses=127.0.0.1", "-c", "port=5432"] if argv[0].endswith("/postgres") else []
        return self.network.within(super()._as_user([*argv, *more]))

    def _roles(self):
        """As docs/install.md says."""
        self.sql("CREATE ROLE chancery_owner NOLOGIN CREATEROLE")
        self.sql("CREATE ROLE chancery_server NOLOGIN")
        self.sql(f"CREATE ROLE chancery LOGIN PASSWORD '{self.passwords['chancery']}' IN ROLE chancery_server")
        self.sql(f"CREATE ROLE chancery_migrate LOGIN PASSWORD '{self.passwords['chancery_migrate']}' IN ROLE chancery_owner")
        self.sql("CREATE DATABASE chancery OWNER chancery_owner ENCODING UTF8 TEMPLATE template0")

    def secret(self, role):
        return {"pgpass": f"*:*:chancery:{role}:{self.passwords[role]}\n", "ca.crt": self.signer.pem}


class Cluster:
    """What the manifests need beside themselves, and what was made with it."""

    def __init__(self, folder):
        self.image = f"{folder}/image"
        done = subprocess.run([f"{ROOT}/deploy/container/make-root", BUILD, self.image], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.network = Network()
        self.database = Database(self.network)
        certificate, key = Signer("server authority").pair("rms.example.org")
        self.root_key = secrets.token_hex(32)
        self.secrets = {"chancery-root-key": {"root.key": f"{self.root_key}\n"},
                        "chancery-tls": {"tls.crt": certificate, "tls.key": key},
                        "chancery-database": self.database.secret("chancery"),
                        "chancery-database-owner": self.database.secret("chancery_migrate")}
        self.pods = []

    def pod(self, path):
        config = {"chancery-config": {"chanceryd.yaml": read(f"{KUBERNETES}/base/chanceryd.yaml")}}
        self.pods.append(Pod(pod_spec(path), self.image, self.network, self.secrets, config, HOSTS))
        return self.pods[-1]

    def migrate(self):
        pod = self.pod("migrate/migrate.yaml")
        pod.init()
        return pod.run(pod.spec["containers"][0])

    def close(self):
        for pod in self.pods:
            pod.close()
        self.database.close()
        self.network.close()


@pytest.fixture(name="cluster", scope="module")
def fixture_cluster():
    # Not pytest's folder, which is closed to others: the account of the image passes through it.
    folder = tempfile.mkdtemp(prefix="chancery-container-")
    os.chmod(folder, 0o755)
    try:
        made = Cluster(folder)
        try:
            done = made.migrate()
            assert done.returncode == 0, done.stderr
            yield made
        finally:
            made.close()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(name="server", scope="module")
def fixture_server(cluster):
    pod = cluster.pod("base/deployment.yaml")
    pod.init()
    pod.start(ENTRYPOINT)
    eventually(lambda: pod.probe("readinessProbe") == 200, pod.said, seconds=60)
    return pod


def test_migrating_again_does_nothing(cluster):
    done = cluster.migrate()
    assert done.returncode == 0, done.stderr


def test_probes_are_answered_in_each_protocol(server):
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        for version in ("--http1.1", "--http2"):
            assert server.probe(kind, version) == 200, (kind, version)


def test_it_runs_as_nobody_with_rights(server):
    status = server.status()
    assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"10001"}
    assert status["Groups"].split() == ["10001"]
    assert status["NoNewPrivs"] == "1" and int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    mounts = [line.split() for line in read(f"/proc/{server.first()}/mountinfo").splitlines()]
    options = [fields[5].split(",") for fields in mounts if fields[4] == "/"]
    assert options and "ro" in options[-1]


def test_keys_are_the_server_s_alone(server):
    for name in ("root.key", "tls.key", "tls.crt", "pgpass", "ca.crt"):
        there = os.lstat(f"{server.volumes['keys']}/{name}")
        assert (there.st_uid, oct(there.st_mode)) == (10001, "0o100400"), name


def test_doctor_is_content(server):
    done = server.execute("/usr/bin/chancery", "doctor", "--config", "/etc/chancery/chanceryd.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_metrics_are_on_their_own_port(server):
    status, body = server.network.get(9464, "/metrics")
    assert status == 200 and "chancery_build_info" in body
    assert server.network.get(8443, "/metrics")[0] == 404
    assert server.network.get(9464, "/.well-known/oauth-authorization-server")[0] == 404


def test_secrets_as_they_are_mounted_are_refused(cluster):
    """Why they are copied."""
    pod = cluster.pod("base/deployment.yaml")
    container = dict(pod.spec["containers"][0], volumeMounts=[{"name": "secrets", "mountPath": "/run/chancery", "readOnly": True},
                                                              {"name": "config", "mountPath": "/etc/chancery"}])
    done = pod.run(container, *ENTRYPOINT, *container["args"], "--check-config")
    assert done.returncode == 78 and "symbolic link" in done.stderr, done.stderr


def test_a_database_that_is_away_makes_it_not_ready_and_doesn_t_end_it(cluster, server):
    first = server.first()
    cluster.database.stop()
    eventually(lambda: server.probe("readinessProbe") == 503, server.said, seconds=60)
    assert server.probe("livenessProbe") == 200
    cluster.database.start()
    eventually(lambda: server.probe("readinessProbe") == 200, server.said, seconds=60)
    assert server.first() == first


def test_it_ends_in_time_when_it_is_told_to(cluster, server):
    os.kill(server.first(), signal.SIGTERM)
    assert server.process.wait(timeout=server.spec["terminationGracePeriodSeconds"]) == 0, server.said()
    said = server.said()
    for secret in (cluster.root_key, *cluster.database.passwords.values()):
        assert secret not in said
