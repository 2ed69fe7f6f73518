/* SPDX-License-Identifier: Apache-2.0 */
/* Protected mails against themselves: what the wrapper shows, what is sealed, and what still opens
 * after mail systems have changed the wrapper. */
#include <string.h>

#include "base/buf.h"
#include "client/mail.h"
#include "client/mail_cms.h"
#include "sealing.h"
#include "wire/publishing_license.h"

static const char MAIL[] =
    "From: Alice <alice@contoso.com>\r\nTo: bob@fabrikam.com\r\n"
    "Cc: =?utf-8?q?J=C3=BCrg?= <juerg@fabrikam.com>\r\n"
    "Subject: =?utf-8?q?Zahlen_f=C3=BCr_Q3?=\r\nX-Internal: secret\r\n\r\nbody\r\n";

static void a_mail_comes_back_from_its_wrapper(void **state)
{
    (void)state;
    struct mail_wrapping wrapping = {.mail = slice_str(MAIL),
                                     .license = slice_str("license"),
                                     .content = {{{9}}},
                                     .portal_url = "https://portal.example"};
    struct slice wrapper, mail;
    struct mail_parts parts;
    assert_ok(mail_wrap(arena, &wrapping, key, &wrapper, &err), &err);
    const char *text = arena_dup(arena, wrapper);
    assert_non_null(strstr(text, "https://portal.example"));
    assert_null(strstr(text, "X-Internal")); /* only what a mail system needs leaves the seal */
    assert_ok(mail_unwrap(arena, wrapper, &parts, &err), &err);
    assert_true(slice_eq_str(parts.license, "license"));
    assert_ok(mail_open(arena, parts.sealed, key, &mail, &err), &err);
    assert_true(slice_eq_str(mail, MAIL));
    assert_fails(mail_open(arena, parts.sealed, other_key, &mail, &err), &err, R_INPUT_DAMAGED);
    uint8_t *changed = (uint8_t *)arena_dup(arena, parts.sealed);
    changed[parts.sealed.len - 20] ^= 1;
    assert_fails(mail_open(arena, slice_of(changed, parts.sealed.len), key, &mail, &err), &err,
                 R_INPUT_DAMAGED);
    assert_fails(mail_unwrap(arena, slice_str(MAIL), &parts, &err), &err, R_INPUT_NOT_PROTECTED);
}

/* The shape that mail programs know: alternatives, the logo beside the HTML that shows it. */
static void a_notice_stands_before_what_is_sealed(void **state)
{
    (void)state;
    const struct mail_notice notice = {.html = "<p>L\u00e4s mich: <img src=\"cid:x@y\"></p>",
                                       .text = "L\u00e4s mich",
                                       .logo = slice_str("GIF89a"),
                                       .logo_type = "image/gif",
                                       .logo_id = "x@y"};
    static const char *const in_order[] = {
        "multipart/mixed",         "multipart/alternative", "text/plain; charset=utf-8",
        "multipart/related",       "type=\"text/html\"",    "text/html; charset=utf-8",
        "Content-Type: image/gif", "Content-Id: <x@y>",     "application/x-chancery-license",
        "application/pkcs7-mime"};
    struct mail_wrapping wrapping = {.mail = slice_str(MAIL),
                                     .license = slice_str("license"),
                                     .content = {{{9}}},
                                     .portal_url = "https://portal.example",
                                     .notice = &notice};
    struct slice wrapper;
    struct mail_parts parts;
    assert_ok(mail_wrap(arena, &wrapping, key, &wrapper, &err), &err);
    const char *at = arena_dup(arena, wrapper);
    assert_null(strstr(at, "https://portal.example")); /* the notice says it */
    for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++) {
        const char *next = strcasestr(at, in_order[i]);
        if (next == NULL) {
            fail_msg("%s is not behind the one before in:\n%s", in_order[i], at);
        }
        at = next;
    }
    assert_ok(mail_unwrap(arena, wrapper, &parts, &err), &err);
    assert_true(slice_eq_str(parts.license, "license"));
}

/* Nothing but what is encrypted fits into what a gateway lets pass as protected. */
static void a_sealed_mail_has_one_form(void **state)
{
    (void)state;
    struct slice sealed;
    struct content_id content = {{{9}}}, other = {{{8}}};
    assert_ok(mail_cms_seal(arena, slice_str(MAIL), content, key, &sealed, &err), &err);
    assert_true(mail_cms_is_exact(sealed, content));
    assert_false(mail_cms_is_exact(sealed, other));
    char *longer = arena_printf(arena, "%*s", (int)sealed.len + 1, "");
    memcpy(longer, sealed.ptr, sealed.len);
    assert_false(mail_cms_is_exact(slice_of(longer, sealed.len + 1), content));
    for (size_t len = 0; len < sealed.len; len++) {
        assert_false(mail_cms_is_exact(slice_cut(sealed, 0, len), content));
    }
    /* What names forms and lengths is in its place; what is encrypted begins behind 159 bytes. */
    size_t changed = 0;
    for (size_t at = 0; at < 159; at++) {
        longer[at] ^= 0x40;
        changed += mail_cms_is_exact(slice_of(longer, sealed.len), content) ? 0 : 1;
        longer[at] ^= 0x40;
    }
    assert_int_equal(changed, 159 - 40 - 12); /* the wrapped key and the nonce are any bytes */
}

static void an_envelope_is_read(void **state)
{
    (void)state;
    struct mail_envelope envelope;
    assert_ok(mail_read_envelope(arena, slice_str(MAIL), &envelope, &err), &err);
    assert_string_equal(envelope.from, "alice@contoso.com");
    assert_string_equal(envelope.from_name, "Alice");
    assert_string_equal(envelope.subject, "Zahlen f\u00fcr Q3");
    assert_int_equal(envelope.to_count, 2);
    assert_string_equal(envelope.to[1], "juerg@fabrikam.com");
}

/* --- the envelope ----------------------------------------------------------------------------- */

static void groups_keep_their_members(void **state)
{
    (void)state;
    static const char mail[] =
        "From: The board: Alice <alice@contoso.com>, eve@contoso.com;\r\n"
        "To: before@fabrikam.com, Friends: bob@fabrikam.com, Carol <carol@fabrikam.com>;,\r\n"
        " after@fabrikam.com, Nobody:;\r\nCc: undisclosed-recipients:;\r\n\r\nbody\r\n";
    static const char *const wanted[] = {"before@fabrikam.com", "bob@fabrikam.com",
                                         "carol@fabrikam.com", "after@fabrikam.com"};
    struct mail_envelope envelope;
    assert_ok(mail_read_envelope(arena, slice_str(mail), &envelope, &err), &err);
    assert_int_equal(envelope.to_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(envelope.to[i], wanted[i]);
    }
    assert_string_equal(envelope.from, "alice@contoso.com");
}

/* --- the wrapper ------------------------------------------------------------------------------ */

static struct slice license_bytes(void)
{
    struct license_header header = {.authority_url = "https://authority.example",
                                    .boundary = "commercial",
                                    .tenant = {{{1}}},
                                    .content = {{{9}}},
                                    .key_version = 1,
                                    .display_name = "Numbers"};
    uint8_t closed[256] = {7}; /* what only the authority can open */
    struct slice bytes, sealed = slice_of(closed, sizeof closed), out;
    assert_ok(license_header_encode(arena, &header, &bytes, &err), &err);
    assert_ok(publishing_license_encode(arena, bytes, sealed, &out, &err), &err);
    return out;
}

static const char *wrap(const char *mail)
{
    struct mail_wrapping wrapping = {
        .mail = slice_str(mail), .license = license_bytes(), .content = {{{9}}}, .portal_url = ""};
    struct slice wrapper;
    assert_ok(mail_wrap(arena, &wrapping, key, &wrapper, &err), &err);
    return arena_dup(arena, wrapper);
}

static const char *opened(const char *wrapper)
{
    struct mail_parts parts;
    struct slice mail;
    if (!mail_unwrap(arena, slice_str(wrapper), &parts, &err).ok) {
        err_clear(&err);
        return "it does not open";
    }
    assert_true(slice_eq(parts.license, license_bytes()));
    assert_ok(mail_open(arena, parts.sealed, key, &mail, &err), &err);
    return arena_dup(arena, mail);
}

static void what_mail_systems_need_is_kept(void **state)
{
    (void)state;
    static const char *const kept[] = {
        "In-Reply-To: <one@contoso.com>",
        "References: <zero@contoso.com> <one@contoso.com>",
        "Auto-Submitted: auto-replied",
        "List-Id: <list.contoso.com>",
        "List-Unsubscribe: <https://contoso.com/leave>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Sender: office@contoso.com",
        "Precedence: bulk",
    };
    struct buf mail;
    struct slice text;
    buf_init(&mail, arena);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        buf_printf(&mail, "%s\r\n", kept[i]);
    }
    buf_add_str(&mail,
                "From: alice@contoso.com\r\nX-Internal: secret\r\nComments: secret\r\n\r\nb");
    assert_ok(buf_finish(&mail, &text, &err), &err);
    const char *wrapper = wrap(arena_dup(arena, text));
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strstr(wrapper, kept[i]) == NULL) {
            fail_msg("%s", kept[i]);
        }
    }
    assert_null(strstr(wrapper, "secret"));
}

/* Decoding and encoding again made two people of a name with a comma, and lines of a header of a line end
 * that was encoded. */
static void headers_mean_in_the_wrapper_what_they_meant(void **state)
{
    (void)state;
    static const char *const kept[] = {"From: =?utf-8?q?M=C3=BCller,_Alice?= <alice@contoso.com>\n",
                                       "To: Friends: a@b.example, \"C, D: E\" <c@d.example>;\n",
                                       "Subject: =?utf-8?q?a=0D=0AX-Evil:_1=0D=0A=0D=0Ab?=\n",
                                       "Message-Id: <a=?utf-8?q?=0AX-Evil:_2?=@b>\n",
                                       "References: <a@b>\n <c@d>\n"};
    struct buf mail;
    struct slice text;
    buf_init(&mail, arena);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        buf_add_str(&mail, kept[i]);
    }
    buf_add_str(&mail, "Cc: \"M\u00fcller, Alice\" <alice@contoso.com>\nIn-Reply-To: <\u00fc@b>\n"
                       "Thread-Topic: a\rX-Evil: 3\n\nb");
    assert_ok(buf_finish(&mail, &text, &err), &err);
    const char *wrapper = wrap(arena_dup(arena, text));
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strstr(wrapper, kept[i]) == NULL) {
            fail_msg("%s is not in:\n%s", kept[i], wrapper);
        }
    }
    assert_null(strstr(wrapper, "\nX-Evil"));
    assert_null(strchr(wrapper, '\r'));
    assert_null(strstr(wrapper, "In-Reply-To"));
    struct mail_envelope envelope;
    assert_ok(mail_read_envelope(arena, slice_str(wrapper), &envelope, &err), &err);
    assert_int_equal(envelope.to_count, 3);
    assert_string_equal(envelope.to[2], "alice@contoso.com");
}

static void bcc_is_nobodys_to_read(void **state)
{
    (void)state;
    static const struct {
        const char *mail, *sealed;
    } rows[] = {
        {"From: a@b.c\r\nBcc: eve@contoso.com,\r\n mallory@contoso.com\r\nTo: bob@b.c\r\n\r\nBcc: x",
         "From: a@b.c\r\nTo: bob@b.c\r\n\r\nBcc: x"},
        {"bCC : eve@contoso.com\nResent-Bcc: eve@contoso.com\n\tand@more\nTo: bob@b.c\n\nbody\n",
         "To: bob@b.c\n\nbody\n"},
        {"To: bob@b.c\r\nBcc: eve@contoso.com", "To: bob@b.c\r\n"},
        {"To: bob@b.c\r\nBcc-Of: kept\r\nX-Bcc: kept\r\n\r\n\r\nBcc: body",
         "To: bob@b.c\r\nBcc-Of: kept\r\nX-Bcc: kept\r\n\r\n\r\nBcc: body"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *wrapper = wrap(rows[i].mail);
        assert_null(strstr(wrapper, "eve@contoso.com"));
        assert_string_equal(opened(wrapper), rows[i].sealed);
    }
}

static const char *replaced(const char *text, const char *what, const char *with)
{
    const char *at = strstr(text, what);
    assert_non_null(at);
    return arena_printf(arena, "%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
}

static void retyped_parts_open(void **state)
{
    (void)state;
    static const char sealed[] = "application/pkcs7-mime", name[] = "license.bin";
    static const char license[] = "application/x-chancery-license";
    static const char *const types[] = {"application/octet-stream", "application/x-pkcs7-mime",
                                        "APPLICATION/OCTET-STREAM", "application/unknown"};
    const char *wrapper = wrap(MAIL);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_string_equal(opened(replaced(wrapper, sealed, types[i])), MAIL);
        const char *both = replaced(replaced(wrapper, license, types[i]), sealed, types[i]);
        assert_string_equal(opened(replaced(both, name, "ATT00001.bin")), MAIL);
    }
    const char *around = "From: x@y.z\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
                         "boundary=\"around\"\r\n\r\n--around\r\nContent-Type: text/plain\r\n\r\n"
                         "fyi\r\n--around\r\nContent-Type: message/rfc822\r\n\r\n";
    assert_string_equal(opened(arena_printf(arena, "%s%s\r\n--around--\r\n", around, wrapper)),
                        MAIL);
    /* a text is no attachment */
    assert_string_equal(opened(replaced(wrapper, sealed, "text/plain")), "it does not open");
}

/* Another attachment is neither, whatever its type says. */
static void other_attachments_are_passed_over(void **state)
{
    (void)state;
    const char *wrapper = wrap(MAIL);
    const char *part = "Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nsigned";
    const char *boundary = strstr(wrapper, "\n--");
    assert_non_null(boundary);
    size_t len = strcspn(boundary + 1, "\r\n");
    const char *added = arena_printf(arena, "%.*s%.*s\r\n%s\r\n%s", (int)(boundary + 1 - wrapper),
                                     wrapper, (int)len, boundary + 1, part, boundary + 1);
    assert_string_equal(opened(added), MAIL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_comes_back_from_its_wrapper),
        cmocka_unit_test(a_notice_stands_before_what_is_sealed),
        cmocka_unit_test(a_sealed_mail_has_one_form),
        cmocka_unit_test(an_envelope_is_read),
        cmocka_unit_test(groups_keep_their_members),
        cmocka_unit_test(what_mail_systems_need_is_kept),
        cmocka_unit_test(headers_mean_in_the_wrapper_what_they_meant),
        cmocka_unit_test(bcc_is_nobodys_to_read),
        cmocka_unit_test(retyped_parts_open),
        cmocka_unit_test(other_attachments_are_passed_over),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
