/* SPDX-License-Identifier: Apache-2.0 */
#include "pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pages/pages.h"
#include "wiped.h"

enum {
    DEADLINE_US = 25 * G_USEC_PER_SEC,
    END_US = 5 * G_USEC_PER_SEC, /* from the end of what it writes to its own */
    PIECE_BYTES = 64 * 1024,
};

static char program[4096];

bool pdf_is_one(const void *data, size_t size)
{
    static const char magic[] = "%PDF-"; /* ISO 32000-2 §7.5.2 */
    return size >= sizeof magic - 1 && memcmp(data, magic, sizeof magic - 1) == 0;
}

bool pdf_is_possible(void)
{
    return program[0] != '\0';
}

/* --- the process ------------------------------------------------------------------------------ */

struct child {
    pid_t pid;
    int in, out; /* our ends: what it reads, what it writes; -1: closed */
    int ended;   /* pidfd, readable when it has; -1: none */
    gint64 deadline;
};

static void close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/* Nothing comes along: neither descriptors nor variables. */
static bool spawn(struct child *child, const int in[2], const int out[2], bool with_text)
{
    char name[] = "chancery-portal-pages", text[] = "--text";
    char *argv[] = {name, with_text ? text : NULL, NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    int error = posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    error = error == 0 ? posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) : error;
    error =
        error == 0 ? posix_spawn(&child->pid, program, &actions, NULL, argv, environment) : error;
    posix_spawn_file_actions_destroy(&actions);
    errno = error;
    return error == 0;
}

static int rest_ms(const struct child *child)
{
    gint64 rest = (child->deadline - g_get_monotonic_time()) / 1000;
    return (int)MAX(rest, 0);
}

/* A document that has taken it over may close its output and stay: the end of one isn't the other's. */
static bool ends_in_time(struct child *child)
{
    struct pollfd fd = {.fd = child->ended, .events = POLLIN};
    int ready;
    child->deadline = MIN(child->deadline, g_get_monotonic_time() + END_US);
    do {
        ready = poll(&fd, 1, rest_ms(child));
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

/* Its exit code; -1: a signal has ended it, ours or one of its limits'. */
static int end(struct child *child, bool is_good)
{
    int status = 0;
    close_end(&child->in);
    close_end(&child->out);
    bool is_over = is_good && ends_in_time(child);
    if (!is_over) {
        (void)kill(child->pid, SIGKILL);
    }
    close_end(&child->ended);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
    }
    return is_over && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* False: errno says why; nothing runs, and nothing is left open. */
static bool start(struct child *child, bool with_text)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    bool ok = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
              fcntl(in[1], F_SETFL, O_NONBLOCK) == 0 && spawn(child, in, out, with_text);
    int error = errno;
    close_end(&in[0]);
    close_end(&out[1]);
    if (!ok) {
        close_end(&in[1]);
        close_end(&out[0]);
        errno = error;
        return false;
    }
    child->in = in[1];
    child->out = out[0];
    child->ended = pidfd_open(child->pid, 0); /* nobody else waits for it, so the number is its */
    child->deadline = g_get_monotonic_time() + DEADLINE_US;
    if (child->ended < 0) {
        (void)end(child, false);
    }
    return child->ended >= 0;
}

/* --- talking to it ---------------------------------------------------------------------------- */

/* Hand on what the pipe takes now. When it reads no more, its exit code says why. */
static void feed(struct child *child, const guint8 **at, size_t *left)
{
    ssize_t n = *left == 0 ? 0 : write(child->in, *at, *left);
    bool is_over = n < 0 && errno != EAGAIN && errno != EINTR;
    *at += n > 0 ? n : 0;
    *left -= n > 0 ? (size_t)n : 0;
    if (*left == 0 || is_over) {
        close_end(&child->in);
    }
}

/* False at the end of what it writes, or when that is too much. */
static bool take(struct child *child, GByteArray *output, bool *is_good)
{
    guint8 piece[PIECE_BYTES];
    ssize_t n = read(child->out, piece, sizeof piece);
    if (n > 0 && output->len + (size_t)n > PDF_OUTPUT_MAX) {
        *is_good = false;
        return false;
    }
    if (n > 0) {
        g_byte_array_append(output, piece, (guint)n);
    }
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Whether it came to its end by itself, in time. */
static bool exchange_all(struct child *child, GBytes *document, GByteArray *output)
{
    size_t left;
    const guint8 *at = g_bytes_get_data(document, &left);
    bool goes_on = true, is_good = true;
    while (goes_on) {
        struct pollfd fds[2] = {{.fd = child->out, .events = POLLIN},
                                {.fd = child->in, .events = POLLOUT}}; /* of -1 nothing is said */
        int wait_ms = rest_ms(child), ready = wait_ms == 0 ? 0 : poll(fds, 2, wait_ms);
        if (ready == 0) {
            return false;
        }
        if (fds[1].revents != 0) {
            feed(child, &at, &left);
        }
        if (fds[0].revents != 0) {
            goes_on = take(child, output, &is_good);
        }
    }
    return is_good;
}

/* --- frames ----------------------------------------------------------------------------------- */

static bool next_frame(const guint8 **at, size_t *left, const guint8 **data, size_t *size)
{
    if (*left < PAGES_HEAD_BYTES) {
        return false;
    }
    const guint8 *head = *at;
    *size = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (*size > *left - PAGES_HEAD_BYTES) {
        return false;
    }
    *data = head + PAGES_HEAD_BYTES;
    *at = *data + *size;
    *left -= PAGES_HEAD_BYTES + *size;
    return true;
}

static bool is_png(const guint8 *data, size_t size)
{
    return size > 8 && memcmp(data, "\x89PNG\r\n\x1A\n", 8) == 0;
}

/* The pages that are whole, up to where it was ended or wrote something else. It is believed as little as the document: what it
 * has written may be the document's words, so it writes no text that nobody asked for. */
static void read_frames(GByteArray *output, bool with_text, struct pdf *pdf)
{
    const guint8 *at = output->data, *data, *text;
    size_t left = output->len, size, text_size, text_left = with_text ? PAGES_TEXT_MAX : 0;
    char digits[16] = "";
    if (!next_frame(&at, &left, &data, &size) || size >= sizeof digits) {
        return;
    }
    memcpy(digits, data, size);
    guint64 count = g_ascii_strtoull(digits, NULL, 10);
    while (pdf->pages->len < PAGES_SHOWN_MAX && next_frame(&at, &left, &data, &size) &&
           is_png(data, size) && next_frame(&at, &left, &text, &text_size) &&
           text_size <= text_left) {
        struct pdf_page *page = g_new0(struct pdf_page, 1);
        page->png = g_bytes_new(data, size);
        page->text = g_utf8_make_valid((const char *)text, (gssize)text_size);
        text_left -= text_size;
        g_ptr_array_add(pdf->pages, page);
    }
    pdf->page_count = MAX((unsigned)MIN(count, 1000000), pdf->pages->len);
}

static void page_free(void *data)
{
    struct pdf_page *page = data;
    g_bytes_unref(page->png);
    wipe_text(page->text);
    g_free(page);
}

/* --- all -------------------------------------------------------------------------------------- */

static enum pdf_outcome outcome_of(int code)
{
    return code == PAGES_NEEDS_PASSWORD ? PDF_LOCKED
           : code >= PAGES_UNCONFINED   ? PDF_NOT_HERE
                                        : PDF_UNREADABLE;
}

static void tell(const char *why)
{
    fprintf(stderr,
            "chancery-portal: PDFs aren't shown: %s; see \"Attachments without saving\" in "
            "docs/portal.md\n",
            why);
}

/* Nothing of what it has written: that could be the document's. */
static void tell_unconfined(int code)
{
    static const char *const why[] = {
        "/dev/null can't be opened", "the kernel doesn't let a process limit itself",
        "the kernel has no Landlock (Linux 5.13), or a container's seccomp profile forbids it",
        "the kernel has no seccomp filters, or a container's seccomp profile forbids them"};
    size_t at = (size_t)(code - PAGES_UNCONFINED);
    tell(at < G_N_ELEMENTS(why) ? why[at] : "chancery-portal-pages is of another release");
}

static enum pdf_outcome read_one(GBytes *document, bool with_text, struct pdf *out)
{
    struct child child = {.in = -1, .out = -1, .ended = -1};
    if (!start(&child, with_text)) {
        tell(g_strerror(errno));
        return PDF_NOT_HERE;
    }
    GByteArray *output = g_byte_array_new();
    bool is_good = exchange_all(&child, document, output);
    int code = end(&child, is_good);
    read_frames(output, with_text, out);
    wipe_array(output);
    if (code >= PAGES_UNCONFINED) {
        tell_unconfined(code);
    }
    return out->pages->len > 0 ? PDF_SHOWN : outcome_of(code);
}

enum pdf_outcome pdf_read(GBytes *document, bool with_text, struct pdf *out)
{
    *out = (struct pdf){.pages = g_ptr_array_new_with_free_func(page_free)};
    if (!pdf_is_possible()) {
        return PDF_NOT_HERE;
    }
    return read_one(document, with_text, out);
}

/* A page of one line, to see whether it can be shown at all. */
static enum pdf_outcome try(void)
{
    static const char page[] =
        "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
        "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 9]/Contents 4 0 R/Resources<</Font<</F 5 "
        "0 R>>>>>>\nendobj\n"
        "4 0 obj\n<</Length 27>>\nstream\nBT /F 6 Tf (Chancery) Tj ET\nendstream\nendobj\n"
        "5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n"
        "trailer\n<</Root 1 0 R>>\n%%EOF\n";
    struct pdf pdf;
    GBytes *document = g_bytes_new_static(page, sizeof page - 1);
    enum pdf_outcome outcome = pdf_read(document, false, &pdf);
    pdf_clear(&pdf);
    g_bytes_unref(document);
    return outcome;
}

void pdf_init(void)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    char *folder = self == NULL ? NULL : g_path_get_dirname(self);
    g_snprintf(program, sizeof program, "%s/chancery-portal-pages", folder == NULL ? "" : folder);
    g_free(self);
    g_free(folder);
    if (access(program, X_OK) != 0) {
        tell("chancery-portal-pages isn't installed beside chancery-portal");
        program[0] = '\0';
        return;
    }
    enum pdf_outcome outcome = try();
    if (outcome == PDF_NOT_HERE) {
        program[0] = '\0';
    } else if (outcome != PDF_SHOWN) {
        tell("chancery-portal-pages fails with a page of one line");
    }
}

void pdf_clear(struct pdf *pdf)
{
    if (pdf->pages != NULL) {
        g_ptr_array_unref(pdf->pages);
        pdf->pages = NULL;
    }
}
