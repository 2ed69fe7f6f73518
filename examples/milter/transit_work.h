/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the gateway only: what all modes share in which it opens mail that others have protected. */
#pragma once

#include "gateway_work.h"
#include "transit.h"

struct work transit_start(struct gateway *gateway, const struct message *message,
                          struct decision *out);
void transit_finish(struct gateway *gateway, struct work *w);
/* What the tenant wants (of chancery_transport_decryption), as it was told within a minute. */
chancery_error *transit_setting(const struct gateway *gateway, int *setting);
/* Open a protected mail by a license for a purpose (of chancery_purpose). */
chancery_error *transit_open_for(struct work *w, int purpose, chancery_buffer **out);
/* Whether it was answered, about this license and whom it was given to; else the mail waits. */
bool transit_is_about_the_license(const chancery_error *error);
/* The certificate is none of a tenant's gateway, so nobody can say whether this mail may pass. */
bool transit_end_of_nobody(struct work *w);
/* It waits, whatever the reason is; of an error, which is freed. */
bool transit_end_later(struct work *w, const char *doing, chancery_error *error);
