/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { FILE_MODE = 0640, MOVED_MOST = 8 /* in a row, while it is written */ };

enum writer_state { WRITER_IDLE, WRITER_WRITING, WRITER_WRITTEN, WRITER_ENDING };

/* What loop and thread share. The thread may hang in a disk for ever, so whoever goes last frees it. */
struct writer {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum writer_state state;
    bool is_left;   /* by the loop */
    char *path;     /* its own copy */
    uint8_t *bytes; /* its own copy: what is given up may still be written */
    size_t len;
    int error;    /* errno of the last write; 0: it is on the disk */
    int event_fd; /* the thread tells the loop */
    /* The thread's own. */
    int fd;
    bool is_new; /* its folder may not be on the disk */
};

struct sink_file {
    struct sink_way way; /* first */
    struct writer *writer;
    struct loop_fd watch;
    bool is_awaited; /* `done` is */
    bool is_busy;    /* the thread is, with what was given up */
};

/* --- the thread ------------------------------------------------------------------------------- */

static void close_file(struct writer *w)
{
    if (w->fd >= 0) {
        close(w->fd);
        w->fd = -1;
    }
}

static bool is_moved(const struct writer *w)
{
    struct stat open_one, there;
    return fstat(w->fd, &open_one) != 0 || lstat(w->path, &there) != 0 ||
           open_one.st_dev != there.st_dev || open_one.st_ino != there.st_ino;
}

/* A line that a crash or a full disk has cut ends here, so that it spoils no other. */
static int end_cut_line(int fd)
{
    struct stat st;
    char last = '\n';
    if (fstat(fd, &st) != 0) {
        return errno;
    }
    if (!S_ISREG(st.st_mode)) {
        return EINVAL;
    }
    if (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1) {
        return errno;
    }
    return last != '\n' && write(fd, "\n", 1) != 1 ? errno : 0;
}

static int open_file(struct writer *w)
{
    /* O_NONBLOCK: a FIFO fails instead of waiting for its reader. O_NOFOLLOW: whoever may write the folder, and nothing else,
     * could have us append to any file of ours. */
    const int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
    if (w->fd >= 0 && !is_moved(w)) {
        return 0;
    }
    close_file(w);
    w->fd = open(w->path, flags);
    if (w->fd < 0 && errno == ENOENT) {
        w->fd = open(w->path, flags | O_CREAT | O_EXCL, FILE_MODE);
        w->is_new = w->fd >= 0;
    }
    return w->fd < 0 ? errno : end_cut_line(w->fd);
}

/* A new file is on the disk when its folder is. Some file systems can't flush a folder (EINVAL). */
static int flush_folder(struct writer *w)
{
    if (!w->is_new) {
        return 0;
    }
    char *folder = xstrdup(w->path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || (fsync(fd) != 0 && errno != EINVAL) ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    xfree(folder);
    w->is_new = error != 0;
    return error;
}

static int write_once(struct writer *w)
{
    int error = open_file(w);
    for (size_t at = 0; error == 0 && at < w->len;) {
        ssize_t n = write(w->fd, w->bytes + at, w->len - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            error = n == 0 ? EIO : errno;
        }
    }
    if (error == 0 && fdatasync(w->fd) != 0) {
        error = errno;
    }
    error = error == 0 ? flush_folder(w) : error;
    if (error != 0) {
        close_file(w); /* the next try looks at what is there */
    }
    return error;
}

/* A file that was moved meanwhile may have been read, packed or deleted before all was in it: then all comes again. */
static int write_all(struct writer *w)
{
    for (int i = 0; i < MOVED_MOST; i++) {
        int error = write_once(w);
        if (error != 0 || !is_moved(w)) {
            return error;
        }
    }
    return ESTALE;
}

static void free_writer(struct writer *w)
{
    close_file(w);
    if (w->event_fd >= 0) {
        close(w->event_fd);
    }
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    xfree(w->bytes);
    xfree(w->path);
    xfree(w);
}

static void *run(void *arg)
{
    struct writer *w = arg;
    const uint64_t one = 1;
    pthread_mutex_lock(&w->lock);
    while (!w->is_left) {
        if (w->state != WRITER_WRITING) {
            pthread_cond_wait(&w->changed, &w->lock);
            continue;
        }
        pthread_mutex_unlock(&w->lock);
        int error = write_all(w);
        pthread_mutex_lock(&w->lock);
        w->error = error;
        w->state = WRITER_WRITTEN;
        if (write(w->event_fd, &one, sizeof one) < 0) {
            continue; /* its count is full, so the loop is told already */
        }
    }
    w->state = WRITER_ENDING;
    pthread_mutex_unlock(&w->lock);
    free_writer(w);
    return NULL;
}

/* --- the loop --------------------------------------------------------------------------------- */

static struct sink_file *file_of(struct sink_way *way)
{
    return (struct sink_file *)way;
}

static void frame(const struct sink_way *way, const struct sink_record *record, struct buf *out)
{
    (void)way;
    buf_add_str(out, record->json);
    buf_add_byte(out, '\n');
}

/* Hand over what waits, unless the thread is still busy with what was given up. */
static bool hand_over(struct writer *w, struct slice bytes)
{
    pthread_mutex_lock(&w->lock);
    bool is_free = w->state != WRITER_WRITING;
    if (is_free) {
        w->bytes = xreallocarray(w->bytes, bytes.len, 1);
        memcpy(w->bytes, bytes.ptr, bytes.len);
        w->len = bytes.len;
        w->state = WRITER_WRITING;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return is_free;
}

static void tell(struct sink_file *f, int error)
{
    struct err err = {0};
    f->is_awaited = false;
    if (error != 0) {
        (void)err_raise(&err, R_SINK_FILE, __FILE__, __LINE__, "%s: %s", f->writer->path,
                        strerror(error))
            .ok;
    }
    f->way.done(f->way.user, &err);
}

static void send_bytes(struct sink_way *way, struct slice bytes)
{
    struct sink_file *f = file_of(way);
    f->is_awaited = true;
    f->is_busy = !hand_over(f->writer, bytes);
    if (f->is_busy) {
        loop_fd_poke(&f->watch);
    }
}

/* Whether the thread has come to an end with what it was given. */
static bool take_result(struct writer *w, int *error)
{
    pthread_mutex_lock(&w->lock);
    bool is_written = w->state == WRITER_WRITTEN;
    if (is_written) {
        w->state = WRITER_IDLE;
        *error = w->error;
    }
    pthread_mutex_unlock(&w->lock);
    return is_written;
}

static void ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct sink_file *f = LIST_ENTRY(watch, struct sink_file, watch);
    uint64_t count;
    int error = EBUSY;
    (void)readable;
    (void)writable;
    bool is_told = read(f->writer->event_fd, &count, sizeof count) == sizeof count;
    if (f->is_awaited && (f->is_busy || (is_told && take_result(f->writer, &error)))) {
        f->is_busy = false;
        tell(f, error);
    }
}

static void stop(struct sink_way *way)
{
    file_of(way)->is_awaited = false;
}

static void free_way(struct sink_way *way)
{
    struct sink_file *f = file_of(way);
    loop_fd_fini(&f->watch);
    pthread_mutex_lock(&f->writer->lock);
    f->writer->is_left = true;
    pthread_cond_signal(&f->writer->changed);
    pthread_mutex_unlock(&f->writer->lock);
    xfree(f);
}

/* Signals are the loop's. */
static bool start(struct writer *w)
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&thread, NULL, run, w) == 0 && pthread_detach(thread) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static struct writer *writer_new(const char *path)
{
    struct writer *w = xcalloc(1, sizeof *w);
    w->fd = -1;
    w->path = xstrdup(path);
    w->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    return w;
}

rc sink_file_new(struct loop *loop, const char *path, struct sink_way **out, struct err *err)
{
    static const struct sink_way_ops ops = {
        .frame = frame, .send = send_bytes, .stop = stop, .free = free_way};
    struct writer *w = writer_new(path);
    if (w->event_fd < 0 || !start(w)) {
        free_writer(w);
        FAIL(err, R_STARTUP_FAILED, "no thread for %s", path);
    }
    struct sink_file *f = xcalloc(1, sizeof *f);
    f->way = (struct sink_way){.ops = &ops, .loop = loop};
    f->writer = w;
    loop_fd_init(&f->watch, loop, w->event_fd, ready);
    loop_fd_want(&f->watch, true, false);
    *out = &f->way;
    return OK;
}
