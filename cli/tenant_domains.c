/* SPDX-License-Identifier: Apache-2.0 */
/* chancery tenant: domains and exclusions. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/table.h"
#include "cli/tenant.h"

/* --- domains ---------------------------------------------------------------------------------- */

/* As a shell takes it. */
static void print_word(const struct session *s, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,=";
    const char *shown = utf8_escaped(s->arena, word, UTF8_LINE);
    CH_ASSERT(shown != NULL); /* a session's arena is far larger than a command line */
    if (shown[0] != '\0' && shown[strspn(shown, plain)] == '\0') {
        fputs(shown, stdout);
        return;
    }
    putchar('\'');
    for (; *shown != '\0'; shown++) {
        fputs(*shown == '\'' ? "'\\''" : (char[]){*shown, '\0'}, stdout);
    }
    putchar('\'');
}

int tenant_add_domain(struct session *s, const struct verb_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__AddDomainRequest request;
    chancery__v1__add_domain_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.domain = args->operands[0];
    int code = session_call(s, "TenantService/AddDomain", &request.base,
                            &chancery__v1__add_domain_response__descriptor, &message);
    if (code != EXIT_OK || args->answer != ANSWER_TEXT) {
        return code == EXIT_OK ? answer_print(s, args->answer, message) : code;
    }
    const Chancery__V1__Domain *domain =
        ((const Chancery__V1__AddDomainResponse *)session_shown(s, message))->domain;
    puts("To prove the domain, publish this record in its DNS:\n");
    tenant_print_record(domain);
    fputs("\nThen: chancery tenant verify-domain", stdout);
    if (args->profile != NULL) {
        fputs(" --profile ", stdout);
        print_word(s, args->profile);
    }
    if (args->tenant != NULL) {
        fputs(" --tenant ", stdout);
        print_word(s, args->tenant);
    }
    printf(" %s\n", domain->name);
    return EXIT_OK;
}

static void show_verified(const void *response)
{
    printf("proven: %s\n", ((const Chancery__V1__VerifyDomainResponse *)response)->domain->name);
}

int tenant_verify_domain(struct session *s, const struct verb_args *args)
{
    Chancery__V1__VerifyDomainRequest request;
    chancery__v1__verify_domain_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.domain = args->operands[0];
    request.asserted = tenant_args_of(args)->asserted;
    return verb_call(s, args, "TenantService/VerifyDomain", &request.base,
                     &chancery__v1__verify_domain_response__descriptor, show_verified);
}

int tenant_remove_domain(struct session *s, const struct verb_args *args)
{
    Chancery__V1__RemoveDomainRequest request;
    chancery__v1__remove_domain_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.domain = args->operands[0];
    return verb_act(s, args, "TenantService/RemoveDomain", &request.base,
                    &chancery__v1__remove_domain_response__descriptor, "given up");
}

/* --- exclusions ------------------------------------------------------------------------------- */

int tenant_exclude(struct session *s, const struct verb_args *args)
{
    const struct tenant_args *whom = tenant_args_of(args);
    Chancery__V1__AddExclusionRequest request;
    chancery__v1__add_exclusion_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.user = text_field(whom->user);
    request.application = text_field(whom->application);
    request.platform = text_field(whom->platform);
    return verb_act(s, args, "TenantService/AddExclusion", &request.base,
                    &chancery__v1__add_exclusion_response__descriptor, "excluded");
}

static void show_exclusions(const void *response)
{
    const Chancery__V1__ListExclusionsResponse *r = response;
    struct table table;
    table_begin(&table, "KIND", "NAME", NULL);
    for (size_t i = 0; i < r->n_exclusions; i++) {
        const Chancery__V1__Exclusion *one = r->exclusions[i];
        if (one->user[0] != '\0') {
            table_row(&table, "user", one->user, NULL);
        } else if (one->application[0] != '\0') {
            table_row(&table, "application", one->application, NULL);
        } else {
            table_row(&table, "platform", one->platform, NULL);
        }
    }
    table_end(&table);
}

int tenant_exclusions(struct session *s, const struct verb_args *args)
{
    Chancery__V1__ListExclusionsRequest request;
    chancery__v1__list_exclusions_request__init(&request);
    request.tenant = text_field(args->tenant);
    return verb_list(s, args, "TenantService/ListExclusions", &request.base,
                     &chancery__v1__list_exclusions_response__descriptor, show_exclusions);
}

int tenant_let_in(struct session *s, const struct verb_args *args)
{
    const struct tenant_args *whom = tenant_args_of(args);
    Chancery__V1__RemoveExclusionRequest request;
    chancery__v1__remove_exclusion_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.user = text_field(whom->user);
    request.application = text_field(whom->application);
    request.platform = text_field(whom->platform);
    return verb_act(s, args, "TenantService/RemoveExclusion", &request.base,
                    &chancery__v1__remove_exclusion_response__descriptor, "let in again");
}
