/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's configuration: what is filled in, and what is refused with the name of the field. */
#include "chancery_test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

/* What must be there, in parts that a test may take out or write in another way. */
#define LISTENERS "listeners: [{address: '127.0.0.1:8443'}]\n"
#define DATABASE "database: {conninfo: 'host=/run/postgresql dbname=chancery'}\n"
#define ROOT_KEY "root_key: {file: /etc/chancery/root.key}\n"
#define URL "authority_url: https://rms.example.org:8443\n"
#define REST LISTENERS ROOT_KEY URL
#define GOOD REST DATABASE

static struct arena *arena;
static struct err err;
static char path[256];

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(8 << 20);
    temporary_path(path, sizeof path, "chancery-conf-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    arena_free(arena);
    return 0;
}

static void write_bytes(const char *text, size_t len)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static rc load(const char *text, Conf **conf)
{
    write_bytes(text, strlen(text));
    return conf_load(arena, path, conf, &err);
}

/* --- what is filled in -------------------------------------------------------------------------- */

static void what_is_not_said_has_a_default(void **state)
{
    (void)state;
    Conf *c;
    assert_ok(load(GOOD, &c), &err);
    assert_in_range(c->workers, 1, CONF_WORKERS_MAX);
    assert_string_equal(c->log->format, "json");
    assert_string_equal(c->log->level, "info");
    assert_int_equal(c->database->statement_timeout_ms, 5000);
    assert_int_equal(c->database->gate_connections, 2);
    assert_int_equal(c->limits->max_connections, 20000);
    assert_int_equal(c->limits->max_streams, 256);
    assert_int_equal(c->limits->max_deadline_ms, 30000);
    assert_int_equal(c->limits->tenant_calls, 1024);
    assert_int_equal(c->limits->drain_ms, 30000);
    assert_int_equal(c->identity->allow_loopback, 0);
    assert_int_equal(c->identity->allow_private, 0);
    assert_string_equal(c->identity->ca_file, "");
    assert_int_equal(c->dns->n_servers, 0);
    assert_int_equal(c->n_boundaries, 0);
    assert_null(c->listeners[0]->tls);
}

static void what_is_said_stays(void **state)
{
    (void)state;
    Conf *c;
    assert_ok(load(REST
                   "database: {conninfo: dbname=x, statement_timeout_ms: 7, gate_connections: 3}\n"
                   "workers: 64\n"
                   "log: {format: logfmt, level: warning}\n"
                   "limits: {max_connections: 1, max_streams: 2, max_deadline_ms: 3, "
                   "drain_ms: 4}\n"
                   "identity: {allow_loopback: true}\n"
                   "dns: {servers: ['192.0.2.1:53', '[2001:db8::1]:5353']}\n"
                   "boundaries: [commercial, gcc-high]\n"
                   "cors_origins: ['https://app.example.org', 'https://app.example.org:8443', "
                   "'http://localhost:3000', 'http://[::1]', 'https://[2001:db8::1]:1']\n",
                   &c),
              &err);
    assert_int_equal(c->workers, 64);
    assert_int_equal(c->database->statement_timeout_ms, 7);
    assert_int_equal(c->database->gate_connections, 3);
    assert_string_equal(c->log->format, "logfmt");
    assert_string_equal(c->log->level, "warning");
    assert_int_equal(c->limits->max_connections, 1);
    assert_int_equal(c->limits->max_streams, 2);
    assert_int_equal(c->limits->max_deadline_ms, 3);
    assert_int_equal(c->limits->drain_ms, 4);
    assert_int_equal(c->identity->allow_loopback, 1);
    assert_int_equal(c->dns->n_servers, 2);
    assert_string_equal(c->boundaries[1], "gcc-high");
    assert_int_equal(c->n_cors_origins, 5);
}

static void it_can_be_shown(void **state)
{
    (void)state;
    Conf *c;
    const char *json;
    assert_ok(load(GOOD, &c), &err);
    assert_ok(conf_print(arena, c, &json, &err), &err);
    assert_non_null(strstr(json, "\"authorityUrl\": \"https://rms.example.org:8443\""));
    assert_non_null(strstr(json, "\"gateConnections\": 2"));
}

/* Whatever no browser sends, or would let in more than one page's origin. */
static void origins_are_exact(void **state)
{
    (void)state;
    static const char *const origins[] = {
        "*",
        "null",
        "",
        "https://*",
        "https://*.example.org",
        "https://example.org/",
        "https://example.org/x",
        "https://Example.org",
        "https://example.org:443",
        "http://localhost:80",
        "https://example.org:0",
        "https://example.org:065",
        "https://example.org:65536",
        "https://example.org:",
        "https://",
        "https://:1",
        "http://example.org",
        "http://localhost.example.org",
        "http://127.0.0.2",
        "ftp://x.example",
        "example.org",
        "https://a b",
        "https://user@example.org",
        "https://b\u00fccher.example",
        "https://[::1",
        "https://[]",
        "https://.example.org",
        "https://example.org.",
        "https://example.org?x",
        "chrome-extension://abc",
    };
    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        Conf *c;
        const char *text = arena_printf(arena, "%scors_origins: [\"%s\"]\n", GOOD, origins[i]);
        assert_fails(load(text, &c), &err, R_CONFIG_INVALID);
        assert_non_null(strstr(err.detail, "cors_origins"));
    }
}

/* --- what is refused ----------------------------------------------------------------------------- */

struct bad {
    const char *text;
    const char *said; /* in the detail, which names the field */
};

static void assert_refused(const struct bad *bad)
{
    Conf *c;
    assert_fails(load(bad->text, &c), &err, R_CONFIG_INVALID);
    if (strstr(err.detail, bad->said) == NULL) {
        fail_msg("\"%s\" is not in \"%s\" of\n%s", bad->said, err.detail, bad->text);
    }
}

#define ASSERT_ALL_REFUSED(table)                                   \
    for (size_t i = 0; i < sizeof(table) / sizeof(*(table)); i++) { \
        assert_refused(&(table)[i]);                                \
    }

static void what_is_required_is_named(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {DATABASE ROOT_KEY URL, "listeners needs at least one entry"},
        {"listeners: []\n" DATABASE ROOT_KEY URL, "listeners needs at least one entry"},
        {"listeners: [{}]\n" DATABASE ROOT_KEY URL, "listeners.address is required"},
        {"listeners: [{address: x, tls: {}}]\n" DATABASE ROOT_KEY URL,
         "tls.certificate_file is required"},
        {"listeners: [{address: x, tls: {key_file: k}}]\n" DATABASE ROOT_KEY URL,
         "tls.certificate_file is required"},
        {"listeners: [{address: x, tls: {certificate_file: c}}]\n" DATABASE ROOT_KEY URL,
         "tls.key_file is required"},
        {REST, "database.conninfo is required"},
        {LISTENERS DATABASE URL, "root_key.file is required"},
        {LISTENERS DATABASE URL "root_key: {file: a, other_files: [b, c, d, e]}\n",
         "root_key.other_files may have at most 3 entries"},
        {LISTENERS DATABASE URL "root_key: {file: a, other_files: [b, '']}\n",
         "root_key.other_files names no file"},
        {LISTENERS DATABASE URL "root_key: {file: a, openers: [{}]}\n",
         "root_key.openers has an entry without exactly one of key_file and pkcs11"},
        {LISTENERS DATABASE URL
         "root_key: {file: a, openers: [{key_file: b, pkcs11: {module: /m}}]}\n",
         "root_key.openers has an entry without exactly one of key_file and pkcs11"},
        {LISTENERS DATABASE URL
         "root_key: {file: a, openers: [{pkcs11: {uri: 'pkcs11:token=a'}}]}\n",
         "root_key.openers.pkcs11.module must be the path of the token's library, from the root on"},
        {LISTENERS DATABASE URL
         "root_key: {file: a, openers: [{pkcs11: {module: /m, uri: 'pkcs11:token=a?pin-source=/p'}}]}\n",
         "root_key.openers.pkcs11.uri must be a URI such as pkcs11:token=chancery;object=root (RFC 7512), without a PIN"},
        {LISTENERS DATABASE URL
         "root_key: {file: a, openers: [{pkcs11: {module: /m, uri: 'pkcs11:tokn=a'}}]}\n",
         "root_key.openers.pkcs11.uri must be a URI such as pkcs11:token=chancery;object=root (RFC 7512), without a PIN"},
        {LISTENERS DATABASE ROOT_KEY, "authority_url must"},
    };
    ASSERT_ALL_REFUSED(bad)
}

/* Clients verify what it becomes, so it is an address as a boundary's is. */
static void the_authoritys_address_is_one(void **state)
{
    (void)state;
#define WITH(url)                                                                        \
    {                                                                                    \
        LISTENERS DATABASE ROOT_KEY "authority_url: \"" url "\"\n", "authority_url must" \
    }
    static const struct bad bad[] = {
        WITH("http://rms.example.org"),
        WITH("rms.example.org"),
        WITH("https://"),
        WITH("HTTPS://rms.example.org"),
        WITH("https://rms.example.org/a b"),
        WITH("https://rms\\t.example.org"),
        WITH("https://rms.example.org\\\"}"),
        WITH("https://r\\u00fcms.example.org"),
        WITH("https:///path"),
        WITH("https://rms.example.org/"),
        WITH("https://rms.example.org?x"),
        WITH("https://rms.example.org#x"),
        WITH(" https://rms.example.org"),
        WITH("https://rms.example.org\\x7f"),
    };
    ASSERT_ALL_REFUSED(bad)
    Conf *c;
    assert_ok(
        load(LISTENERS DATABASE ROOT_KEY "authority_url: https://[2001:db8::1]:8443/rms\n", &c),
        &err);
}

/* --print-config shows it, and so does every list of processes: libpq lets spaces stand around the sign, and takes
 * addresses of another form. */
static void a_password_is_not_for_this_file(void **state)
{
    (void)state;
#define CONNINFO(text)                                                          \
    {                                                                           \
        REST "database: {conninfo: \"" text "\"}\n", "must not hold a password" \
    }
    static const struct bad bad[] = {
        CONNINFO("host=x password=secret"),
        CONNINFO("host=x password = secret"),
        CONNINFO("host=x password\\t='secret'"),
        CONNINFO("password=''"),
        CONNINFO("sslpassword=secret"),
        CONNINFO("postgresql://chancery:secret@db.example.org/chancery"),
        CONNINFO("postgres://chancery:secret@/chancery"),
        CONNINFO("postgresql://db.example.org/chancery?password=secret"),
        CONNINFO("postgresql://db.example.org/chancery?pass%77ord=secret"),
        CONNINFO("postgresql:///chancery?%70%61%73%73%77%6f%72%64=%25"),
        CONNINFO("postgresql://a:1,b:2/chancery?user=u&password=secret"),
    };
    ASSERT_ALL_REFUSED(bad)
    static const char *const good[] = {
        REST "database: {conninfo: \"host=x passfile=/etc/chancery/pgpass\"}\n",
        REST "database: {conninfo: \"postgresql://chancery@db.example.org:5432/chancery\"}\n",
        REST "database: {conninfo: \"postgresql://[2001:db8::1]:5432/chancery\"}\n",
        REST "database: {conninfo: \"postgresql:///chancery?host=/run/postgresql\"}\n",
        REST "database: {conninfo: \"host=x application_name='password=x'\"}\n",
        REST "database: {conninfo: \"postgresql://u@x/y?application_name=password%3Dx\"}\n",
        REST "database: {conninfo: \"host=x application_name='no password'\"}\n",
        REST "database: {conninfo: \"host=x options='-c a:b@c'\"}\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        Conf *c;
        assert_ok(load(good[i], &c), &err);
    }
}

static void what_libpq_cannot_read_is_refused_without_showing_it(void **state)
{
    (void)state;
#define BROKEN(text)                                                                             \
    {                                                                                            \
        REST "database: {conninfo: \"" text "\"}\n", "database.conninfo is no connection string" \
    }
    static const struct bad bad[] = {
        BROKEN("secret"),
        BROKEN("host='secret"),
        BROKEN("hosts=secret"),
        BROKEN("postgresql://db.example.org/chancery?secret"),
        BROKEN("postgresql:///chancery?password=%"),
        BROKEN("host=a,b port=1,2,3"),
    };
    ASSERT_ALL_REFUSED(bad)
    assert_null(strstr(err.detail, "secret"));
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {GOOD "workers: 65\n", "workers may be at most 64"},
        {GOOD "workers: -1\n", "line 5: workers"},
        {GOOD "workers: 4294967296\n", "line 5: workers"},
        {GOOD "workers: 1e1\n", "line 5: workers"},
        {GOOD "workers: 0x10\n", "line 5: workers"},
        {GOOD "workers: many\n", "line 5: workers"},
        {GOOD "workers:\n", "line 5: workers"},
        {GOOD "workers: ~\n", "line 5: workers"},
        {REST "database: {conninfo: dbname=x, gate_connections: 65}\n",
         "database.gate_connections may be at most 64"},
        {REST "database: {conninfo: dbname=x, gate_connections: 4294967295}\n",
         "database.gate_connections may be at most 64"},
        {REST "database: {conninfo: dbname=x}\nlimits: {tenant_calls_per_second: 100001}\n",
         "limits.tenant_calls_per_second may be at most 100,000"},
        {REST "database: {conninfo: dbname=x}\nlimits: {component_calls_per_second: 100001}\n",
         "limits.component_calls_per_second may be at most 100,000"},
        {REST "database: {conninfo: dbname=x}\nlimits: {principal_calls_per_second: 100001}\n",
         "limits.principal_calls_per_second may be at most 100,000"},
        {REST "database: {conninfo: dbname=x}\nlimits: {network_calls_per_second: 100001}\n",
         "limits.network_calls_per_second may be at most 100,000"},
        {REST "database: {conninfo: dbname=x}\nlimits: {burst_seconds: 61}\n",
         "limits.burst_seconds may be at most 60"},
        {REST "database: {conninfo: dbname=x, statement_timeout_ms: 3600001}\n",
         "database.statement_timeout_ms may be at most 3,600,000"},
        {REST "database: {conninfo: dbname=x, statement_timeout_ms: 4294967295}\n",
         "database.statement_timeout_ms may be at most 3,600,000"},
    };
    ASSERT_ALL_REFUSED(bad)
    Conf *c;
    assert_ok(load(REST "database: {conninfo: dbname=x, gate_connections: 64, "
                        "statement_timeout_ms: 3600000}\n",
                   &c),
              &err);
}

static void names_are_of_their_lists(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {GOOD "log: {format: xml}\n", "log.format must be json or logfmt"},
        {GOOD "log: {format: JSON}\n", "log.format must be json or logfmt"},
        {GOOD "log: {level: verbose}\n", "log.level must be debug, info, warning or error"},
        {GOOD "log: {level: on}\n", "log.level must be debug, info, warning or error"},
    };
    ASSERT_ALL_REFUSED(bad)
}

static void name_servers_are_numeric_with_a_port(void **state)
{
    (void)state;
#define DNS(server)                                                            \
    {                                                                          \
        GOOD "dns: {servers: ['" server "']}\n", "dns.servers must be numeric" \
    }
    static const struct bad bad[] = {
        DNS(""),
        DNS("192.0.2.1"),
        DNS("192.0.2.1:"),
        DNS("192.0.2.1:0"),
        DNS("192.0.2.1:65536"),
        DNS("192.0.2.1:99999999999999999999"),
        DNS("192.0.2.1:53x"),
        DNS("192.0.2.1:+53"),
        DNS("192.0.2.1:x53"),
        DNS("192.0.2.1: 53"),
        DNS("192.0.2:53"),
        DNS(":53"),
        DNS("dns.example.org:53"),
        DNS("2001:db8::1:53"),
        DNS("[2001:db8::1]"),
        DNS("[2001:db8::1:53"),
        DNS("2001:db8::1]:53"),
        DNS("[192.0.2.1]:53"),
        DNS("[]:53"),
        DNS("[:53"),
        DNS("[fe80::1%eth0]:53"),
        DNS("[2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0001]:53"),
    };
    ASSERT_ALL_REFUSED(bad)
    static const struct bad many = {GOOD "dns: {servers: [a, b, c, d, e, f, g, h, i]}\n",
                                    "dns.servers may have at most 8 entries"};
    assert_refused(&many);
}

static void listeners_have_a_number(void **state)
{
    (void)state;
#define FOUR \
    "{address: 'unix:/a'}, {address: 'unix:/b'}, {address: 'unix:/c'}, {address: 'unix:/d'}"
    static const struct bad bad = {"listeners: [" FOUR "," FOUR "," FOUR "," FOUR
                                   ", {address: 'unix:/e'}]\n" DATABASE ROOT_KEY URL,
                                   "listeners may have at most 16 entries"};
    assert_refused(&bad);
    Conf *c;
    assert_ok(load("listeners: [" FOUR "," FOUR "," FOUR "," FOUR "]\n" DATABASE ROOT_KEY URL, &c),
              &err);
    assert_int_equal(c->n_listeners, CONF_LISTENERS_MAX);
}

/* --- YAML ---------------------------------------------------------------------------------------- */

static void what_yaml_would_let_through(void **state)
{
    (void)state;
    static const struct bad bad[] = {
        {GOOD "worker: 2\n", "line 5: Config has a field that is not known"},
        {GOOD "Workers: 2\n", "line 5: Config has a field that is not known"},
        {GOOD "database: {conninfo: y}\n", "line 5: database is given twice"},
        {GOOD "<<: {workers: 1}\n", "line 5: Config has a field that is not known"},
        {GOOD "? [workers]\n: 1\n", "line 5: Config has a field that is not known"},
        {GOOD "identity: {allow_loopback: yes}\n", "allow_loopback must be true or false"},
        {GOOD "identity: {allow_loopback: True}\n", "allow_loopback must be true or false"},
        {GOOD "identity: {allow_loopback: 1}\n", "allow_loopback must be true or false"},
        {GOOD "log:\n\tlevel: info\n", "not YAML"},
        {GOOD "log: *nothing\n", "not YAML"},
        {GOOD "log: &own {format: *own}\n", "format must be a single value"},
        {GOOD "boundaries: commercial\n", "boundaries must be a list"},
        {GOOD "boundaries: [[commercial]]\n", "boundaries must be a single value"},
        {"- " GOOD, ""},
        {"text", "Config must be a mapping"},
        {"", "the text is empty"},
        {"# nothing\n", "the text is empty"},
        {GOOD "---\nworkers: 2\n", "one document"},
        {GOOD "...\nworkers: 2\n", ""},
        {GOOD "\x01", "not YAML"},
        {GOOD "log: {level: \"\xff\"}\n", "not YAML"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(&bad[i]);
    }
    static const char nul[] = GOOD "\0workers: 65\n";
    Conf *c;
    write_bytes(nul, sizeof nul - 1);
    assert_fails(conf_load(arena, path, &c, &err), &err, R_CONFIG_INVALID);
}

static void what_yaml_is_for(void **state)
{
    (void)state;
    Conf *c;
    assert_ok(load("\xef\xbb\xbf# a comment\n---\n" GOOD "workers: !!int 3\n...\n", &c), &err);
    assert_int_equal(c->workers, 3);
    assert_ok(
        load("{\"listeners\": [{\"address\": \"unix:/x\"}], \"database\": {\"conninfo\": "
             "\"dbname=x\"}, \"root_key\": {\"file\": \"k\"}, \"authority_url\": \"https://a\"}",
             &c),
        &err);
    assert_string_equal(c->listeners[0]->address, "unix:/x");
}

/* --- the file ------------------------------------------------------------------------------------ */

static void a_file_must_be_readable_and_small(void **state)
{
    (void)state;
    Conf *c;
    static char large[CONF_BYTES_MAX];
    memset(large, '#', sizeof large);
    write_bytes(large, sizeof large);
    assert_fails(conf_load(arena, path, &c, &err), &err, R_CONFIG_INVALID);
    assert_non_null(strstr(err.detail, "too large"));
    large[sizeof GOOD - 2] = '\n';
    memcpy(large, GOOD, sizeof GOOD - 2);
    write_bytes(large, sizeof large - 1);
    assert_ok(conf_load(arena, path, &c, &err), &err);
    assert_fails(conf_load(arena, "/nonexistent/chancery.yaml", &c, &err), &err, R_CONFIG_INVALID);
    assert_non_null(strstr(err.detail, "/nonexistent/chancery.yaml"));
    assert_fails(conf_load(arena, "/", &c, &err), &err, R_CONFIG_INVALID);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    bool is_loaded = false;
    static const char uri[] = REST "database: {conninfo: \"postgresql:///x\"}\n";
    write_bytes(uri, sizeof uri - 1);
    for (size_t n = 1; n < 200 && !is_loaded; n++) {
        Conf *c;
        struct arena *own = arena_new(8 << 20);
        arena_fail_at(own, n);
        err_clear(&err);
        is_loaded = conf_load(own, path, &c, &err).ok;
        assert_int_equal(err.reason, is_loaded ? R_NONE : R_ARENA_EXHAUSTED);
        arena_free(own);
        assert_true(n > 10 || !is_loaded);
    }
    assert_true(is_loaded);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_not_said_has_a_default),
        TEST(what_is_said_stays),
        TEST(it_can_be_shown),
        TEST(what_is_required_is_named),
        TEST(the_authoritys_address_is_one),
        TEST(a_password_is_not_for_this_file),
        TEST(what_libpq_cannot_read_is_refused_without_showing_it),
        TEST(numbers_have_bounds),
        TEST(names_are_of_their_lists),
        TEST(name_servers_are_numeric_with_a_port),
        TEST(origins_are_exact),
        TEST(listeners_have_a_number),
        TEST(what_yaml_would_let_through),
        TEST(what_yaml_is_for),
        TEST(a_file_must_be_readable_and_small),
        TEST(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
