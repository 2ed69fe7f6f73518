/* SPDX-License-Identifier: Apache-2.0 */
/* Which of several texts somebody reads: RFC 4647 §3.4 with the parents of CLDR. */
#include <string.h>

#include "chancery_test.h"

#include "domain/values/language_lookup.h"

enum { TAGS_MAX = 4 };

static const struct {
    const char *wanted, *tags[TAGS_MAX], *nearest;
} rows[] = {
    /* the same */
    {"de", {"en", "de"}, "de"},
    {"DE-ch", {"de", "de-CH"}, "de-CH"},
    {"x-contoso", {"en", "x-contoso"}, "x-contoso"},
    /* cut from the end */
    {"pt-BR", {"en", "pt"}, "pt"},
    {"de-CH-1996", {"en", "de", "de-CH"}, "de-CH"},
    {"de-CH-1996-x-a", {"de", "de-CH", "de-CH-1996"}, "de-CH-1996"},
    {"de-1996", {"en", "de"}, "de"},
    {"en-US-u-ca-gregory", {"de", "en-US"}, "en-US"},
    /* a script that the region implies */
    {"zh-TW", {"en", "zh", "zh-Hant"}, "zh-Hant"},
    {"zh-TW", {"en", "zh"}, "zh"},
    {"zh-TW", {"en", "zh-Hans"}, "en"},
    {"zh-CN", {"en", "zh-Hant", "zh-Hans"}, "zh-Hans"},
    {"zh-SG", {"zh-Hant", "zh"}, "zh"},
    {"zh-Hant-TW", {"en", "zh", "zh-TW"}, "zh-TW"},
    {"zh-Hant", {"en", "zh", "zh-HK"}, "zh-HK"},
    {"zh-cmn-Hans-CN", {"zh-TW", "zh"}, "zh"},
    {"sr-ME", {"en", "sr-Cyrl", "sr-Latn"}, "sr-Latn"},
    {"sr-Latn-RS", {"en", "sr"}, "sr"},
    {"uz-AF", {"en", "uz-Arab", "uz-Latn"}, "uz-Arab"},
    /* parents of regions */
    {"es-MX", {"es", "es-ES", "es-419"}, "es-419"},
    {"es-mx", {"en", "es-ES", "es"}, "es"},
    {"es-GQ", {"es-419", "es"}, "es"},
    {"pt-AO", {"pt", "pt-BR", "pt-PT"}, "pt-PT"},
    {"zh-MO", {"zh-Hant", "zh-TW", "zh-HK"}, "zh-HK"},
    {"en-DE", {"en", "en-001", "en-150"}, "en-150"},
    {"en-DE", {"en", "en-US", "en-001"}, "en-001"},
    {"en-ZW", {"en-US", "en-001"}, "en-001"},
    /* the same language elsewhere, before another one */
    {"pt", {"en", "pt-BR"}, "pt-BR"},
    {"fr-CA", {"en", "fr-FR"}, "fr-FR"},
    {"de-AT", {"en", "de-DE", "de"}, "de"},
    /* codes that were replaced, and Norwegian */
    {"iw", {"en", "he"}, "he"},
    {"he-IL", {"en", "iw"}, "iw"},
    {"no", {"en", "nb"}, "nb"},
    {"nb-NO", {"en", "no"}, "no"},
    {"nn", {"en", "nb"}, "nb"},
    {"nn-NO", {"nb", "nn"}, "nn"},
    /* English, else the first */
    {"fr", {"de", "en"}, "en"},
    {"fr", {"de", "en-GB", "en"}, "en"},
    {"fr", {"de", "en-GB"}, "en-GB"},
    {"fr", {"de", "it"}, "de"},
    {"", {"de", "en"}, "en"},
    {"zh_TW", {"de", "en"}, "en"},
    {"e", {"de", "it"}, "de"},
    {"-", {"de"}, "de"},
};

static void the_nearest_text_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t count = 0;
        while (count < TAGS_MAX && rows[i].tags[count] != NULL) {
            count++;
        }
        size_t found = language_lookup(rows[i].wanted, rows[i].tags, count);
        if (strcmp(rows[i].tags[found], rows[i].nearest) != 0) {
            fail_msg("%s: %s, not %s", rows[i].wanted, rows[i].tags[found], rows[i].nearest);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_nearest_text_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
