/* SPDX-License-Identifier: Apache-2.0 */
/* Where issuers' keys may be fetched from: nowhere inside, by no spelling of an address. */
#include "chancery_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "identity/https.h"

enum { PUBLIC, PRIVATE, LOOPBACK, NOWHERE };

static const struct {
    const char *address;
    int place;
} cases[] = {
    {"8.8.8.8", PUBLIC},
    {"172.15.255.255", PUBLIC},
    {"172.32.0.0", PUBLIC},
    {"100.63.255.255", PUBLIC},
    {"100.128.0.0", PUBLIC},
    {"192.167.255.255", PUBLIC},
    {"223.255.255.255", PUBLIC},
    {"10.0.0.1", PRIVATE},
    {"172.16.0.1", PRIVATE},
    {"172.31.255.255", PRIVATE},
    {"192.168.1.1", PRIVATE},
    {"100.64.0.1", PRIVATE},
    {"127.0.0.1", LOOPBACK},
    {"127.255.255.254", LOOPBACK},
    {"0.0.0.0", NOWHERE},
    {"0.1.2.3", NOWHERE},
    {"169.254.169.254", NOWHERE},
    {"224.0.0.1", NOWHERE},
    {"255.255.255.255", NOWHERE},
    {"2a00:1450:4001:80e::200e", PUBLIC},
    {"64:ff9b::808:808", PUBLIC},
    {"fd00:ec2::254", PRIVATE},
    {"fc00::1", PRIVATE},
    {"fec0::1", PRIVATE},
    {"64:ff9b::a00:1", PRIVATE},
    {"::1", LOOPBACK},
    {"64:ff9b::7f00:1", LOOPBACK},
    {"64:ff9b::a9fe:a9fe", NOWHERE},
    {"::", NOWHERE},
    {"::8.8.8.8", NOWHERE},
    {"::ffff:8.8.8.8", NOWHERE},
    {"::ffff:127.0.0.1", NOWHERE},
    {"fe80::1", NOWHERE},
    {"ff02::1", NOWHERE},
    /* IANA's registries, with what lies on both sides. */
    {"191.255.255.255", PUBLIC},
    {"192.0.0.0", NOWHERE},
    {"192.0.0.192", NOWHERE},
    {"192.0.0.255", NOWHERE},
    {"192.0.1.0", PUBLIC},
    {"192.0.2.1", NOWHERE},
    {"192.0.3.0", PUBLIC},
    {"192.31.195.255", PUBLIC},
    {"192.31.196.1", NOWHERE},
    {"192.52.193.1", NOWHERE},
    {"192.88.98.255", PUBLIC},
    {"192.88.99.1", NOWHERE},
    {"192.88.100.0", PUBLIC},
    {"192.175.48.6", NOWHERE},
    {"198.17.255.255", PUBLIC},
    {"198.18.0.0", NOWHERE},
    {"198.19.255.255", NOWHERE},
    {"198.20.0.0", PUBLIC},
    {"198.51.99.255", PUBLIC},
    {"198.51.100.1", NOWHERE},
    {"198.51.101.0", PUBLIC},
    {"203.0.112.255", PUBLIC},
    {"203.0.113.255", NOWHERE},
    {"203.0.114.0", PUBLIC},
    {"168.63.129.15", PUBLIC},
    {"168.63.129.16", NOWHERE},
    {"168.63.129.17", PUBLIC},
    {"240.0.0.1", NOWHERE},
    {"64:ff9b:0:0:1::1", NOWHERE},
    {"64:ff9b:1::808:808", NOWHERE},
    {"64:ff9b:1:a00:0:100::", NOWHERE},
    {"64:ff9b:2::1", NOWHERE},
    {"100::1", NOWHERE},
    {"100:0:0:1::1", NOWHERE},
    {"1fff:ffff::1", NOWHERE},
    {"2000::1", PUBLIC},
    {"2001::1", NOWHERE},
    {"2001:0:4136:e378:8000:63bf:f5ff:fffe", NOWHERE},
    {"2001:1::1", NOWHERE},
    {"2001:2::1", NOWHERE},
    {"2001:10::1", NOWHERE},
    {"2001:20::1", NOWHERE},
    {"2001:1ff:ffff::1", NOWHERE},
    {"2001:200::1", PUBLIC},
    {"2001:db7:ffff::1", PUBLIC},
    {"2001:db8::1", NOWHERE},
    {"2001:db9::1", PUBLIC},
    {"2002:808:808::1", NOWHERE},
    {"2002:7f00:1::1", NOWHERE},
    {"2002:a9fe:a9fe::1", NOWHERE},
    {"2003::1", PUBLIC},
    {"2620:4f:8000::1", NOWHERE},
    {"2620:4f:8001::1", PUBLIC},
    {"3ffe::1", NOWHERE},
    {"3fff::1", NOWHERE},
    {"3fff:fff:ffff::1", NOWHERE},
    {"3fff:1000::1", PUBLIC},
    {"4000::1", NOWHERE},
    {"5f00::1", NOWHERE},
    {"feff::1", PRIVATE},
    {"::ffff:0:808:808", NOWHERE},
    {"::7f00:1", NOWHERE},
    {"2a00:1450::5efe:a00:1", NOWHERE},
    {"2a00:1450::200:5efe:7f00:1", NOWHERE},
    {"fd00::5efe:7f00:1", NOWHERE},
    {"64:ff9b::c000:1", NOWHERE},
    {"64:ff9b::c612:1", NOWHERE},
};

static bool may_connect(const char *text, struct https_config config)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return https_may_connect((const struct sockaddr *)&v4, &config);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return https_may_connect((const struct sockaddr *)&v6, &config);
}

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *text = cases[i].address;
        int place = cases[i].place;
        assert_int_equal(may_connect(text, (struct https_config){0}), place == PUBLIC);
        assert_int_equal(may_connect(text, (struct https_config){.allow_private = true}),
                         place == PUBLIC || place == PRIVATE);
        assert_int_equal(may_connect(text, (struct https_config){.allow_loopback = true}),
                         place == PUBLIC || place == LOOPBACK);
    }
    struct https_config all = {.allow_private = true, .allow_loopback = true};
    struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(https_may_connect(&local, &all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
