/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transport.h"

#include "daemon/descriptors.h"
#include "net/connect/connect_stream_framing.h"
#include "net/connect/connect_unary_framing.h"
#include "net/grpc/grpc_framing.h"
#include "net/grpc/grpc_web_framing.h"
#include "net/http1/http1_protocol.h"
#include "net/http2/http2_protocol.h"
#include "net/push/push_framing.h"
#include "net/scim/scim_framing.h"

struct net_config transport_config(const Conf *conf, struct net_tickets *tickets)
{
    return (struct net_config){
        .protocols = {&HTTP2_PROTOCOL, &HTTP1_PROTOCOL},
        /* SCIM knows its requests by their path, and the others by the type of their body. */
        .framings = {&SCIM_FRAMING, &GRPC_FRAMING, &CONNECT_UNARY_FRAMING, &CONNECT_STREAM_FRAMING,
                     &GRPC_WEB_FRAMING, &GRPC_WEB_TEXT_FRAMING, &PUSH_FRAMING},
        .origins = (const char *const *)conf->cors_origins,
        .origin_count = conf->n_cors_origins,
        .max_connections = descriptors_for_connections(conf->limits->max_connections),
        .max_streams = conf->limits->max_streams,
        .idle_timeout_ms = conf->connections->idle_ms,
        .age_ms = conf->connections->age_ms,
        .age_grace_ms = conf->connections->age_grace_ms,
        .keepalive_ms = conf->connections->keepalive_ms,
        .keepalive_timeout_ms = conf->connections->keepalive_timeout_ms,
        .tickets = tickets,
        .ticket_ms = conf->connections->ticket_ms,
    };
}

rc transport_listen(struct net_server *server, const Conf *conf, const int *sockets,
                    struct err *err)
{
    for (size_t i = 0; i < conf->n_listeners; i++) {
        const Chancery__Config__V1__Tls *from = conf->listeners[i]->tls;
        struct net_tls_config tls = {0};
        if (from != NULL) {
            tls = (struct net_tls_config){
                .certificate_file = from->certificate_file,
                .key_file = from->key_file,
                .client_ca_file = from->client_ca_file[0] == '\0' ? NULL : from->client_ca_file};
        }
        TRY(net_server_listen(server, sockets[i], from == NULL ? NULL : &tls, (unsigned)i, err));
    }
    return OK;
}
