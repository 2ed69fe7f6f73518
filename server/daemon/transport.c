/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/transport.h"

#include "daemon/descriptors.h"
#include "net/grpc/grpc_framing.h"
#include "net/http1/http1_protocol.h"
#include "net/http2/http2_protocol.h"

struct net_config transport_config(const Conf *conf, struct net_tickets *tickets)
{
    return (struct net_config){
        .protocols = {&HTTP2_PROTOCOL, &HTTP1_PROTOCOL},
        .framings = {&GRPC_FRAMING},
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
