/* SPDX-License-Identifier: Apache-2.0 */
/* chancery delivery */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/delivery.pb-c.h"
#include "cli/answer.h"
#include "cli/table.h"

static const char HELP[] =
    "usage: chancery delivery --profile FILE --sender ADDRESS RECIPIENT… [-o json|yaml]\n"
    "\n"
    "Asks how protected mail of a sender would reach each recipient: by the recipient's own\n"
    "client (native), through a portal, or not at all. Licenses are decided by the same rules\n"
    "when recipients open it. For gateways of the sender's domain.\n"
    "\n"
    "  --sender ADDRESS   for whom the gateway acts\n"
    "\n"
    "  chancery delivery --profile contoso-gateway.yaml --sender alice@contoso.com \\\n"
    "      bob@fabrikam.com dora@wingtip.us\n"
    "\n"
    "Next: chancery boundary list shows the rules behind the answer.\n";

static void add_row(struct table *table, const Chancery__V1__RecipientDelivery *d)
{
    const char *how = d->channel == CHANCERY__V1__CHANNEL__CHANNEL_NATIVE   ? "native"
                      : d->channel == CHANCERY__V1__CHANNEL__CHANNEL_PORTAL ? "portal"
                                                                            : d->reason;
    table_row(table, d->recipient, how, d->portal_url, NULL);
}

static int ask(struct session *s, const char *sender, char **recipients, size_t count,
               enum answer answer)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__DecideDeliveryRequest request;
    chancery__v1__decide_delivery_request__init(&request);
    request.sender = text_field(sender);
    request.recipients = recipients;
    request.n_recipients = count;
    int code = session_call(s, "DeliveryService/DecideDelivery", &request.base,
                            &chancery__v1__decide_delivery_response__descriptor, &message);
    if (code != EXIT_OK || answer != ANSWER_TEXT) {
        return code == EXIT_OK ? answer_print(s, answer, message) : code;
    }
    const Chancery__V1__DecideDeliveryResponse *r = session_shown(s, message);
    struct table table;
    table_begin(&table, "RECIPIENT", "DELIVERY", "PORTAL", NULL);
    for (size_t i = 0; i < r->n_deliveries; i++) {
        add_row(&table, r->deliveries[i]);
    }
    table_end(&table);
    return EXIT_OK;
}

static int run(int argc, char **argv)
{
    const char *profile = NULL, *sender = NULL, *format = NULL;
    const struct option_spec specs[] = {{"--profile", &profile, NULL, NULL},
                                        {"--sender", &sender, NULL, NULL},
                                        {"-o", &format, NULL, NULL}};
    struct session session;
    argc = options_take(&command_delivery, specs, sizeof specs / sizeof specs[0], argc, argv);
    if (argc < 2 || sender == NULL) {
        return usage_error(&command_delivery,
                           sender == NULL ? "--sender is required" : "name a recipient");
    }
    enum answer answer;
    int code = answer_read(&command_delivery, format, &answer);
    code = code == EXIT_OK ? session_open(&session, &command_delivery, profile) : code;
    if (code == EXIT_OK) {
        code = ask(&session, sender, argv + 1, (size_t)argc - 1, answer);
        session_close(&session);
    }
    return code;
}

const struct command command_delivery = {.name = "delivery",
                                         .summary = "ask how mail would reach its recipients",
                                         .help = HELP,
                                         .run = run};
