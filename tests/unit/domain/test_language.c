/* SPDX-License-Identifier: Apache-2.0 */
/* Language tags: what RFC 5646 §2.1 calls well-formed. */
#include "chancery_test.h"

#include "domain/values/language.h"

static void well_formed_tags(void **state)
{
    (void)state;
    static const char *const good[] = {"en",
                                       "de-CH",
                                       "zh-Hant-TW",
                                       "zh-cmn-Hans-CN",
                                       "sl-rozaj-biske",
                                       "de-CH-1901",
                                       "es-419",
                                       "en-US-u-islamcal",
                                       "zh-CN-a-myext-x-private",
                                       "x-whatever",
                                       "hy-Latn-IT-arevela",
                                       "en-a-bbb-x-a-ccc",
                                       "de-Latn-DE-1996",
                                       "abcde",
                                       "abcd",
                                       "qaa-Qaaa-QM-x-southern",
                                       "EN-gb",
                                       "zh-gan-hak",
                                       "az-Arab-x-aze-derbend",
                                       "de-1abc"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(language_tag_is_valid(slice_str(good[i])));
    }
}

static void malformed_tags(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "e",
                                      "en_US",
                                      "en-",
                                      "-en",
                                      "en--US",
                                      "en US",
                                      "englishes",
                                      "de-419-DE",
                                      "a-DE",
                                      "x-",
                                      "x",
                                      "ar-a-aaa-b-bbb-a-ccc",
                                      "en-a",
                                      "en-a-",
                                      "en-a-b",
                                      "en-US-a",
                                      "12",
                                      "en-123456789",
                                      "zh-abc-def-ghi-jkl",
                                      "de-CH-CH",
                                      "\xc3\xa9n",
                                      "i-klingon",
                                      "en-x",
                                      "de.CH",
                                      "de-Latn-abcd",
                                      "en-aaaaaaaa-bbbbbbbb-cccccccc-dddddd"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (language_tag_is_valid(slice_str(bad[i]))) {
            fail_msg("%s", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(well_formed_tags),
                                       cmocka_unit_test(malformed_tags)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
