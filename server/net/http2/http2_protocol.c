/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http2/http2_protocol.h"

#include <stdlib.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/http2/http2_session.h"
#include "net/server.h"

enum {
    RESET_BURST = 1000, /* RST floods (CVE-2023-44487): this many at once … */
    RESET_RATE = 33,    /* … and this many a second */
    OUTBOUND_ACKS_MAX = 1000,
    SETTINGS_MAX = 32,
    RESERVED_WINDOW = 512 * 1024, /* for streams with a reservation, whatever the others hold */
};

static nghttp2_option *options_new(void)
{
    nghttp2_option *option;
    if (nghttp2_option_new(&option) != 0) {
        abort();
    }
    nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESET_RATE);
    nghttp2_option_set_max_outbound_ack(option, OUTBOUND_ACKS_MAX);
    nghttp2_option_set_max_settings(option, SETTINGS_MAX);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_no_auto_window_update(option, 1);
    return option;
}

static bool submit_settings(nghttp2_session *nghttp2, const struct net_config *config)
{
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, config->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, BODY_LOOSE_MAX},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, NET_HEADER_BYTES_MAX},
    };
    /* nghttp2 gives a window back when half of it was consumed: see http2_session.h. */
    int32_t window = (int32_t)(2 * (config->max_streams * BODY_LOOSE_MAX + RESERVED_WINDOW));
    return nghttp2_submit_settings(nghttp2, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof settings[0]) == 0 &&
           nghttp2_session_set_local_window_size(nghttp2, NGHTTP2_FLAG_NONE, 0, window) == 0;
}

static void stop(void *session)
{
    struct http2_session *s = session;
    nghttp2_session_del(s->nghttp2);
    xfree(s);
}

static void *start(struct net_conn *conn)
{
    struct http2_session *s = xcalloc(1, sizeof *s);
    nghttp2_session_callbacks *callbacks = http2_callbacks_new();
    nghttp2_option *options = options_new();
    s->conn = conn;
    bool ok = nghttp2_session_server_new2(&s->nghttp2, callbacks, s, options) == 0 &&
              submit_settings(s->nghttp2, &conn->server->config);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(options);
    if (!ok) {
        stop(s);
        return NULL;
    }
    return s;
}

static bool is_over(void *session)
{
    const struct http2_session *s = session;
    return nghttp2_session_want_read(s->nghttp2) == 0 &&
           nghttp2_session_want_write(s->nghttp2) == 0;
}

/* The two steps of a graceful shutdown (RFC 9113 §6.8): a GOAWAY with the highest possible stream, and
 * after a round trip one that says which streams are the last. */
static void announce_end(void *session)
{
    const struct http2_session *s = session;
    (void)nghttp2_submit_shutdown_notice(s->nghttp2);
}

static void refuse_new(void *session)
{
    const struct http2_session *s = session;
    (void)nghttp2_submit_goaway(s->nghttp2, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(s->nghttp2),
                                NGHTTP2_NO_ERROR, NULL, 0);
}

static void ping(void *session)
{
    const struct http2_session *s = session;
    (void)nghttp2_submit_ping(s->nghttp2, NGHTTP2_FLAG_NONE, NULL);
}

static void give_back(void *session, size_t bytes)
{
    const struct http2_session *s = session;
    (void)nghttp2_session_consume_connection(s->nghttp2, bytes);
    conn_schedule_flush(s->conn);
}

const struct net_protocol HTTP2_PROTOCOL = {
    .alpn = "h2",
    .preface = NGHTTP2_CLIENT_MAGIC,
    .start = start,
    .feed = http2_feed,
    .fill = http2_fill,
    .is_over = is_over,
    .ping = ping,
    .announce_end = announce_end,
    .refuse_new = refuse_new,
    .stop = stop,
    .respond = http2_respond,
    .resume = http2_resume,
    .allow = http2_allow,
    .give_back = give_back,
    .answer_now = http2_answer_now,
    .free_stream = http2_free_stream,
};
