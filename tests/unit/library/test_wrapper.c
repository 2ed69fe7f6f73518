/* SPDX-License-Identifier: Apache-2.0 */
/* Which mails a gateway may let pass: wrappers that nothing was added to, and no others. */
#include "fixture.h"

static const char MAIL[] = "From: alice@contoso.com\r\nTo: bob@fabrikam.com\r\nSubject: Plan\r\n"
                           "X-Chancery-Content: forged\r\n\r\nText\r\n";

static struct arena *arena;
static char *wrapper;

static int set_up(void **state)
{
    (void)state;
    chancery_mail *mail = NULL;
    chancery_buffer *wrapped = NULL;
    chancery_content *content = NULL;
    assert_done(chancery_mail_read(MAIL, sizeof MAIL - 1, &mail));
    content = content_with_key();
    assert_done(chancery_mail_wrap(mail, content, &wrapped));
    arena = arena_new(1 << 20);
    wrapper = arena_strdup(arena, chancery_buffer_data(wrapped));
    chancery_buffer_free(wrapped);
    chancery_content_free(content);
    chancery_mail_free(mail);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* Whether it is protected, and whether it is a wrapper. */
static void assert_kind(const char *text, int is_protected, int is_wrapper)
{
    chancery_mail *mail = NULL;
    assert_done(chancery_mail_read(text, strlen(text), &mail));
    assert_int_equal(chancery_mail_is_protected(mail), is_protected);
    assert_int_equal(chancery_mail_is_wrapper(mail), is_wrapper);
    chancery_mail_free(mail);
}

/* The wrapper with one text in place of another. */
static const char *changed(const char *from, const char *to)
{
    const char *at = strstr(wrapper, from);
    assert_non_null(at);
    return arena_printf(arena, "%.*s%s%s", (int)(at - wrapper), wrapper, to, at + strlen(from));
}

static void a_wrapper_is_one(void **state)
{
    (void)state;
    assert_kind(wrapper, 1, 1);
    assert_kind(arena_printf(arena, "Received: from a by b\r\n%s", wrapper), 1, 1);
    assert_kind(MAIL, 0, 0);
}

static void a_mail_with_a_wrapper_in_it_is_none(void **state)
{
    (void)state;
    assert_kind(arena_printf(arena,
                             "From: a@contoso.com\nContent-Type: multipart/mixed; boundary=x\n\n"
                             "--x\n\nin clear\n--x\nContent-Type: message/rfc822\n\n%s\n--x--\n",
                             wrapper),
                1, 0);
}

static void what_a_program_has_made_anew_is_none(void **state)
{
    (void)state;
    assert_kind(changed("X-Chancery-Content:", "X-Other:"), 1, 0);
    assert_kind(changed("Content-Type: text/plain", "Content-Type: application/pdf"), 1, 0);
    assert_kind(changed("X-Chancery-Content: ", "X-Chancery-Content: 0"), 1, 0);
}

static void a_part_more_makes_it_none(void **state)
{
    (void)state;
    const char *at = strstr(wrapper, "boundary=\"");
    char boundary[128] = "";
    assert_non_null(at);
    assert_int_equal(sscanf(at, "boundary=\"%127[^\"]", boundary), 1);
    const char *first = arena_printf(arena, "--%s", boundary);
    assert_kind(changed(first, arena_printf(arena, "%s\r\n\r\nin clear\r\n%s", first, first)), 1,
                0);
}

/* What people see may be several parts, of text and pictures. */
static void what_is_shown_may_be_of_several_parts(void **state)
{
    (void)state;
    static const char *const kinds[][2] = {{"text/html", "image/png"},
                                           {"text/html", "application/pdf"},
                                           {"message/rfc822", "text/html"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *shown = arena_printf(
            arena,
            "Content-Type: multipart/alternative; boundary=o\r\n\r\n--o\r\n\r\nRead it.\r\n"
            "--o\r\nContent-Type: multipart/related; boundary=i\r\n\r\n--i\r\nContent-Type: %s\r\n"
            "\r\nx\r\n--i\r\nContent-Type: %s\r\n\r\nx\r\n--i--\r\n\r\n--o--\r\n\r\n"
            "X-Rest: x",
            kinds[i][0], kinds[i][1]);
        assert_kind(changed("Content-Type: text/plain", shown), 1, i == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_wrapper_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mail_with_a_wrapper_in_it_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_program_has_made_anew_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_part_more_makes_it_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_shown_may_be_of_several_parts, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
