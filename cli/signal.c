/* SPDX-License-Identifier: Apache-2.0 */
/* chancery signal */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/signal.pb-c.h"
#include "cli/table.h"
#include "cli/verbs.h"
#include "cli/when.h"

static const char HELP[] =
    "usage: chancery signal list   --profile FILE [--tenant NAME] [-o json|yaml]\n"
    "       chancery signal add    --profile FILE [--tenant NAME] [--push-token] -f FILE\n"
    "       chancery signal remove --profile FILE [--tenant NAME] ID\n"
    "       chancery signal people --profile FILE [--tenant NAME] [-o json|yaml]\n"
    "       chancery signal clear  --profile FILE [--tenant NAME] ADDRESS\n"
    "       chancery signal clear  --profile FILE [--tenant NAME] --issuer ISS SUBJECT\n"
    "\n"
    "Shared signals (SSF, CAEP, RISC): the identity provider pushes that an account was disabled or a\n"
    "session revoked, and from the next call on no token of that person counts, whatever it says.\n"
    "\n"
    "  -f FILE       the transmitter as YAML: issuer, audiences, jwks_url or jwks_json, and of\n"
    "                whose tokens it names subjects (subject_issuers; its own issuer if not given)\n"
    "  --push-token  it must send a bearer token, too; add prints it, once\n"
    "  --issuer ISS  the person is named by the subject of tokens of this issuer\n"
    "  --tenant NAME for platform admins: of which tenant\n"
    "\n"
    "add prints where the provider pushes to, below the authority's address. people lists of whom\n"
    "signals hold, and clear forgets what they say of one: for whoever was disabled by mistake, or by\n"
    "a transmitter that is gone. A transmitter gives back only what it took itself.\n"
    "\n"
    "  chancery signal add --profile contoso-admin.yaml --push-token -f okta.yaml\n"
    "  chancery signal people --profile contoso-admin.yaml\n"
    "\n"
    "If the tenant requires a second admin for access to content, clear only asks for approval: see\n"
    "chancery approval --help.\n";

struct signal_args {
    struct verb_args common;
    const char *file, *issuer;
    bool push_token;
};

static const struct signal_args *own_args(const struct verb_args *args)
{
    return (const struct signal_args *)args;
}

/* --- transmitters ----------------------------------------------------------------------------- */

static const char *state_name(Chancery__V1__SignalStreamState state)
{
    static const char *const names[] = {"", "enabled", "paused", "disabled"};
    return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "?";
}

static void show_all(Chancery__V1__SignalTransmitter *const *transmitters, size_t count)
{
    struct table table;
    table_begin(&table, "ID", "ISSUER", "LAST HEARD", "STREAM", NULL);
    for (size_t i = 0; i < count; i++) {
        const Chancery__V1__SignalTransmitter *t = transmitters[i];
        char heard[WHEN_BYTES] = "never";
        if (t->receive_time != NULL) {
            when_format(t->receive_time, heard);
        }
        table_row(&table, t->transmitter_id, t->issuer, heard, state_name(t->stream_state), NULL);
    }
    table_end(&table);
}

static void show_list(const void *response)
{
    const Chancery__V1__ListSignalTransmittersResponse *r = response;
    show_all(r->transmitters, r->n_transmitters);
}

static int list(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListSignalTransmittersRequest request;
    chancery__v1__list_signal_transmitters_request__init(&request);
    request.tenant = text_field(args->tenant);
    return verb_list(s, args, "SignalService/ListSignalTransmitters", &request.base,
                     &chancery__v1__list_signal_transmitters_response__descriptor, show_list);
}

static void show_added(const void *response)
{
    const Chancery__V1__AddSignalTransmitterResponse *r = response;
    show_all(&r->transmitter, 1);
    printf("push to: %s\n", r->push_path);
    if (r->push_token[0] != '\0') {
        printf("push token: %s\n", r->push_token);
    }
}

static int add(struct session *s, const struct verb_args *args)
{
    Chancery__V1__AddSignalTransmitterRequest request;
    ProtobufCMessage *transmitter;
    chancery__v1__add_signal_transmitter_request__init(&request);
    int code = verb_read_file(s, own_args(args)->file,
                              &chancery__v1__signal_transmitter__descriptor, &transmitter);
    if (code != EXIT_OK) {
        return code;
    }
    request.tenant = text_field(args->tenant);
    request.transmitter = (Chancery__V1__SignalTransmitter *)transmitter;
    request.with_push_token = own_args(args)->push_token;
    return verb_call(s, args, "SignalService/AddSignalTransmitter", &request.base,
                     &chancery__v1__add_signal_transmitter_response__descriptor, show_added);
}

static int drop(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RemoveSignalTransmitterRequest request;
    chancery__v1__remove_signal_transmitter_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.transmitter_id = args->operands[0];
    return verb_act(s, args, "SignalService/RemoveSignalTransmitter", &request.base,
                    &chancery__v1__remove_signal_transmitter_response__descriptor, "removed");
}

/* --- people ----------------------------------------------------------------------------------- */

static void add_person(struct table *table, const Chancery__V1__SignaledPerson *p)
{
    const Chancery__V1__SignalSubject *subject = p->subject;
    bool is_address = subject->name_case == CHANCERY__V1__SIGNAL_SUBJECT__NAME_EMAIL;
    char until[WHEN_BYTES] = "";
    if (p->not_before_time != NULL) {
        when_format(p->not_before_time, until);
    }
    table_row(table, is_address ? subject->email : subject->issuer_subject->subject,
              is_address ? "" : subject->issuer_subject->issuer, p->disabled ? "disabled" : "",
              until, p->transmitter_id, NULL);
}

static void show_people(const void *response)
{
    const Chancery__V1__ListSignaledPeopleResponse *r = response;
    struct table table;
    table_begin(&table, "PERSON", "OF ISSUER", "ACCOUNT", "TOKENS REFUSED UNTIL", "TRANSMITTER",
                NULL);
    for (size_t i = 0; i < r->n_people; i++) {
        add_person(&table, r->people[i]);
    }
    table_end(&table);
}

static int people(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListSignaledPeopleRequest request;
    chancery__v1__list_signaled_people_request__init(&request);
    request.tenant = text_field(args->tenant);
    return verb_list(s, args, "SignalService/ListSignaledPeople", &request.base,
                     &chancery__v1__list_signaled_people_response__descriptor, show_people);
}

static int clear(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ClearSignaledPersonRequest request;
    Chancery__V1__SignalSubject subject;
    Chancery__V1__SignalIssuerSubject of;
    const char *issuer = own_args(args)->issuer;
    chancery__v1__clear_signaled_person_request__init(&request);
    chancery__v1__signal_subject__init(&subject);
    chancery__v1__signal_issuer_subject__init(&of);
    request.tenant = text_field(args->tenant);
    request.subject = &subject;
    if (issuer == NULL) {
        subject.name_case = CHANCERY__V1__SIGNAL_SUBJECT__NAME_EMAIL;
        subject.email = args->operands[0];
    } else {
        subject.name_case = CHANCERY__V1__SIGNAL_SUBJECT__NAME_ISSUER_SUBJECT;
        subject.issuer_subject = &of;
        of.issuer = text_field(issuer);
        of.subject = args->operands[0];
    }
    return verb_act(s, args, "SignalService/ClearSignaledPerson", &request.base,
                    &chancery__v1__clear_signaled_person_response__descriptor, "cleared");
}

static const struct verb VERBS[] = {{"list", 0, 0, NULL, list},
                                    {"add", 0, 0, NULL, add},
                                    {"remove", 1, 1, "one transmitter id", drop},
                                    {"people", 0, 0, NULL, people},
                                    {"clear", 1, 1, "one address or subject", clear}};

static int run(int argc, char **argv)
{
    struct signal_args args = {0};
    const struct option_spec specs[] = {VERB_OPTIONS(args.common),
                                        {"--tenant", &args.common.tenant, NULL, NULL},
                                        {"-f", &args.file, NULL, NULL},
                                        {"--issuer", &args.issuer, NULL, NULL},
                                        {"--push-token", NULL, &args.push_token, NULL}};
    argc = options_take(&command_signal, specs, sizeof specs / sizeof specs[0], argc, argv);
    return verbs_run(&command_signal, VERBS, sizeof VERBS / sizeof VERBS[0], &args.common, argc,
                     argv);
}

const struct command command_signal = {.name = "signal",
                                       .summary =
                                           "listen to identity providers: accounts disabled, "
                                           "sessions revoked",
                                       .help = HELP,
                                       .run = run};
