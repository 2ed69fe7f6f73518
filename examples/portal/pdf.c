/* SPDX-License-Identifier: Apache-2.0 */
#include "pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pages/pages.h"
#include "wiped.h"

enum {
    READERS_MAX = 2, /* at once: each may take CONFINE_MEMORY_MIB */
    DEADLINE_US = 25 * G_USEC_PER_SEC,
    END_US = 5 * G_USEC_PER_SEC, /* from the end of what it writes to its own */
    PIECE_BYTES = 64 * 1024,
};

static char program[4096];
static gint readers; /* atomic */

bool pdf_is_one(const void *data, size_t size)
{
    static const char magic[] = "%PDF-"; /* ISO 32000-2 §7.5.2 */
    return size >= sizeof magic - 1 && memcmp(data, magic, sizeof magic - 1) == 0;
}

void pdf_init(void)
{
    char *self = g_file_read_link("/proc/self/exe", NULL);
    char *folder = self == NULL ? NULL : g_path_get_dirname(self);
    g_snprintf(program, sizeof program, "%s/chancery-portal-pages", folder == NULL ? "" : folder);
    if (access(program, X_OK) != 0) {
        program[0] = '\0';
    }
    g_free(self);
    g_free(folder);
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
    bool ok = posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO) == 0 &&
              posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) == 0 &&
              posix_spawn(&child->pid, program, &actions, NULL, argv, environment) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return ok;
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

/* False: nothing runs, and nothing is left open. */
static bool start(struct child *child, bool with_text)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    bool ok = pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
              fcntl(in[1], F_SETFL, O_NONBLOCK) == 0 && spawn(child, in, out, with_text);
    close_end(&in[0]);
    close_end(&out[1]);
    if (!ok) {
        close_end(&in[1]);
        close_end(&out[0]);
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

/* It is believed as little as the document: what it has written may be the document's words. */
static bool read_frames(GByteArray *output, struct pdf *pdf)
{
    const guint8 *at = output->data, *data;
    size_t left = output->len, size;
    char digits[16] = "";
    if (!next_frame(&at, &left, &data, &size) || size >= sizeof digits) {
        return false;
    }
    memcpy(digits, data, size);
    guint64 count = g_ascii_strtoull(digits, NULL, 10);
    pdf->page_count = (unsigned)MIN(count, 1000000);
    while (left > 0) {
        const guint8 *text;
        size_t text_size;
        if (!next_frame(&at, &left, &data, &size) || !is_png(data, size) ||
            !next_frame(&at, &left, &text, &text_size) || pdf->pages->len >= PAGES_SHOWN_MAX) {
            return false;
        }
        struct pdf_page *page = g_new0(struct pdf_page, 1);
        page->png = g_bytes_new(data, size);
        page->text = g_utf8_make_valid((const char *)text, (gssize)text_size);
        g_ptr_array_add(pdf->pages, page);
    }
    return pdf->pages->len > 0;
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
           : code == PAGES_UNCONFINED   ? PDF_NOT_HERE
                                        : PDF_UNREADABLE;
}

static enum pdf_outcome read_one(GBytes *document, bool with_text, struct pdf *out)
{
    struct child child = {.in = -1, .out = -1, .ended = -1};
    if (!start(&child, with_text)) {
        return PDF_NOT_HERE;
    }
    GByteArray *output = g_byte_array_new();
    bool is_good = exchange_all(&child, document, output);
    int code = end(&child, is_good);
    bool ok = code == PAGES_DONE && read_frames(output, out);
    GBytes *done = wiped_from_array(output);
    g_bytes_unref(done);
    return ok ? PDF_SHOWN : outcome_of(code);
}

enum pdf_outcome pdf_read(GBytes *document, bool with_text, struct pdf *out)
{
    *out = (struct pdf){.pages = g_ptr_array_new_with_free_func(page_free)};
    if (!pdf_is_possible()) {
        return PDF_NOT_HERE;
    }
    bool has_room = g_atomic_int_add(&readers, 1) < READERS_MAX;
    enum pdf_outcome outcome = has_room ? read_one(document, with_text, out) : PDF_BUSY;
    (void)g_atomic_int_add(&readers, -1);
    return outcome;
}

void pdf_clear(struct pdf *pdf)
{
    if (pdf->pages != NULL) {
        g_ptr_array_unref(pdf->pages);
        pdf->pages = NULL;
    }
}
