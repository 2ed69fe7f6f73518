/* SPDX-License-Identifier: Apache-2.0 */
/* The server under test of Connect's conformance suite; its runner starts one for each set of features.
 *
 * usage: conformance_server      a ServerCompatRequest comes on standard input, and a ServerCompatResponse goes to
 * standard output, each behind its length in four bytes; SIGTERM ends it */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conformance.h"
#include "loop/loop.h"
#include "net/connect/connect_stream_framing.h"
#include "net/connect/connect_unary_framing.h"
#include "net/grpc/grpc_framing.h"
#include "net/grpc/grpc_web_framing.h"
#include "net/http1/http1_protocol.h"
#include "net/http2/http2_protocol.h"
#include "net/net.h"
#include "obs/log.h"
#include "rpc/call.h"

enum { INPUT_MAX = 64 * 1024, ARENA_BYTES = 256 * 1024, DRAIN_MS = 1000, PATH_BYTES = 32 };

typedef Connectrpc__Conformance__V1__ServerCompatRequest CompatRequest;
typedef Connectrpc__Conformance__V1__ServerCompatResponse CompatResponse;

static struct loop *loop;
static struct net_server *server;

/* --- the runner ------------------------------------------------------------------------------- */

static rc read_request(struct arena *arena, CompatRequest **out, struct err *err)
{
    static uint8_t input[INPUT_MAX];
    ProtobufCMessage *message;
    uint32_t size;
    if (fread(&size, sizeof size, 1, stdin) != 1 || ntohl(size) > sizeof input ||
        fread(input, 1, ntohl(size), stdin) != ntohl(size)) {
        FAIL(err, R_STARTUP_FAILED, "expected a ServerCompatRequest on standard input");
    }
    TRY(pb_unpack(arena, &connectrpc__conformance__v1__server_compat_request__descriptor,
                  slice_of(input, ntohl(size)), &message, err));
    *out = (CompatRequest *)message;
    if ((*out)->message_receive_limit != CONFORMANCE_REQUEST_MAX) {
        FAIL(err, R_STARTUP_FAILED, "messages of %u bytes: conformance.h says another limit",
             (*out)->message_receive_limit);
    }
    return OK;
}

static rc write_response(struct arena *arena, const CompatRequest *request, const char *bound,
                         struct err *err)
{
    CompatResponse response;
    struct slice packed;
    connectrpc__conformance__v1__server_compat_response__init(&response);
    response.host = (char *)(uintptr_t) "127.0.0.1";
    response.port = (uint32_t)strtoul(strrchr(bound, ':') + 1, NULL, 10);
    if (request->use_tls) {
        response.pem_cert = request->server_creds->cert;
    }
    TRY(pb_pack(arena, &response.base, &packed, err));
    uint32_t size = htonl((uint32_t)packed.len);
    if (fwrite(&size, sizeof size, 1, stdout) != 1 ||
        fwrite(packed.ptr, 1, packed.len, stdout) != packed.len || fflush(stdout) != 0) {
        FAIL(err, R_STARTUP_FAILED, "standard output is closed");
    }
    return OK;
}

/* --- TLS -------------------------------------------------------------------------------------- */

/* What the runner gives is in memory, and net reads files. The path names it as long as the process lives. */
static rc path_of(ProtobufCBinaryData pem, char path[PATH_BYTES], struct err *err)
{
    int fd = memfd_create("pem", MFD_CLOEXEC);
    if (fd < 0 || write(fd, pem.data, pem.len) != (ssize_t)pem.len) {
        FAIL(err, R_STARTUP_FAILED, "no memory for a file of %zu bytes", pem.len);
    }
    snprintf(path, PATH_BYTES, "/proc/self/fd/%d", fd);
    return OK;
}

static rc listen_at(int fd, const CompatRequest *request, struct err *err)
{
    char certificate[PATH_BYTES], key[PATH_BYTES], authority[PATH_BYTES];
    bool wants_certificates = request->client_tls_cert.len > 0;
    if (!request->use_tls) {
        return net_server_listen(server, fd, NULL, 0, err);
    }
    if (request->server_creds == NULL) {
        FAIL(err, R_STARTUP_FAILED, "TLS, and no certificate");
    }
    TRY(path_of(request->server_creds->cert, certificate, err));
    TRY(path_of(request->server_creds->key, key, err));
    if (wants_certificates) {
        TRY(path_of(request->client_tls_cert, authority, err));
    }
    const struct net_tls_config tls = {.certificate_file = certificate,
                                       .key_file = key,
                                       .client_ca_file = wants_certificates ? authority : NULL};
    return net_server_listen(server, fd, &tls, 0, err);
}

/* --- serving ---------------------------------------------------------------------------------- */

static rc start(struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(ARENA_BYTES);
    CompatRequest *request;
    char bound[128];
    int fd;
    TRY(read_request(arena, &request, err));
    TRY(net_listen("127.0.0.1:0", true, &fd, err));
    net_bound_address(fd, bound, sizeof bound);
    TRY(listen_at(fd, request, err));
    return write_response(arena, request, bound, err);
}

static void drained(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void on_term(struct loop_signal *signal)
{
    (void)signal;
    net_server_drain(server, DRAIN_MS, drained, NULL);
}

static struct rpc *engine_new(void)
{
    static const struct flow *const flows[] = {&UNARY_FLOW, &IDEMPOTENT_UNARY_FLOW,
                                               &CLIENT_STREAM_FLOW, &SERVER_STREAM_FLOW,
                                               &BIDI_STREAM_FLOW};
    static const struct rpc_limits limits = {0};
    struct rpc *rpc = rpc_new(loop, NULL, NULL, &limits);
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        rpc_register(rpc, flows[i]);
    }
    return rpc;
}

int main(void)
{
    /* As server/daemon/transport.c has it; answers of a few bytes are compressed too, where they can be. */
    static const struct net_config config = {
        .protocols = {&HTTP2_PROTOCOL, &HTTP1_PROTOCOL},
        .framings = {&GRPC_FRAMING, &CONNECT_UNARY_FRAMING, &CONNECT_STREAM_FRAMING,
                     &GRPC_WEB_FRAMING, &GRPC_WEB_TEXT_FRAMING},
        .gzip_min_bytes = 1,
    };
    struct err err = {0};
    struct loop_signal term;
    log_configure(LOG_LOGFMT, LOG_ERROR);
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    struct rpc *rpc = engine_new();
    server = net_server_new(loop, &config, rpc_net_handler(rpc));
    bool has_started = start(&err).ok;
    if (has_started) {
        loop_signal_init(&term, loop, SIGTERM, on_term);
        loop_run(loop);
        loop_signal_fini(&term);
    } else {
        fprintf(stderr, "%s: %s\n", reason_info(err.reason)->name, err_words(&err));
    }
    net_server_free(server);
    rpc_free(rpc); /* asserts that no call is left */
    loop_free(loop);
    return has_started ? 0 : 1;
}
