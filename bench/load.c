/* SPDX-License-Identifier: Apache-2.0 */
/* A load of unary gRPC calls over TLS. Every call may have its own token and message, which h2load
 * can't.
 *
 * usage: load HOST PORT METHOD RECORDS SECONDS CLIENTS STREAMS
 *
 * RECORDS is a file of records: a token, a message, and a text that the answer must contain (may be
 * empty), each after its length (4 bytes, big-endian). For SECONDS the clients, each with STREAMS calls
 * in flight, send records chosen at random; with SECONDS 0 they send every record once. Every answer is
 * checked: HTTP status, gRPC status, one whole message, the text. Prints one JSON object: how many calls
 * were answered as they should and how many not, and their times. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 1 << 16,
    STREAMS_MAX = 256,
    CLIENTS_MAX = 64,
    TIMES_MAX = 1 << 20,
    ANSWER_MAX = 8 * 1024, /* a license has about 2.5 KiB */
    PREFIX_BYTES = 5,
};

struct record {
    const char *token; /* what follows "Bearer " */
    size_t token_len;
    const uint8_t *body;
    size_t body_len;
    const uint8_t *expected; /* stands in the answer */
    size_t expected_len;
};

static const char *host, *port, *method;
static struct record *records;
static size_t record_count;
static bool is_sweep;
static atomic_size_t swept;
static double deadline;

struct exchange { /* one call in flight */
    struct client *client;
    const struct record *record;
    size_t sent;
    double started;
    bool has_http_ok, has_grpc_ok;
    uint8_t answer[ANSWER_MAX];
    size_t answer_len; /* more than ANSWER_MAX: too long */
};

struct client {
    pthread_t thread;
    SSL *ssl;
    nghttp2_session *session;
    struct exchange exchanges[STREAMS_MAX];
    size_t streams, in_flight;
    size_t ok, failed;
    uint64_t state; /* of the random numbers, never 0 */
    uint32_t *times_us;
    size_t time_count;
    uint8_t out[BUFFER_BYTES];
    size_t out_len;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

/* xorshift64 (Marsaglia 2003): uniform enough to choose records. */
static uint64_t next_random(struct client *c)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return c->state;
}

/* --- records ---------------------------------------------------------------------------------- */

static size_t read_length(const uint8_t *at)
{
    return (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
}

static const uint8_t *read_part(const uint8_t **at, size_t *len)
{
    const uint8_t *part = *at + 4;
    *len = read_length(*at);
    *at = part + *len;
    return part;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        die("can't read the records");
    }
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *all = malloc(*size + 1);
    if (all == NULL || fread(all, 1, *size, file) != *size) {
        die("can't read the records");
    }
    fclose(file);
    return all;
}

static void read_records(const char *path)
{
    size_t size, room = 0;
    const uint8_t *at = read_file(path, &size);
    for (const uint8_t *end = at + size; at < end; record_count++) {
        if (record_count == room) {
            room = room == 0 ? 1024 : room * 2;
            records = realloc(records, room * sizeof *records);
        }
        struct record *r = &records[record_count];
        r->token = (const char *)read_part(&at, &r->token_len);
        r->body = read_part(&at, &r->body_len);
        r->expected = read_part(&at, &r->expected_len);
    }
    if (record_count == 0) {
        die("there are no records");
    }
}

/* --- one call --------------------------------------------------------------------------------- */

static ssize_t send_body(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)session, (void)stream, (void)user;
    struct exchange *e = source->ptr;
    size_t left = e->record->body_len - e->sent, len = left < room ? left : room;
    memcpy(buffer, e->record->body + e->sent, len);
    e->sent += len;
    if (e->sent == e->record->body_len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)len;
}

static nghttp2_nv header(const char *name, const char *value, size_t len)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), len,
                        NGHTTP2_NV_FLAG_NONE};
}

/* The next record; NULL if there is nothing left to send. */
static const struct record *choose(struct client *c)
{
    if (is_sweep) {
        size_t n = atomic_fetch_add(&swept, 1);
        return n < record_count ? &records[n] : NULL;
    }
    return now_s() < deadline ? &records[next_random(c) % record_count] : NULL;
}

static void start(struct client *c, struct exchange *e)
{
    char bearer[20 * 1024];
    const struct record *record = choose(c);
    if (record == NULL) {
        return;
    }
    e->client = c;
    e->record = record;
    e->started = now_s();
    e->sent = e->answer_len = 0;
    e->has_http_ok = e->has_grpc_ok = false;
    size_t len = (size_t)snprintf(bearer, sizeof bearer, "Bearer %.*s", (int)record->token_len,
                                  record->token);
    const nghttp2_nv headers[] = {
        header(":method", "POST", 4),
        header(":scheme", "https", 5),
        header(":authority", host, strlen(host)),
        header(":path", method, strlen(method)),
        header("content-type", "application/grpc", 16),
        header("te", "trailers", 8),
        header("authorization", bearer, len),
    };
    nghttp2_data_provider body = {.source.ptr = e, .read_callback = send_body};
    if (nghttp2_submit_request(c->session, NULL, headers, 7, &body, e) < 0) {
        die("can't submit a request");
    }
    c->in_flight++;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t len, uint8_t flags, void *user)
{
    (void)flags, (void)user;
    struct exchange *e = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (e != NULL && name_len == 11 && memcmp(name, "grpc-status", 11) == 0) {
        e->has_grpc_ok = len == 1 && value[0] == '0';
    }
    if (e != NULL && name_len == 7 && memcmp(name, ":status", 7) == 0) {
        e->has_http_ok = len == 3 && memcmp(value, "200", 3) == 0;
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
                   size_t len, void *user)
{
    (void)flags, (void)user;
    struct exchange *e = nghttp2_session_get_stream_user_data(session, stream);
    if (e->answer_len + len <= sizeof e->answer) {
        memcpy(e->answer + e->answer_len, data, len);
    }
    e->answer_len += len;
    return 0;
}

/* One uncompressed message that is all there is, and in it the text. */
static bool is_right(const struct exchange *e)
{
    const struct record *r = e->record;
    return e->has_http_ok && e->has_grpc_ok && e->answer_len > PREFIX_BYTES &&
           e->answer_len <= sizeof e->answer && e->answer[0] == 0 &&
           read_length(e->answer + 1) == e->answer_len - PREFIX_BYTES &&
           (r->expected_len == 0 ||
            memmem(e->answer, e->answer_len, r->expected, r->expected_len) != NULL);
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user)
{
    (void)code;
    struct client *c = user;
    struct exchange *e = nghttp2_session_get_stream_user_data(session, stream);
    bool is_ok = is_right(e);
    c->ok += is_ok;
    c->failed += !is_ok;
    if (c->time_count < TIMES_MAX) {
        c->times_us[c->time_count++] = (uint32_t)((now_s() - e->started) * 1e6);
    }
    c->in_flight--;
    start(c, e);
    return 0;
}

/* --- one client ------------------------------------------------------------------------------- */

static SSL *connect_tls(SSL_CTX *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        die("can't connect");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1) {
        die("TLS failed");
    }
    return ssl;
}

static void flush(struct client *c)
{
    if (c->out_len > 0 && SSL_write(c->ssl, c->out, (int)c->out_len) <= 0) {
        die("the server closed the connection");
    }
    c->out_len = 0;
}

/* Write what the session has to send, in as few TLS records as possible. */
static void send_all(struct client *c)
{
    const uint8_t *bytes;
    ssize_t len;
    while ((len = nghttp2_session_mem_send(c->session, &bytes)) > 0) {
        if (c->out_len + (size_t)len > sizeof c->out) {
            flush(c);
        }
        memcpy(c->out + c->out_len, bytes, (size_t)len);
        c->out_len += (size_t)len;
    }
    flush(c);
}

static void *run(void *arg)
{
    struct client *c = arg;
    uint8_t in[BUFFER_BYTES];
    for (size_t i = 0; i < c->streams; i++) {
        start(c, &c->exchanges[i]);
    }
    for (send_all(c); c->in_flight > 0; send_all(c)) {
        int len = SSL_read(c->ssl, in, sizeof in);
        if (len <= 0 || nghttp2_session_mem_recv(c->session, in, (size_t)len) < 0) {
            die("the server closed the connection");
        }
    }
    return NULL;
}

static void prepare(struct client *c, SSL_CTX *context, size_t streams, uint64_t seed)
{
    nghttp2_session_callbacks *callbacks;
    const nghttp2_settings_entry window = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20};
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    c->streams = streams;
    c->state = seed * 0x9e3779b97f4a7c15u;
    c->times_us = malloc(TIMES_MAX * sizeof *c->times_us);
    c->ssl = connect_tls(context);
    if (nghttp2_session_client_new(&c->session, callbacks, c) != 0 || c->times_us == NULL) {
        die("out of memory");
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &window, 1);
    nghttp2_session_set_local_window_size(c->session, NGHTTP2_FLAG_NONE, 0, 1 << 24);
}

static int compare_times(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(struct client *clients, size_t count, double seconds)
{
    size_t ok = 0, failed = 0, times = 0;
    uint32_t *all = malloc(count * TIMES_MAX * sizeof *all);
    for (size_t i = 0; i < count; i++) {
        struct client *c = &clients[i];
        ok += c->ok;
        failed += c->failed;
        memcpy(all + times, c->times_us, c->time_count * sizeof *all);
        times += c->time_count;
    }
    qsort(all, times, sizeof *all, compare_times);
    printf("{\"ok\": %zu, \"failed\": %zu, \"seconds\": %.3f, \"median_us\": %u, \"p99_us\": %u}\n",
           ok, failed, seconds, times == 0 ? 0 : all[times / 2],
           times == 0 ? 0 : all[times * 99 / 100]);
    free(all);
}

int main(int argc, char **argv)
{
    static struct client clients[CLIENTS_MAX];
    if (argc != 8) {
        die("usage: load HOST PORT METHOD RECORDS SECONDS CLIENTS STREAMS");
    }
    host = argv[1];
    port = argv[2];
    method = argv[3];
    read_records(argv[4]);
    double seconds = atof(argv[5]);
    size_t count = (size_t)atoi(argv[6]), streams = (size_t)atoi(argv[7]);
    if (count < 1 || count > CLIENTS_MAX || streams < 1 || streams > STREAMS_MAX) {
        die("too many clients or streams");
    }
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_alpn_protos(context, (const uint8_t *)"\x02h2", 3);
    for (size_t i = 0; i < count; i++) {
        prepare(&clients[i], context, streams, i + 1);
    }
    is_sweep = seconds <= 0;
    double begin = now_s();
    deadline = begin + seconds;
    for (size_t i = 0; i < count; i++) {
        pthread_create(&clients[i].thread, NULL, run, &clients[i]);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(clients[i].thread, NULL);
    }
    report(clients, count, now_s() - begin);
    return 0;
}
