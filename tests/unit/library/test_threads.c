/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that share nothing but the library: each seals and opens files and mails of its own. The
 * preset tsan watches them. */
#include <pthread.h>
#include <stdlib.h>

#include "fixture.h"

enum { THREADS = 6, ROUNDS = 12, ROOM = 512 * 1024 };

static const char MAIL[] = "From: Alice <alice@contoso.com>\r\n"
                           "To: =?utf-8?q?B=C3=B6b?= <bob@fabrikam.com>, eve@fabrikam.com\r\n"
                           "Subject: =?iso-8859-1?q?Pl=E4ne?=\r\n"
                           "Message-Id: <1@contoso.com>\r\n"
                           "Content-Type: text/plain; charset=windows-1252\r\n"
                           "\r\n"
                           "Text\r\n";

/* cmocka's assertions belong to its own thread: what fails is counted. */
static size_t must(chancery_error *error)
{
    size_t failed = error == NULL ? 0 : 1;
    chancery_error_free(error);
    return failed;
}

static size_t a_file(const chancery_content *content, struct memory *sealed, uint8_t fill)
{
    chancery_sealer *sealer = NULL;
    chancery_reader *reader = NULL;
    uint8_t piece[4096];
    size_t got = 1, failed = 0, total = 0;
    memset(piece, fill, sizeof piece);
    *sealed = (struct memory){.bytes = sealed->bytes, .room = ROOM};
    failed += must(chancery_sealer_new(content, memory_write, sealed, &sealer));
    for (int i = 0; i < 40; i++) {
        failed += must(chancery_sealer_add(sealer, piece, sizeof piece));
    }
    failed += must(chancery_sealer_finish(sealer));
    chancery_sealer_free(sealer);
    failed += must(chancery_reader_new(memory_read, sealed, &reader));
    failed += must(chancery_reader_start(reader, content));
    while (got > 0 && failed == 0) {
        failed += must(chancery_reader_read(reader, piece, sizeof piece, &got));
        failed += got > 0 && (piece[0] != fill || piece[got - 1] != fill) ? 1 : 0;
        total += got;
    }
    chancery_reader_free(reader);
    return failed + (total == 40 * sizeof piece ? 0 : 1);
}

static size_t a_mail(const chancery_content *content)
{
    chancery_mail *mail = NULL, *wrapper = NULL;
    chancery_buffer *wrapped = NULL, *opened = NULL;
    size_t failed = must(chancery_mail_read(MAIL, sizeof MAIL - 1, &mail));
    failed += strcmp(chancery_mail_subject(mail), "Pl\xc3\xa4ne") == 0 ? 0 : 1;
    failed += must(chancery_mail_wrap(mail, content, &wrapped));
    failed += must(
        chancery_mail_read(chancery_buffer_data(wrapped), chancery_buffer_size(wrapped), &wrapper));
    failed += chancery_mail_is_wrapper(wrapper) == 1 && chancery_mail_is_wrapper(mail) == 0 ? 0 : 1;
    failed += must(chancery_mail_open(wrapper, content, &opened));
    failed += strcmp(chancery_buffer_data(opened), MAIL) == 0 ? 0 : 1;
    chancery_mail_free(mail);
    chancery_mail_free(wrapper);
    chancery_buffer_free(wrapped);
    chancery_buffer_free(opened);
    return failed;
}

static void *files(void *arg)
{
    chancery_content *content = content_with_key();
    struct memory sealed = {.bytes = calloc(1, ROOM)};
    size_t failed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        failed += a_file(content, &sealed, (uint8_t)(uintptr_t)arg);
    }
    free(sealed.bytes);
    chancery_content_free(content);
    return (void *)(uintptr_t)failed;
}

static void *mails(void *arg)
{
    (void)arg;
    chancery_content *content = content_with_key();
    size_t failed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        failed += a_mail(content);
    }
    chancery_content_free(content);
    return (void *)(uintptr_t)failed;
}

static void run_threads(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1)), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static void files_of_threads_do_not_meet(void **state)
{
    (void)state;
    run_threads(files);
}

static void mails_of_threads_do_not_meet(void **state)
{
    (void)state;
    run_threads(mails);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_of_threads_do_not_meet),
                                       cmocka_unit_test(mails_of_threads_do_not_meet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
