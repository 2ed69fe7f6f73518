/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: a row of the log as a value. Includes the table of statements, so only .c files include it. */
#pragma once

#include "store/resource/audit_store.h"
#include "store/sql/statements.gen.h"

static inline struct audit_event audit_event_from(const struct sql_audit_event *row)
{
    return (struct audit_event){
        .event = row->event,
        .at = row->at,
        .operation = row->operation,
        .granted = row->granted,
        .reason = row->reason,
        .user = row->user_address,
        .component = row->component_name,
        .content = row->content,
        .template = row->template,
        .policy_version = row->policy_version,
        .rights = row->rights,
        .channel = row->channel,
        .power = row->power,
        .client_address = row->client_address,
        .user_agent = row->user_agent,
        .correlation_id = row->correlation_id,
        .target = row->target,
        .calls = row->calls,
    };
}
