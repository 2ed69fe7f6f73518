/* SPDX-License-Identifier: Apache-2.0 */
/* Mails of our own, byte for byte. */
#include "chancery_test.h"

#include <string.h>

#include "mail/mail_message.h"

static struct arena *arena;

static const struct passcode_message KIM = {
    .envelope = {.from = "no-reply@portal.example",
                 .from_name = "Portal",
                 .to = "kim@mail.example",
                 .id = {{0x0a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
                 .now = {1800000000}},
    .language = "en",
    .code = "01234567",
    .reference = "K7M4QX",
    .minutes = 15,
};

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *written(const struct passcode_message *message)
{
    struct slice out;
    struct err err = {0};
    assert_ok(mail_message_passcode(arena, message, &out, &err), &err);
    return arena_dup(arena, out);
}

static void the_whole_mail(void **state)
{
    (void)state;
    assert_string_equal(
        written(&KIM),
        "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"
        "From: Portal <no-reply@portal.example>\r\n"
        "To: <kim@mail.example>\r\n"
        "Message-ID: <0a010203-0405-0607-0809-0a0b0c0d0e0f@portal.example>\r\n"
        "Subject: Your one-time passcode\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Language: en\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Your one-time passcode is\r\n"
        "\r\n"
        "    0123 4567\r\n"
        "\r\n"
        "Reference: K7M4QX\r\n"
        "\r\n"
        "Type it into the page where you have asked for it. The page shows the sam=\r\n"
        "e\r\n"
        "reference; if it shows another one, do not type the code there.\r\n"
        "\r\n"
        "The code counts once, and for 15 minutes. Nobody will ever ask you\r\n"
        "for it by telephone or mail. If you have not asked for a passcode, somebo=\r\n"
        "dy\r\n"
        "else has typed your address: you need not do anything.\r\n");
}

static void names_are_encoded_and_left_out(void **state)
{
    (void)state;
    struct passcode_message message = KIM;
    message.envelope.from_name = "Les\xc3\xa9";
    assert_non_null(strstr(written(&message), "From: =?utf-8?B?TGVzw6k=?= <no-reply@"));
    message.envelope.from_name = "A, B";
    assert_non_null(strstr(written(&message), "From: =?utf-8?B?QSwgQg==?= <no-reply@"));
    message.envelope.from_name = "";
    assert_non_null(strstr(written(&message), "\r\nFrom: <no-reply@portal.example>\r\n"));
}

static void the_nearest_language_is_taken(void **state)
{
    (void)state;
    struct passcode_message message = KIM;
    message.language = "de-CH";
    assert_non_null(strstr(written(&message), "Content-Language: de\r\n"));
    message.language = "";
    assert_non_null(strstr(written(&message), "Content-Language: en\r\n"));
    message.language = "\r\nBcc: x@y.example";
    assert_null(strstr(written(&message), "Bcc"));
}

static void assert_mail_takes(const char *at)
{
    while (*at != '\0') {
        size_t len = strcspn(at, "\r\n");
        assert_true(len <= 78 && strncmp(at + len, "\r\n", 2) == 0);
        for (size_t n = 0; n < len; n++) {
            assert_true(at[n] >= ' ' && at[n] <= '~');
        }
        at += len + 2;
    }
}

static void every_text_is_ascii_in_lines_that_mail_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < PASSCODE_TEXT_COUNT; i++) {
        struct passcode_message message = KIM;
        message.language = PASSCODE_TEXTS[i].language;
        assert_mail_takes(written(&message));
    }
}

/* --- notices ---------------------------------------------------------------------------------- */

static const char *notice(const char *name, int64_t opened, int64_t refused, size_t event_count)
{
    static const char *const events[] = {"2027-01-15 08:00:00  bob@fabrikam.com  OK",
                                         "2027-01-15 08:00:01  eve@fabrikam.com  NO_RIGHTS"};
    struct notice_message message = {.envelope = KIM.envelope,
                                     .name = name,
                                     .content = {{{0x0b}}},
                                     .opened = opened,
                                     .refused = refused,
                                     .events = events,
                                     .event_count = event_count};
    struct slice out;
    struct err err = {0};
    assert_ok(mail_message_notice(arena, &message, &out, &err), &err);
    return arena_dup(arena, out);
}

static void a_notice_says_what_became_of_it(void **state)
{
    (void)state;
    const char *all = notice("Plan", 1, 1, 2);
    assert_mail_takes(all);
    assert_non_null(strstr(all, "\r\nSubject: News of content that you protected\r\n"));
    assert_non_null(strstr(all, "\r\nContent-Language: de, en\r\n"));
    assert_non_null(strstr(all, "\r\nAuto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(all, "\r\n    Plan\r\n    0b000000-0000-0000-0000-000000000000\r\n"));
    assert_non_null(strstr(all, "Opened: 1, refused: 1 within some minutes."));
    assert_non_null(strstr(all, "\r\n\r\n2027-01-15 08:00:00  bob@fabrikam.com  OK\r\n"
                                "2027-01-15 08:00:01  eve@fabrikam.com  NO_RIGHTS\r\n"));
    assert_null(strstr(all, "=E2=80=A6")); /* nothing is left out */
}

/* A name is one that its owner chose: braces, headers and letters of any kind are text. */
static void a_name_is_nothing_but_text(void **state)
{
    (void)state;
    assert_non_null(strstr(notice("{opened}", 7, 0, 1), "    {opened}\r\n"));
    assert_non_null(strstr(notice("", 7, 0, 1), "    -\r\n"));
    const char *all = notice("Gr\xc3\xbc\xc3\x9f"
                             "e\r\n\r\n.\r\nBcc: x@y.example",
                             60, 0, 2);
    assert_mail_takes(all);
    assert_non_null(strstr(all, "Gr=C3=BC=C3=9Fe=0D\r\n"));
    assert_true(strstr(all, "Bcc: x@y.example") > strstr(all, "\r\n\r\n")); /* in the body */
    assert_non_null(strstr(all, "\r\n=E2=80=A6\r\n"));
}

static void local_parts_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"kim@mail.example", "kim@mail.example"},
        {"kim.x@mail.example", "kim.x@mail.example"},
        {"kim.@mail.example", "\"kim.\"@mail.example"},
        {".kim@mail.example", "\".kim\"@mail.example"},
        {"k..m@mail.example", "\"k..m\"@mail.example"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(mail_message_address(arena, cases[i][0]), cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_mail),
        cmocka_unit_test(names_are_encoded_and_left_out),
        cmocka_unit_test(the_nearest_language_is_taken),
        cmocka_unit_test(a_notice_says_what_became_of_it),
        cmocka_unit_test(a_name_is_nothing_but_text),
        cmocka_unit_test(every_text_is_ascii_in_lines_that_mail_takes),
        cmocka_unit_test(local_parts_are_quoted_where_they_must_be),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
