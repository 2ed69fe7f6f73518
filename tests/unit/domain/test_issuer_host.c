/* SPDX-License-Identifier: Apache-2.0 */
/* The host of an iss: one spelling, and nothing that anybody could read as another host. */
#include "chancery_test.h"

#include "domain/values/issuer_host.h"

static void assert_host(const char *iss, const char *host)
{
    struct arena *arena = arena_new(1 << 12);
    const char *found = issuer_host(arena, iss);
    if (host == NULL && found != NULL) {
        fail_msg("%s has the host %s", iss, found);
    }
    if (host != NULL && (found == NULL || strcmp(found, host) != 0)) {
        fail_msg("%s: %s", iss, found == NULL ? "no host" : found);
    }
    arena_free(arena);
}

static void test_addresses_with_a_host(void **state)
{
    static const struct {
        const char *iss, *host;
    } rows[] = {
        {"https://contoso.com", "contoso.com"},
        {"https://contoso.com/", "contoso.com"},
        {"https://idp.contoso.com/a/b", "idp.contoso.com"},
        {"https://idp.contoso.com:8443", "idp.contoso.com"},
        {"https://idp.contoso.com:443/x", "idp.contoso.com"},
        {"https://idp.contoso.com:65535/", "idp.contoso.com"},
        {"https://xn--bcher-kva.example/x", "xn--bcher-kva.example"},
        {"https://login.example/6babcaad-604b-40ac-a9d7-9fd97c0b779f/v2.0", "login.example"},
        /* In a path all of this is a path, for whoever reads it. */
        {"https://idp.contoso.com/@evil.example", "idp.contoso.com"},
        {"https://idp.contoso.com//evil.example/", "idp.contoso.com"},
        {"https://idp.contoso.com/:80", "idp.contoso.com"},
        {"https://idp.contoso.com/%2F%2e", "idp.contoso.com"},
        {"https://idp.contoso.com/!$&'()*+,;=~._-", "idp.contoso.com"},
        {"https://1.example", "1.example"},
        {"https://0x7f.a1", "0x7f.a1"},
        {"https://a.0xg", "a.0xg"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_host(rows[i].iss, rows[i].host);
    }
}

static void test_what_only_looks_like_one(void **state)
{
    static const char *const texts[] = {
        "",
        "contoso.com",
        "accounts.google.com",
        "https:",
        "https://",
        "https:///",
        "https:///x",
        "https:/contoso.com",
        "https:contoso.com",
        "//contoso.com",
        "http://contoso.com",
        "HTTPS://contoso.com",
        "Https://contoso.com",
        " https://contoso.com",
        "https://contoso.com ",
        "urn:contoso.com",
        "ftp://contoso.com",
        "wss://contoso.com",
        "xhttps://contoso.com",
        /* Another spelling of a host. */
        "https://Contoso.com",
        "https://contoso.COM",
        "https://contoso.com.",
        "https://contoso.com./x",
        "https://.contoso.com",
        "https://contoso..com",
        "https://contoso.com..",
        "https://b\xc3\xbc"
        "cher.example",
        "https://contoso\xe3\x80\x82"
        "com",
        "https://contoso\xef\xbc\x8e"
        "com",
        "https://xn--a.example",
        "https://XN--BCHER-KVA.example",
        "https://contoso%2ecom",
        "https://contoso.com%2f.example",
        "https://%63ontoso.com",
        "https://contoso.com%00.example",
        "https://-contoso.com",
        "https://contoso-.com",
        "https://con_toso.com",
        "https://*.contoso.com",
        "https://localhost",
        "https://com",
        /* A host that is only in front of the host, or behind it. */
        "https://contoso.com@evil.example",
        "https://contoso.com:x@evil.example",
        "https://contoso.com:443@evil.example",
        "https://user@contoso.com",
        "https://@contoso.com",
        "https://contoso.com\\@evil.example",
        "https://evil.example\\.contoso.com",
        "https://evil.example#.contoso.com",
        "https://evil.example?.contoso.com",
        "https://contoso.com?x",
        "https://contoso.com/?x=y",
        "https://contoso.com#x",
        "https://contoso.com/#",
        "https://contoso.com/?",
        "https://contoso.com,evil.example",
        "https://contoso.com;evil.example",
        "https://contoso.com evil.example",
        "https://contoso.com\tevil.example",
        "https://contoso.com\n.example",
        /* Addresses of machines. */
        "https://10.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f.0.0.1",
        "https://0x7f000001",
        "https://contoso.0x7f",
        "https://contoso.1",
        "https://contoso.0x",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]/",
        "https://[v1.a]",
        "https://contoso.com:[1]",
        /* Ports that are none. */
        "https://contoso.com:",
        "https://contoso.com:/",
        "https://contoso.com:0",
        "https://contoso.com:0443",
        "https://contoso.com:65536",
        "https://contoso.com:100000",
        "https://contoso.com:443a",
        "https://contoso.com:-1",
        "https://contoso.com:+443",
        "https://contoso.com: 443",
        "https://contoso.com:4294967739",
        "https://contoso.com:443:443",
        /* Paths that are none. */
        "https://contoso.com/a b",
        "https://contoso.com/%",
        "https://contoso.com/%2",
        "https://contoso.com/%g0",
        "https://contoso.com/\\x",
        "https://contoso.com/{x}",
        "https://contoso.com/{tenantid}/",
        "https://contoso.com/\"",
        "https://contoso.com/<x>",
        "https://contoso.com/|",
        "https://contoso.com/^",
        "https://contoso.com/`",
        "https://contoso.com/[x]",
        "https://contoso.com/\xc3\xa4",
        "https://contoso.com/\x7f",
        "https://contoso.com/\x01",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_host(texts[i], NULL);
    }
}

/* 253 bytes is the longest name. */
static void test_the_longest(void **state)
{
    char iss[512] = "https://", *at = iss + 8;
    (void)state;
    for (int label = 0; label < 4; label++) {
        memset(at, 'a', 63);
        at += 63;
        *at++ = '.';
    }
    memcpy(at - 3, "\0", 1);
    assert_int_equal(strlen(iss + 8), 253);
    assert_host(iss, iss + 8);
    memcpy(at - 3, "aa", 3);
    assert_host(iss, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_with_a_host),
        cmocka_unit_test(test_what_only_looks_like_one),
        cmocka_unit_test(test_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
