/* SPDX-License-Identifier: Apache-2.0 */
#include "library/deliveries.h"

#include <string.h>

#include "base/mem.h"
#include "chancery/v1/publishing.pb-c.h"
#include "library/session.h"

/* --- deliveries ------------------------------------------------------------------------------- */

rc deliveries_check(const chancery_deliveries *deliveries, const char *const *recipients,
                    size_t count, struct err *err)
{
    bool is_whole = deliveries->count == count;
    for (size_t i = 0; i < count && is_whole; i++) {
        is_whole = strcmp(deliveries->items[i]->recipient, recipients[i]) == 0;
    }
    if (!is_whole) {
        FAIL(err, R_AUTHORITY_UNREACHABLE, "its answer doesn't say of each recipient how it goes");
    }
    return OK;
}

rc recipients_check(const char *const *recipients, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (recipients[i] == NULL) {
            FAIL(err, R_INPUT_INVALID, "a recipient is NULL");
        }
    }
    return OK;
}

chancery_error *chancery_decide_delivery(chancery_session *session, const char *sender,
                                         const char *const *recipients, size_t count,
                                         chancery_context *context, chancery_deliveries **out)
{
    struct err err = {0};
    ProtobufCMessage *response = NULL;
    Chancery__V1__DecideDeliveryRequest request;
    TELL(recipients_check(recipients, count, &err), &err);
    chancery__v1__decide_delivery_request__init(&request);
    request.sender = borrowed_text(sender);
    request.recipients = (char **)(uintptr_t)recipients;
    request.n_recipients = count;
    chancery_deliveries *made = xcalloc(1, sizeof *made);
    made->arena = arena_new(CALL_BUDGET);
    chancery_error *error =
        session_ask(session, context, made->arena, "DeliveryService/DecideDelivery", &request.base,
                    &chancery__v1__decide_delivery_response__descriptor, &response);
    if (error == NULL) {
        const Chancery__V1__DecideDeliveryResponse *r = (const void *)response;
        made->items = r->deliveries;
        made->count = r->n_deliveries;
        error = deliveries_check(made, recipients, count, &err).ok ? NULL : failure_of(&err);
    }
    if (error != NULL) {
        chancery_deliveries_free(made);
        return error;
    }
    *out = made;
    return NULL;
}

size_t chancery_deliveries_count(const chancery_deliveries *deliveries)
{
    return deliveries->count;
}

static const Chancery__V1__RecipientDelivery *delivery_at(const chancery_deliveries *deliveries,
                                                          size_t index)
{
    return index < deliveries->count ? deliveries->items[index] : NULL;
}

const char *chancery_deliveries_recipient(const chancery_deliveries *deliveries, size_t index)
{
    const Chancery__V1__RecipientDelivery *delivery = delivery_at(deliveries, index);
    return delivery == NULL ? NULL : delivery->recipient;
}

/* What this version doesn't know is no delivery. */
int chancery_deliveries_channel(const chancery_deliveries *deliveries, size_t index)
{
    const Chancery__V1__RecipientDelivery *delivery = delivery_at(deliveries, index);
    if (delivery == NULL) {
        return CHANCERY_CHANNEL_NONE;
    }
    return delivery->channel == CHANCERY__V1__CHANNEL__CHANNEL_NATIVE   ? CHANCERY_CHANNEL_NATIVE
           : delivery->channel == CHANCERY__V1__CHANNEL__CHANNEL_PORTAL ? CHANCERY_CHANNEL_PORTAL
                                                                        : CHANCERY_CHANNEL_NONE;
}

const char *chancery_deliveries_reason(const chancery_deliveries *deliveries, size_t index)
{
    const Chancery__V1__RecipientDelivery *delivery = delivery_at(deliveries, index);
    return delivery == NULL ? "" : delivery->reason;
}

const char *chancery_deliveries_portal_url(const chancery_deliveries *deliveries, size_t index)
{
    const Chancery__V1__RecipientDelivery *delivery = delivery_at(deliveries, index);
    return delivery == NULL ? "" : delivery->portal_url;
}

void chancery_deliveries_free(chancery_deliveries *deliveries)
{
    if (deliveries != NULL) {
        arena_free(deliveries->arena);
        xfree(deliveries);
    }
}

/* --- templates -------------------------------------------------------------------------------- */

struct chancery_templates {
    struct arena *arena; /* has the answer */
    const Chancery__V1__ListAvailableTemplatesResponse *response;
};

chancery_error *chancery_list_templates(chancery_session *session, const char *language,
                                        const char *owner, chancery_context *context,
                                        chancery_templates **out)
{
    ProtobufCMessage *response = NULL;
    struct arena *arena = arena_new(CALL_BUDGET);
    Chancery__V1__ListAvailableTemplatesRequest request;
    chancery__v1__list_available_templates_request__init(&request);
    request.language = borrowed_text(language);
    request.owner = borrowed_text(owner);
    chancery_error *error = session_ask(
        session, context, arena, "PublishingService/ListAvailableTemplates", &request.base,
        &chancery__v1__list_available_templates_response__descriptor, &response);
    if (error != NULL) {
        arena_free(arena);
        return error;
    }
    chancery_templates *templates = xcalloc(1, sizeof *templates);
    *templates = (chancery_templates){arena, (const void *)response};
    *out = templates;
    return NULL;
}

size_t chancery_templates_count(const chancery_templates *templates)
{
    return templates->response->n_templates;
}

static const Chancery__V1__AvailableTemplate *template_at(const chancery_templates *templates,
                                                          size_t index)
{
    return index < templates->response->n_templates ? templates->response->templates[index] : NULL;
}

const char *chancery_templates_id(const chancery_templates *templates, size_t index)
{
    const Chancery__V1__AvailableTemplate *found = template_at(templates, index);
    return found == NULL ? NULL : found->template_id;
}

const char *chancery_templates_name(const chancery_templates *templates, size_t index)
{
    const Chancery__V1__AvailableTemplate *found = template_at(templates, index);
    return found == NULL ? NULL : found->name;
}

const char *chancery_templates_description(const chancery_templates *templates, size_t index)
{
    const Chancery__V1__AvailableTemplate *found = template_at(templates, index);
    return found == NULL ? NULL : found->description;
}

void chancery_templates_free(chancery_templates *templates)
{
    if (templates != NULL) {
        arena_free(templates->arena);
        xfree(templates);
    }
}
