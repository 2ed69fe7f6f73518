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
