/* SPDX-License-Identifier: Apache-2.0 */
/* Transmitters and people of signals, as requests and replies name them. */
#pragma once

#include "chancery/v1/signal.pb-c.h"
#include "rpc/call.h"
#include "store/resource/signal_store.h"

/* What an admin says of a transmitter: everything but id and push token. Fails with R_FIELD_INVALID. */
step transmitter_read(struct call *c, const Chancery__V1__SignalTransmitter *from,
                      struct transmitter_row *out);
/* NULL over budget. */
Chancery__V1__SignalTransmitter *transmitter_write(struct call *c,
                                                   const struct transmitter_row *row);

/* A person, by one name. */
struct signal_person {
    enum signal_name_kind kind;
    const char *name;
};
step signal_message_read_person(struct call *c, const Chancery__V1__SignalSubject *from,
                                struct signal_person *out);
/* NULL over budget. */
Chancery__V1__SignalSubject *signal_message_write_person(struct call *c, enum signal_name_kind kind,
                                                         const char *name);
