/* SPDX-License-Identifier: Apache-2.0 */
/* What rules are told of a mail: nothing is hidden from them, and nothing is cut off. */
#include "chancery_test.h"

#include "client/mail.h"
#include "client/mail_facts.h"
#include "client/mail_text.h"

static struct arena *arena;
static Chancery__V1__MessageFacts facts;
static struct err err;

static int set_up(void **state)
{
    (void)state;
    mail_start();
    arena = arena_new(256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static rc read_mail(const char *mail, size_t len, struct slice *text)
{
    err = (struct err){0};
    chancery__v1__message_facts__init(&facts);
    return mail_facts_read(arena, slice_of(mail, len), &facts, text, &err);
}

/* The text of a mail with this header and body. */
static const char *text_of(const char *header, const char *body)
{
    struct slice text;
    const char *mail = arena_printf(arena, "From: a@b.example\r\n%s\r\n%s", header, body);
    assert_ok(read_mail(mail, strlen(mail), &text), &err);
    return arena_dup(arena, text);
}

static const char *html(const char *markup)
{
    struct buf out;
    struct slice text;
    buf_init(&out, arena);
    mail_text_add_html(&out, slice_str(markup));
    assert_ok(buf_finish(&out, &text, &err), &err);
    return arena_dup(arena, text);
}

/* What rules would not see is no less than what they forbid. */
static void assert_refused(const char *header, const char *piece, size_t times, const char *why)
{
    struct buf mail;
    struct slice all, text;
    buf_init(&mail, arena);
    buf_add_str(&mail, "From: a@b.example\r\n");
    buf_add_str(&mail, header);
    for (size_t i = 0; i < times; i++) {
        buf_add_str(&mail, piece);
    }
    assert_ok(buf_finish(&mail, &all, &err), &err);
    assert_false(read_mail((const char *)all.ptr, all.len, &text).ok);
    assert_int_equal(err.reason, R_INPUT_INVALID);
    assert_non_null(strstr(err.detail, why));
}

static void test_html_is_what_a_browser_shows(void **state)
{
    (void)state;
    assert_string_equal(html("a<b>b</b>c"), "abc");
    assert_string_equal(html("one<br>two<td>three"), "one\ntwo\nthree");
    assert_string_equal(html("x<i title='a>b'>y"), "xy");
    assert_string_equal(html("x<i it's>y"), "xy"); /* no quotation mark without an equals sign */
    assert_string_equal(html("<script>no</script>yes<style>no"), "\n\nyes\n");
    assert_string_equal(html("a<!-- <b> -->b"), "ab");
    assert_string_equal(html("a<!-- open"), "a");
    assert_string_equal(html("1 < 2 & 3 &lt 4 &auml;&#228;&#xE4;&nosuch;&"),
                        "1 < 2 & 3 < 4 äää&nosuch;&");
    assert_string_equal(html("&#0;&#1114112;&#xd800;"), "&#0;&#1114112; ");
    assert_string_equal(html("<"), "<");
    assert_string_equal(html("a<b"), "a");
}

static void test_bytes_become_utf8(void **state)
{
    (void)state;
    assert_string_equal(text_of("Content-Type: text/plain; charset=iso-8859-1\r\n", "\xe4"), "ä\n");
    assert_string_equal(text_of("Content-Type: text/plain; charset=no-such\r\n", "\xe4"), "ä\n");
    assert_string_equal(text_of("", "a\xff"), "aÿ\n");
    struct slice text;
    static const char nul[] = "From: a@b.example\r\n\r\na\0b";
    assert_ok(read_mail(nul, sizeof nul - 1, &text), &err);
    assert_true(slice_eq_str(text, "a b\n"));
}

static void test_all_parts_count(void **state)
{
    (void)state;
    const char *text = text_of(
        "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nmsip_labels: MSIP_Label_1_Enabled=true; "
        "MSIP_Label_1_Name=Geheim\r\nAuto-Submitted: auto-replied (vacation)\r\nMessage-ID: <1@b.example>\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nplain\r\n--c\r\n"
        "Content-Type: text/html\r\n\r\n<p>rich\r\n--c--\r\n"
        "--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: inline\r\n\r\nPNG\r\n"
        "--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN\r\n"
        "--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=x.csv\r\n\r\nunseen\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nwithin\r\n--b--\r\n");
    assert_string_equal(text, "plain\n\nrich\nBEGIN\ninner\nwithin\n");
    assert_true(slice_eq_str(slice_of(facts.subject.data, facts.subject.len), "Grüße"));
    assert_string_equal(facts.message_id, "1@b.example");
    assert_int_equal(facts.n_labels, 1);
    assert_string_equal(facts.labels[0], "Geheim");
    assert_int_equal(facts.n_attachments, 3);
    assert_string_equal(facts.attachments[0]->type, "image/png");
    assert_true(slice_eq_str(slice_of(facts.attachments[1]->name.data, 5), "x.csv"));
    assert_int_equal(facts.attachments[1]->size, 6);
    assert_string_equal(facts.attachments[2]->type, "message/rfc822");
    assert_int_equal(facts.n_kinds, 2);
    assert_int_equal(facts.kinds[0], CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_OUT_OF_OFFICE);
    assert_int_equal(facts.kinds[1], CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_CALENDAR);
}

/* Ways to write a word that programs show, and a reader of MIME that takes all at its word doesn't see. */
static void test_no_word_is_hidden_by_how_it_is_written(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Content-Type: text/plain\r\nContent-Transfer-Encoding: (x) base64\r\n", "Z2VoZWlt"},
        {"Content-Type: text/plain\r\nContent-Transfer-Encoding: \"base64\"\r\n", "Z2VoZWlt"},
        {"Content-Transfer-Encoding: base64\r\n", "Z2Vo\r\nZQ==\r\naW0=\r\n"},
        {"Content-Transfer-Encoding: base64\r\n", "Z2V!o*ZWlt\r\n"},
        {"Content-Transfer-Encoding: quoted-printable\r\n", "ge= \t\r\nheim"},
        {"Content-Transfer-Encoding: x-unknown\r\n", "geheim"},
        {"Content-Type: text/plain; format=flowed; delsp=yes\r\n", "x ge \r\nheim x\r\n"},
        {"Content-Type: text/calendar\r\n", "SUMMARY: ge\r\n heim x\r\n"},
        {"Content-Type: text/vcard\r\n", "NOTE:ge\n\theim\n"},
        {"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n",
         "//5nAGUAaABlAGkAbQA="}, /* UTF-16 by its mark */
        {"Content-Type: application/xhtml+xml\r\n", "<p>ge<b/>heim</p>"},
        {"Content-Type: multipart/mixed; boundary=b\r\n", "geheim\r\n--b\r\n\r\nx\r\n--b--\r\n"},
        {"Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nx\r\n--b--\r\ngeheim\r\n"},
        {"Content-Type: multipart/mixed\r\n", "geheim\r\n"},
        {"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n",
         "U3ViamVjdDogeA0KDQpnZWhlaW0NCg==\r\n"},
        {"Content-Type: multipart/mixed; boundary=b\r\n",
         "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
         "Subject: x\r\n\r\nge=\r\nheim\r\n--b--\r\n"},
        {"Content-Type: multipart/mixed; boundary=b\r\n",
         "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
         "U3ViamVjdDogeA0KDQpnZWhlaW0NCg==\r\n--b--\r\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (strstr(text_of(cases[i][0], cases[i][1]), "geheim") == NULL) {
            fail_msg("%s%s", cases[i][0], cases[i][1]);
        }
    }
}

static void test_a_property_of_a_calendar_is_no_part_of_its_value(void **state)
{
    (void)state;
    assert_string_equal(text_of("Content-Type: text/calendar\r\n", "SUMMARY:a\r\n b"),
                        "SUMMARY: ab\nSUMMARY:a\r\n b\n");
}

static void test_html_ends_its_comments_as_browsers_do(void **state)
{
    (void)state;
    assert_string_equal(html("<!-->a-->"), "a-->");
    assert_string_equal(html("<!--->a"), "a");
    assert_string_equal(html("<!-- x --!>a"), "a");
    assert_string_equal(html("<!-- x -- >b-->a"), "a");
    assert_string_equal(html("g&ZeroWidthSpace;&eopf;&hfr;"), "g\u200beh");
    assert_non_null(strstr(html("<svg><style><b>geheim"), "geheim"));
    assert_null(strstr(html("<style>geheim"), "geheim"));
}

static void test_a_part_is_not_read_in_two_ways(void **state)
{
    (void)state;
    assert_refused("Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                   "--b\r\nContent-Type: text/plain\r\nContent-Type: application/x\r\n\r\nx\r\n", 1,
                   "two ways");
    assert_refused("Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\n",
                   "x", 1, "two ways");
    assert_refused("Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n", "x", 1,
                   "two ways");
    assert_string_equal(text_of("Content-Type: text/plain\r\nContent-type: text/plain\r\n", "a"),
                        "a\n");
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        int kind;
    } cases[] = {
        {"Content-Type: multipart/signed; boundary=b\r\n",
         CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_SIGNED},
        {"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n",
         CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_SIGNED},
        {"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n",
         CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_ENCRYPTED},
        {"Content-Type: multipart/encrypted; boundary=b\r\n",
         CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_ENCRYPTED},
        {"X-Forwarded-To: x@y.example\r\n", CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_AUTO_FORWARD},
        {"Message-Context: voice-message\r\n", CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_VOICEMAIL},
        {"Content-Type: multipart/report; boundary=b; report-type=disposition-notification\r\n",
         CHANCERY__V1__MESSAGE_KIND__MESSAGE_KIND_READ_RECEIPT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)text_of(cases[i].header, "--b\r\n\r\nx\r\n--b--\r\n");
        assert_int_equal(facts.n_kinds, 1);
        assert_int_equal(facts.kinds[0], cases[i].kind);
    }
}

/* Whether an attachment with these bytes has a password, and whether it can't be read. */
static void assert_attachment(const char *type, const char *bytes, bool has_password,
                              bool is_unreadable)
{
    const char *header = arena_printf(arena, "Content-Type: %s\r\n", type);
    (void)text_of(header, bytes);
    assert_int_equal(facts.n_attachments, 1);
    assert_int_equal(facts.attachments[0]->password_protected, has_password);
    assert_int_equal(facts.attachments[0]->unreadable, is_unreadable);
}

static void test_what_hinders_looking_into_attachments(void **state)
{
    (void)state;
    assert_attachment("application/zip", "PK\x03\x04xx\x01xPK\x05\x06", true, false);
    assert_attachment("application/zip", "PK\x03\x04xx\x02xPK\x01\x02xxxx\x01xPK\x05\x06", true,
                      false);
    assert_attachment("application/zip", "PK\x03\x04xx\x02xPK\x05\x06", false, false);
    assert_attachment("application/zip", "PK\x03\x04xx\x02x", false, true);
    assert_attachment("application/pdf", "%PDF-1.7 /Encrypt 3 0 R", true, false);
    assert_attachment("application/pdf", "%PDF-1.7", false, false);
    assert_attachment("application/ms-tnef", "x", false, true);
    assert_attachment("application/pkcs7-mime", "x", false, true);
}

static void test_more_than_rules_look_at_is_refused(void **state)
{
    (void)state;
    assert_refused("\r\n", "0123456789abcdef", 65536, "1 MiB of text");
    assert_refused("Content-Type: text/html\r\n\r\n", "<b></b>", 1200000, "8 MiB");
    assert_refused("", "X: y\r\n", 1001, "1,000 fields");
    assert_refused("Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                   "--b\r\nContent-Type: image/png\r\n\r\nx\r\n", 1001, "1,000 attachments");
    assert_refused("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\nx\r\n", 20001,
                   "20,000 parts");
    assert_refused("Content-Type: application/x\r\n\r\n", "\n\n\n\n", 1000001, "4,000,000 lines");
    assert_refused("To: ", "g:", 1001, "groups");
    assert_refused("\r\n\r\nCc : x\r\n ", "g:", 1001, "groups"); /* of a mail within */
}

static void test_what_is_too_deep_was_not_read(void **state)
{
    (void)state;
    struct buf mail;
    struct slice all, text;
    buf_init(&mail, arena);
    buf_add_str(&mail, "From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n");
    for (int i = 0; i < 100; i++) {
        buf_printf(&mail, "--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n", i, i + 1);
    }
    buf_add_str(&mail, "--b100\r\n\r\nhidden\r\n");
    assert_ok(buf_finish(&mail, &all, &err), &err);
    assert_ok(read_mail((const char *)all.ptr, all.len, &text), &err);
    assert_int_equal(facts.n_attachments, 1);
    assert_true(facts.attachments[0]->unreadable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_html_is_what_a_browser_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bytes_become_utf8, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_all_parts_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_word_is_hidden_by_how_it_is_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_html_ends_its_comments_as_browsers_do, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_property_of_a_calendar_is_no_part_of_its_value,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_part_is_not_read_in_two_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_hinders_looking_into_attachments, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_more_than_rules_look_at_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_too_deep_was_not_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
