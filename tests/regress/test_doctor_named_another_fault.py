# SPDX-License-Identifier: Apache-2.0
"""On 11 of 15 broken set-ups `chancery doctor` said that all was well, or named another fault: it looked at few files,
took a missing GRANT for a missing migration, and left the rest to the log. `chanceryd --check-config` looked at none of
the files that a configuration names."""
import copy
import datetime
import ipaddress
import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile

import psycopg2
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from authority import BUILD, Identity
from build_kind import is_sanitized
from clusters import migrated_cluster
from command import CHANCERY, profile, with_certificate, with_token
from postgres import Postgres, program
from waiting import eventually

DAY = datetime.timedelta(days=1)
HOST = "rms.example.org"


def certificate(begin=-DAY, end=90 * DAY, names=(HOST,), encryption=serialization.NoEncryption(), common_name="server",
                usage=x509.ExtendedKeyUsageOID.SERVER_AUTH):
    """A server's certificate, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.utcnow()
    alternatives = [x509.DNSName(name) for name in names] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now + begin).not_valid_after(now + end)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False).sign(key, hashes.SHA256()))
    return (made.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))


class Patient:
    """An installation that is in order but for what a test breaks. Its server does not run."""

    def __init__(self, postgres, root_key, settings):
        self.folder = tempfile.mkdtemp(prefix="chancery-doctor-")
        self.postgres = postgres
        self.pair = certificate()
        self.put("server.pem", self.pair[0])
        self.put("server.key", self.pair[1])
        self.put("root.key", root_key)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.config = {"listeners": [{"address": f"127.0.0.1:{port}",
                                      "tls": {"certificate_file": self.path("server.pem"),
                                              "key_file": self.path("server.key")}},
                                     {"address": f"unix:{self.folder}/s"}],
                       "database": {"conninfo": postgres.server_conninfo}, "root_key": {"file": self.path("root.key")},
                       "authority_url": f"https://{HOST}:8443", **copy.deepcopy(settings)}

    def path(self, name):
        return f"{self.folder}/{name}"

    def put(self, name, data, mode=0o600):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def write(self):
        return self.put("chanceryd.yaml", json.dumps(self.config).encode(), 0o644)

    def ask(self, prefix=(), env=None):
        """Check: (result, reason, what, why, next), of those that are neither well nor skipped."""
        done = subprocess.run([*prefix, CHANCERY, "doctor", "--config", self.write(), "-o", "json"], capture_output=True,
                              text=True, check=False, timeout=60, env=env)
        told = json.loads(done.stdout)
        bad = {entry["check"]: entry for entry in told["checks"] if entry["result"] not in ("ok", "skipped")}
        failed = [entry for entry in bad.values() if entry["result"] == "failed"]
        assert told["healthy"] == (not failed) and done.returncode == (1 if failed else 0), (done.stdout, done.stderr)
        for entry in bad.values():
            assert entry["what"].endswith(".") and entry["next"].endswith("."), entry
        return bad

    def fault(self, check, reason, *why, **how):
        """Exactly this is wrong, beside that the server does not run."""
        bad = self.ask(**how)
        bad.pop("server", None)
        assert set(bad) == {check}, bad
        assert bad[check]["reason"] == reason, bad
        for word in why:
            assert word in bad[check]["why"], bad
        return bad[check]

    def refused_by_check_config(self, reason):
        done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", self.write(), "--check-config"],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 78 and reason in done.stderr and "is valid" not in done.stdout, done


@pytest.fixture(scope="module")
def postgres(authority):
    """The database of a running authority: its root key has left its mark."""
    return authority.postgres


@pytest.fixture
def patient(authority, postgres):
    with open(f"{authority.folder}/root.key", "rb") as file:
        made = Patient(postgres, file.read(), {"limits": {"max_connections": 100}})
    yield made
    shutil.rmtree(made.folder)


def test_a_sound_one_lacks_its_server_only(patient):
    assert {check: entry["reason"] for check, entry in patient.ask().items()} == {"server": "SERVER_DOWN"}
    done = subprocess.run([f"{BUILD}/server/daemon/chanceryd", "--config", patient.write(), "--check-config"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == "" and "is valid" in done.stdout


# --- files: --check-config says the same -------------------------------------------------------------------------


def renew(**how):
    def broken(patient):
        pem, key = certificate(**how)
        patient.put("server.pem", pem)
        patient.put("server.key", key)
    return broken


def put(name, data, mode=0o600):
    return lambda patient: patient.put(name, data, mode)


def setting(section, field, value):
    def broken(patient):
        text = value.format(folder=patient.folder) if isinstance(value, str) else value
        patient.config.setdefault(section, {})[field] = text
    return broken


def listener(**fields):
    return lambda patient: patient.config["listeners"][0].update(fields)


def tls(field, value):
    return lambda patient: patient.config["listeners"][0]["tls"].update({field: value.format(folder=patient.folder)})


def pipe(name):
    def broken(patient):
        os.unlink(patient.path(name))
        os.mkfifo(patient.path(name), 0o600)
    return broken


FILES = {
    "certificate expired": (renew(end=-DAY / 2), "certificates", "CERTIFICATE_EXPIRED"),
    "certificate of tomorrow": (renew(begin=DAY), "certificates", "CERTIFICATE_NOT_YET_VALID"),
    "another key": (put("server.key", certificate()[1]), "certificates", "CERTIFICATE_KEY_MISMATCH"),
    "another name": (renew(names=("other.example",)), "certificates", "CERTIFICATE_NAME"),
    "the name is no alternative one": (renew(names=(), common_name=HOST), "certificates", "CERTIFICATE_NAME"),
    "for clients": (renew(usage=x509.ExtendedKeyUsageOID.CLIENT_AUTH), "certificates", "CERTIFICATE_PURPOSE"),
    "no certificate": (put("server.pem", b"hello\n"), "certificates", "CERTIFICATE_INVALID"),
    "no key": (put("server.key", b"hello\n"), "certificates", "CERTIFICATE_KEY_INVALID"),
    "a pipe for a certificate": (pipe("server.pem"), "certificates", "FILE_UNREADABLE"),
    "a pipe for a key": (pipe("server.key"), "certificates", "FILE_UNREADABLE"),
    "a pipe for a root key": (pipe("root.key"), "root key", "ROOT_KEY_UNREADABLE"),
    "a key with a passphrase": (renew(encryption=serialization.BestAvailableEncryption(b"x")), "certificates",
                                "CERTIFICATE_KEY_INVALID"),
    "a key for all": (lambda patient: os.chmod(patient.path("server.key"), 0o644), "certificates", "FILE_MODE"),
    "certificate is not there": (tls("certificate_file", "{folder}/none.pem"), "certificates", "FILE_UNREADABLE"),
    "key is not there": (tls("key_file", "{folder}/none.key"), "certificates", "FILE_UNREADABLE"),
    "authorities are not there": (tls("client_ca_file", "{folder}/none.pem"), "certificates", "FILE_UNREADABLE"),
    "no authorities": (tls("client_ca_file", "{folder}/root.key"), "certificates", "CA_INVALID"),
    "issuers' authorities are not there": (setting("identity", "ca_file", "{folder}/none"), "certificates",
                                           "FILE_UNREADABLE"),
    "no issuers' authorities": (setting("identity", "ca_file", "{folder}/server.key"), "certificates", "CA_INVALID"),
    "root key is not there": (setting("root_key", "file", "{folder}/none"), "root key", "ROOT_KEY_UNREADABLE"),
    "root key for all": (lambda patient: os.chmod(patient.path("root.key"), 0o640), "root key", "ROOT_KEY_MODE"),
    "root key cut": (put("root.key", b"x" * 31), "root key", "ROOT_KEY_INVALID"),
    "cleartext outside": (lambda patient: patient.config["listeners"].append({"address": "0.0.0.0:0"}), "addresses",
                          "ADDRESS_CLEARTEXT"),
    "one address twice": (lambda patient: patient.config["listeners"].append(patient.config["listeners"][1]), "addresses",
                          "ADDRESS_TWICE"),
    "a name for an address": (listener(address="localhost:8443"), "addresses", "ADDRESS_INVALID"),
    "a port beyond": (listener(address="127.0.0.1:70000"), "addresses", "ADDRESS_INVALID"),
    "no FIPS provider": (lambda patient: patient.config.update(crypto_properties="fips=yes"), "algorithms", "ALGORITHMS_MISSING"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_broken_file_was_well(patient, name):
    spoil, check, reason = FILES[name]
    spoil(patient)
    bad = patient.ask()
    assert set(bad) - {"server", "database key"} == {check}, bad
    assert bad[check]["reason"] == reason, bad
    patient.refused_by_check_config(bad[check]["reason"])


def test_a_link_to_the_root_key_was_too_many(patient):
    """Too many levels of symbolic links, of one."""
    os.rename(patient.path("root.key"), patient.path("other"))
    os.symlink(patient.path("other"), patient.path("root.key"))
    told = patient.ask()["root key"]
    assert told["reason"] == "ROOT_KEY_UNREADABLE" and "symbolic links are not followed" in told["why"]


def test_a_certificate_that_ends_soon_is_a_warning(patient):
    renew(end=3 * DAY)(patient)
    assert patient.fault("certificates", "CERTIFICATE_EXPIRES_SOON")["result"] == "warning"


def test_a_configuration_that_is_a_profile(patient, authority):
    patient.put("p.yaml", b"server: https://127.0.0.1:1\ntoken_file: x\n")
    done = subprocess.run([CHANCERY, "doctor", "--config", patient.path("p.yaml")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1 and "configuration  CONFIG_IS_PROFILE" in done.stdout
    patient.config["rootkey"] = {}
    assert patient.ask()["configuration"]["reason"] == "CONFIG_INVALID"


# --- the machine -------------------------------------------------------------------------------------------------


def test_a_taken_port_was_free(patient):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        patient.config["listeners"][0]["address"] = f"127.0.0.1:{stranger.getsockname()[1]}"
        patient.fault("ports", "PORT_TAKEN", patient.config["listeners"][0]["address"])


def test_another_authority_has_the_port(patient, authority):
    patient.config["authority_url"] = "https://elsewhere.example"
    renew(names=("elsewhere.example",))(patient)
    patient.config["listeners"][0]["address"] = authority.address
    patient.config["listeners"].append({"address": authority.cleartext})
    assert patient.ask()["ports"]["reason"] == "PORT_TAKEN"


def test_a_path_that_is_no_socket(patient):
    patient.put("s", b"")
    patient.fault("ports", "SOCKET_PATH", f"unix:{patient.folder}/s")
    patient.config["listeners"][1]["address"] = f"unix:{patient.folder}/none/s"
    patient.fault("ports", "SOCKET_PATH", f"{patient.folder}/none/s")


def test_an_address_of_another_machine(patient):
    patient.config["listeners"][0]["address"] = "192.0.2.1:8443"
    patient.fault("ports", "ADDRESS_NOT_HERE", "192.0.2.1:8443")


def limited(*limits):
    """Without the capabilities that pass over limits, where we have them."""
    drop = ["setpriv", "--bounding-set=-ipc_lock,-sys_resource", "--inh-caps=-ipc_lock,-sys_resource"]
    return ["prlimit", *limits, *(drop if os.geteuid() == 0 else []), "--"]


def test_an_address_of_a_link_was_a_path(patient):
    listener(address="[fe80::1]:8443")(patient)
    patient.fault("ports", "ADDRESS_NOT_HERE", "fe80::1")


@pytest.mark.skipif(is_sanitized(), reason="under AddressSanitizer mlock does nothing, and so never fails")
def test_memory_that_can_not_be_locked_was_well(patient):
    """4 MiB per worker; the rest was said by the log alone."""
    found = patient.fault("memory", "MEMORY_LOCK_LIMIT", "64 KiB", prefix=limited("--memlock=65536:65536"))
    assert "LimitMEMLOCK" in found["next"]


def test_few_descriptors_are_a_warning(patient):
    found = patient.fault("descriptors", "DESCRIPTOR_LIMIT", prefix=limited("--nofile=128:128"))
    assert found["result"] == "warning"


# --- the database ------------------------------------------------------------------------------------------------


def test_another_root_key_than_the_databases_was_well(patient):
    patient.put("root.key", os.urandom(32))
    patient.fault("database key", "ROOT_KEY_WRONG")


@pytest.fixture
def role(postgres):
    """A role that may connect, and no more."""
    postgres.sql("CREATE ROLE patient LOGIN CONNECTION LIMIT 5")
    yield postgres.conninfo.replace("user=owner", "user=patient")
    postgres.sql("DROP ROLE patient")


def test_a_missing_grant_was_told_as_a_missing_migration(patient, role):
    patient.config["database"]["conninfo"] = role
    found = patient.fault("schema", "DATABASE_GRANT_MISSING", "patient", "schema_migration")
    assert "GRANT chancery_server TO" in found["next"]


@pytest.mark.parametrize("take, give, what", [
    ("REVOKE INSERT ON audit FROM chancery_server", "GRANT INSERT ON audit TO chancery_server", "audit"),
    ("REVOKE SELECT ON tenant FROM chancery_server", "GRANT SELECT ON tenant TO chancery_server", "tenant"),
])
def test_one_missing_grant_was_well(patient, postgres, take, give, what):
    postgres.sql(take)
    try:
        patient.fault("privileges", "DATABASE_GRANT_MISSING", f"permission denied for table {what}")
    finally:
        postgres.sql(give)


def test_a_missing_table_was_well(patient, postgres):
    postgres.sql("ALTER TABLE super_user RENAME TO gone")
    try:
        patient.fault("privileges", "DATABASE_SCHEMA_DAMAGED", "super_user")
    finally:
        postgres.sql("ALTER TABLE gone RENAME TO super_user")


CONNECTIONS = {
    "another user": ("user=server", "user=nobody_here", "DATABASE_CREDENTIALS", "nobody_here"),
    "another database": ("dbname=postgres", "dbname=nothing", "DATABASE_UNKNOWN", "nothing"),
    "without tables": ("dbname=postgres", "dbname=template1", None, "template1"),
    "another folder": ("host=/", "host=/nowhere/", "DATABASE_DOWN", "/nowhere"),
    "nobody listens": ("host=", "port=1 hostaddr=127.0.0.1 host=x", "DATABASE_DOWN", "refused"),
    "no such host": ("host=", "host=nowhere.invalid options='' sslkey=", "DATABASE_HOST", "nowhere.invalid"),
}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_the_way_to_the_database_was_one_fault(patient, name):
    old, new, reason, why = CONNECTIONS[name]
    conninfo = patient.config["database"]["conninfo"]
    if name in ("nobody listens", "no such host"):
        patient.config["database"]["conninfo"] = new.split(" options")[0].replace("host=x", "") + " dbname=postgres"
    else:
        patient.config["database"]["conninfo"] = conninfo.replace(old, new)
    if reason:
        patient.fault("database", reason, why)
    else:
        patient.fault("schema", "DATABASE_EMPTY", why)


def test_why_had_lines_of_another_program(patient):
    conninfo = patient.config["database"]["conninfo"]
    for change in (("dbname=postgres", "dbname=nothing"), ("host=/", "host=/nowhere/")):
        patient.config["database"]["conninfo"] = conninfo.replace(*change)
        why = patient.ask()["database"]["why"]
        assert "\n" not in why and "LOCATION" not in why and why == why.strip(), why


def test_a_wrong_password_was_a_database_that_is_away(patient):
    other = Postgres(migrated_cluster(), durable=False)
    try:
        other.sql("CREATE ROLE server LOGIN PASSWORD 'right' IN ROLE chancery_server")
        hba = f"{other.folder}/data/pg_hba.conf"
        with open(hba, "w", encoding="ascii") as file:
            file.write("local all owner trust\nlocal all all scram-sha-256\n")
        other.sql("SELECT pg_reload_conf()")
        passfile = patient.put("pass", b"*:*:*:*:wrong\n")
        patient.config["database"]["conninfo"] = f"{other.server_conninfo} passfile={passfile}"
        patient.fault("database", "DATABASE_CREDENTIALS", "password authentication failed")
        patient.put("pass", b"*:*:*:*:right\n", 0o644)
        found = patient.ask()
        assert found["passfile"]["reason"] == "FILE_MODE" and found["database"]["reason"] == "DATABASE_CREDENTIALS"
        patient.put("pass", b"*:*:*:*:right\n")
        assert set(patient.ask()) == {"server"}
    finally:
        other.close()


def test_no_connection_left(patient, postgres):
    postgres.sql("CREATE ROLE few LOGIN CONNECTION LIMIT 0 IN ROLE chancery_server")
    try:
        patient.config["database"]["conninfo"] = postgres.conninfo.replace("user=owner", "user=few")
        patient.fault("database", "DATABASE_TOO_MANY_CONNECTIONS", "few")
    finally:
        postgres.sql("DROP ROLE few")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_was_well(patient):
    disk = tempfile.mkdtemp(prefix="chancery-disk-")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120m,mode=711", "tmpfs", disk], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        os.rmdir(disk)
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    was, tempfile.tempdir = tempfile.tempdir, disk
    try:
        other = Postgres(migrated_cluster(), durable=True)
        try:
            other.sql("CREATE ROLE server LOGIN IN ROLE chancery_server")
            patient.config["database"]["conninfo"] = other.server_conninfo
            assert set(patient.ask()) == {"server"}
            subprocess.run(f"cat /dev/zero > {disk}/full; true", shell=True, stderr=subprocess.DEVNULL, check=True)
            patient.fault("disk", "DATABASE_FULL", "No space left on device")
        finally:
            other.close()
    finally:
        tempfile.tempdir = was
        subprocess.run(["umount", "-l", disk], check=True)
        os.rmdir(disk)


def test_clocks_that_differ(patient, tmp_path):
    """The doctor's own clock is set an hour ahead."""
    source = tmp_path / "clock.c"
    source.write_text("#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <time.h>\n"
                      "int clock_gettime(clockid_t id, struct timespec *t) {\n"
                      "  int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, \"clock_gettime\");\n"
                      "  int done = real(id, t); if (id == CLOCK_REALTIME) t->tv_sec += 3600; return done; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", f"{tmp_path}/clock.so", source, "-ldl"], check=True)
    found = patient.ask(env={**os.environ, "LD_PRELOAD": f"{tmp_path}/clock.so",
                             "ASAN_OPTIONS": "verify_asan_link_order=0"})
    assert found["clock"]["reason"] == "CLOCK_SKEW" and "behind this machine's" in found["clock"]["why"]


def test_a_log_that_can_not_be_followed_was_well(patient, postgres):
    """A session of another role that writes hides when its transaction began."""
    postgres.sql("CREATE ROLE second_server LOGIN IN ROLE chancery_server")
    other = psycopg2.connect(postgres.conninfo.replace("user=owner", "user=second_server"))
    try:
        found = patient.fault("log", "LOG_UNSETTLED", "1 sessions or prepared transactions hide")
        assert found["result"] == "warning"
    finally:
        other.close()
        eventually(lambda: postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'second_server'") == "0", "it is gone")
        postgres.sql("DROP ROLE second_server")


@pytest.fixture
def said_at_start(authority):
    """What a node says of the database's standbys when it starts; the operator had to ask."""
    def start(promise, level):
        node = authority.node(workers=1)
        node.start()
        try:
            line = node.wait_for_log("node.replication")
            assert (line["promise"], line["level"]) == (promise, level) and line["what"].endswith("."), line
            return line
        finally:
            node.stop()
    return start


def test_a_standby_that_nobody_waits_for_was_well(patient, postgres, tmp_path, said_at_start):
    """A failover to it lost records and revocations that had been acknowledged. Whoever receives the write-ahead log is one."""
    assert said_at_start("single", "info")["standbys"] == 0
    standby = subprocess.Popen([program("pg_receivewal"), "-h", postgres.folder, "-U", "owner", "-D", tmp_path, "--synchronous"],
                               env={**os.environ, "PGAPPNAME": "second"}, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: postgres.sql("SELECT state FROM pg_stat_replication") == "streaming", "it follows")
        found = patient.fault("standbys", "STANDBY_ASYNCHRONOUS", "synchronous_standby_names is empty, and 1 follow, such as second")
        assert found["result"] == "warning"
        line = said_at_start("asynchronous", "warning")
        assert (line["reason"], line["standbys"]) == ("STANDBY_ASYNCHRONOUS", 1) and "such as second" in line["detail"]
        assert (line["what"], line["advice"]) == (found["what"], found["next"])
        postgres.sql("ALTER SYSTEM SET synchronous_standby_names = 'second'")
        postgres.sql("SELECT pg_reload_conf()")
        eventually(lambda: postgres.sql("SELECT sync_state FROM pg_stat_replication") == "sync", "it is synchronous")
        assert "standbys" not in patient.ask()
        assert said_at_start("synchronous", "info")["synchronous"] == "second"
    finally:
        postgres.sql("ALTER SYSTEM RESET synchronous_standby_names")
        postgres.sql("SELECT pg_reload_conf()")
        standby.terminate()
        standby.wait(10)


# --- the running server, and profiles ----------------------------------------------------------------------------


def running(authority, **config):
    other = authority.node(**config)
    other.write("doctor.yaml", json.dumps(other.config).encode())
    done = subprocess.run([CHANCERY, "doctor", "--config", f"{other.folder}/doctor.yaml", "-o", "yaml"],
                          capture_output=True, text=True, check=False)
    return {entry["check"]: entry for entry in yaml.safe_load(done.stdout)["checks"]}


def test_the_own_server_is_found_at_its_port(authority):
    """By TLS alone, and by the name that the certificate is for."""
    only = [{**authority.config["listeners"][0], "address": authority.address}]
    told = running(authority, listeners=only, authority_url="https://127.0.0.1")
    assert {told[check]["result"] for check in ("ports", "server")} == {"ok"}, told
    assert told["certificates"]["reason"] == "CERTIFICATE_EXPIRES_SOON"  # that of tests lives for hours
    pem, key = authority.server.certificate, authority.server.key
    other = Identity("server")
    try:
        authority.write("server.pem", other.certificate)
        authority.write("server.key", other.key)
        told = running(authority, listeners=only, authority_url="https://127.0.0.1")
        assert told["ports"]["reason"] in ("SERVER_OTHER_CERTIFICATE", "PORT_TAKEN")
    finally:
        authority.write("server.pem", pem)
        authority.write("server.key", key)


def doctor_of_profile(world, name):
    done = subprocess.run([CHANCERY, "doctor", "--profile", f"{world.a.folder}/{name}.yaml", "-o", "json"],
                          capture_output=True, text=True, check=False)
    told = [entry for entry in json.loads(done.stdout)["checks"] if entry["result"] == "failed"] or [{}]
    return (told[0].get("reason", "ok"), told[0].get("why", "")), done.returncode


def test_a_wrong_profile_was_nobodys_concern(world):
    with_certificate(world, "edge", world.gateway)
    with_token(world, "alice", world.alice)
    assert doctor_of_profile(world, "edge")[1] == doctor_of_profile(world, "alice")[1] == 0
    with_certificate(world, "stranger", Identity("stranger"))
    with_token(world, "nobody", "a.b.c")
    with_token(world, "empty", " ")
    profile(world, "neither")
    profile(world, "half", certificate_file=f"{world.a.folder}/edge.pem")
    profile(world, "other-key", certificate_file=f"{world.a.folder}/edge.pem", key_file=f"{world.a.folder}/server.key")
    profile(world, "no-token", token_file=f"{world.a.folder}/none")
    profile(world, "other-ca", token_file=f"{world.a.folder}/alice.token", ca_file=f"{world.a.folder}/edge.pem")
    profile(world, "elsewhere", token_file=f"{world.a.folder}/alice.token", server="https://127.0.0.1:1")
    profile(world, "no-server", token_file=f"{world.a.folder}/alice.token", server="ftp://127.0.0.1")
    profile(world, "misspelled", tokenfile="x")
    world.a.write("config.yaml", json.dumps(world.a.config).encode())
    for name, usage in (("client", x509.ExtendedKeyUsageOID.CLIENT_AUTH), ("server-only", x509.ExtendedKeyUsageOID.SERVER_AUTH)):
        pem, key = certificate(usage=usage)
        world.a.write(f"{name}.pem", pem)
        world.a.write(f"{name}.key", key)
        profile(world, name, certificate_file=f"{world.a.folder}/{name}.pem", key_file=f"{world.a.folder}/{name}.key")
    for name, reason in (("client", "AUTHORITY_REFUSED"), ("server-only", "CLIENT_CERTIFICATE_PURPOSE"),
                         ("stranger", "AUTHORITY_REFUSED"), ("nobody", "AUTHORITY_REFUSED"), ("empty", "TOKEN_INVALID"),
                         ("neither", "PROFILE_INVALID"), ("half", "PROFILE_INVALID"),
                         ("other-key", "CERTIFICATE_KEY_MISMATCH"), ("no-token", "FILE_UNREADABLE"),
                         ("other-ca", "AUTHORITY_UNREACHABLE"), ("elsewhere", "AUTHORITY_UNREACHABLE"),
                         ("no-server", "PROFILE_INVALID"), ("misspelled", "PROFILE_INVALID"),
                         ("config", "PROFILE_IS_CONFIG")):
        (found, why), code = doctor_of_profile(world, name)
        assert (found, code) == (reason, 1) and why, (name, found, why)
    os.chmod(f"{world.a.folder}/alice.token", 0o644)
    assert doctor_of_profile(world, "alice")[0][0] == "FILE_MODE"
    assert stat.S_IMODE(os.stat(f"{world.a.folder}/edge.key").st_mode) == 0o600
