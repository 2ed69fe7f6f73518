/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: many resources in one text, what is refused of them, and fields as YAML. */
#include "chancery_test.h"

#include <string.h>

#include "chancery/v1/mail_flow.pb-c.h"
#include "chancery/v1/template.pb-c.h"
#include "wire/manifest.h"
#include "wire/message_members.h"

static struct arena *arena;
static struct err err;
static struct manifest read[8];
static size_t read_count;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(16 << 20);
    err_clear(&err);
    read_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static rc take(void *arg, const struct manifest *manifest, struct err *out)
{
    (void)arg;
    ENSURE(read_count < sizeof read / sizeof read[0], out, R_CONFIG_INVALID);
    read[read_count++] = *manifest;
    return OK;
}

static rc read_all(struct arena *into, struct slice text)
{
    const struct manifest_kind kinds[] = {{"Template", &chancery__v1__template__descriptor},
                                          {"Rule", &chancery__v1__rule__descriptor}};
    err_clear(&err);
    return manifest_read(into, text, kinds, 2, take, NULL, &err);
}

static const char TEXT[] = "# two of them\n"
                           "---\n"
                           "apiVersion: chancery.v1\n"
                           "kind: Template\n"
                           "metadata: {tenant: contoso, id: x, etag: y}\n"
                           "spec:\n"
                           "  names:\n"
                           "    - language: en\n"
                           "      text: T\n"
                           "  grants:\n"
                           "    - principals: [owner]\n"
                           "      rights:\n"
                           "        - VIEW\n"
                           "        - PRINT\n"
                           "---\n"
                           "---\n"
                           "apiVersion: chancery.v1\n"
                           "kind: Rule\n"
                           "spec: {name: R}\n"
                           "...\n";

static void documents_are_read_with_their_lines(void **state)
{
    (void)state;
    assert_ok(read_all(arena, slice_str(TEXT)), &err);
    assert_int_equal(read_count, 2);
    const struct manifest *one = &read[0], *other = &read[1];
    assert_int_equal(one->kind, 0);
    assert_int_equal(one->line, 3);
    assert_string_equal(one->tenant, "contoso");
    assert_string_equal(one->id, "x");
    assert_string_equal(one->etag, "y");
    assert_int_equal(manifest_line(one, "names[0].text"), 9);
    assert_int_equal(manifest_line(one, "grants[0].rights[1]"), 14);
    assert_int_equal(manifest_line(one, "grants[0].rights[1].more"), 14);
    assert_int_equal(manifest_line(one, "grants[7]"), 10);
    assert_int_equal(manifest_line(one, "grantsandmore"), 3);
    assert_int_equal(manifest_line(one, ""), 3);
    assert_true(manifest_gives(one, "grants"));
    assert_false(manifest_gives(one, "expiry"));
    assert_int_equal(other->kind, 1);
    assert_int_equal(other->line, 17);
    assert_string_equal(other->tenant, "");
}

#define HEAD "apiVersion: chancery.v1\nkind: Template\n"

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {HEAD "spec: {offline_access: WEEKS}\n",
         "line 3: offline_access has a value that is not in its enumeration: NONE, DAYS"},
        {HEAD "spec: {offline_access: DAY}\n",
         "line 3: offline_access has a value that is not in its enumeration; did you mean DAYS? It may "
         "be NONE, DAYS"},
        {HEAD "spec: &a {names: []}\nmetadata: *a\n",
         "line 3: what an anchor names stands behind an alias: write it out"},
        {HEAD "spec: {names: &a [*a]}\n",
         "line 3: what an anchor names stands behind an alias: write it out"},
        {HEAD "spec: {}\nsepc: {}\n",
         "line 4: a document has a member that is not known: it has apiVersion, kind, metadata, spec; "
         "did you mean spec?"},
        {HEAD "metadata: {id: [x]}\nspec: {}\n", "line 3: id must be a single value"},
        {HEAD "metadata: x\nspec: {}\n", "line 3: metadata must be a mapping"},
        {HEAD "spec: {}\nspec: {}\n", "line 4: spec is given twice"},
        {HEAD "? [x]\n: y\n", "line 3: a document has a member that is not known: it has "
                              "apiVersion, kind, metadata, spec"},
        {"kind: Template\nspec: {}\n", "line 1: apiVersion is missing in this document"},
        {"apiVersion: [1]\nkind: Template\nspec: {}\n",
         "line 1: apiVersion must be a single value"},
        {"apiVersion: chancery.v1\nkind: [x]\nspec: {}\n",
         "line 2: kind must be one of Template, Rule"},
        {"apiVersion: chancery.v1\nkind: Ruel\nspec: {}\n",
         "line 2: kind is not known; did you mean Rule?"},
        {HEAD "spec: {names: \xff}\n", "line 3: not YAML: invalid leading UTF-8 octet"},
        {HEAD "spec:\n\tnames: []\n",
         "line 4: not YAML: found character that cannot start any token"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_fails(read_all(arena, slice_str(cases[i].text)), &err, R_CONFIG_INVALID);
        assert_string_equal(err.detail, cases[i].said);
    }
    assert_int_equal(read_count, 0);
}

static void every_budget_is_an_error_and_not_a_crash(void **state)
{
    (void)state;
    for (size_t budget = 64; budget < 8192; budget += 64) {
        struct arena *small = arena_new(budget);
        read_count = 0;
        if (!read_all(small, slice_str(TEXT)).ok) {
            assert_int_equal(err.reason, R_ARENA_EXHAUSTED);
        }
        arena_free(small);
    }
}

static void fields_are_yaml_by_themselves(void **state)
{
    (void)state;
    const char *const *texts;
    const ProtobufCMessageDescriptor *type = &chancery__v1__template__descriptor;
    assert_ok(read_all(arena, slice_str(TEXT)), &err);
    assert_ok(message_members(arena, read[0].spec, false, 0, &texts, &err), &err);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *name = type->fields[i].name;
        const char *is =
            strcmp(name, "names") == 0 ? "names:\n  - language: en\n    text: T\n"
            : strcmp(name, "grants") == 0
                ? "grants:\n  - principals:\n      - owner\n    rights:\n      - VIEW\n"
                  "      - PRINT\n"
                : "";
        assert_string_equal(texts[i], is);
    }
    assert_ok(message_members(arena, read[1].spec, true, 1, &texts, &err), &err);
    static const char *const all[] = {
        "  rule_id: \"\"\n",  "  name: R\n",        "  mode: RULE_MODE_UNSPECIFIED\n",
        "  conditions: []\n", "  exceptions: []\n", "  actions: {}\n",
        "  etag: \"\"\n",     "  position: 0\n"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_string_equal(texts[i], all[i]);
    }
    struct arena *small = arena_new(64);
    assert_fails(message_members(small, read[0].spec, false, 0, &texts, &err), &err,
                 R_ARENA_EXHAUSTED);
    arena_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(documents_are_read_with_their_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_told_with_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_budget_is_an_error_and_not_a_crash, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(fields_are_yaml_by_themselves, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
