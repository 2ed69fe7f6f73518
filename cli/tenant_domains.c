/* SPDX-License-Identifier: Apache-2.0 */
/* chancery tenant: domains and exclusions */
#include <stdio.h>

#include "cli/tenant.h"

/* --- domains ------------------------------------------------------------------------------------ */

int tenant_add_domain(struct session *s, const struct tenant_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__AddDomainRequest request;
    chancery__v1__add_domain_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.domain = text_field(args->operand);
    int code = tenant_call(s, "AddDomain", &request.base,
                           &chancery__v1__add_domain_response__descriptor, &message);
    if (code != EXIT_OK || tenant_wants_json(args)) {
        return code == EXIT_OK ? session_print_json(s, message) : code;
    }
    const Chancery__V1__Domain *domain =
        ((const Chancery__V1__AddDomainResponse *)(const void *)message)->domain;
    puts("To prove the domain, publish this record in its DNS:\n");
    tenant_print_record(domain);
    printf("\nThen: chancery tenant verify-domain --profile %s%s%s %s\n", args->profile,
           args->tenant == NULL ? "" : " --tenant ", args->tenant == NULL ? "" : args->tenant,
           domain->name);
    return EXIT_OK;
}

int tenant_verify_domain(struct session *s, const struct tenant_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__VerifyDomainRequest request;
    chancery__v1__verify_domain_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.domain = text_field(args->operand);
    request.asserted = args->asserted;
    int code = tenant_call(s, "VerifyDomain", &request.base,
                           &chancery__v1__verify_domain_response__descriptor, &message);
    if (code != EXIT_OK || tenant_wants_json(args)) {
        return code == EXIT_OK ? session_print_json(s, message) : code;
    }
    printf("proven: %s\n",
           ((const Chancery__V1__VerifyDomainResponse *)(const void *)message)->domain->name);
    return EXIT_OK;
}

/* What answers nothing is shown as an empty message, or one word. */
static int tell(struct session *s, const struct tenant_args *args, int code,
                const ProtobufCMessage *message, const char *word)
{
    if (code == EXIT_OK && tenant_wants_json(args)) {
        return session_print_json(s, message);
    }
    if (code == EXIT_OK) {
        puts(word);
    }
    return code;
}

int tenant_remove_domain(struct session *s, const struct tenant_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__RemoveDomainRequest request;
    chancery__v1__remove_domain_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.domain = text_field(args->operand);
    int code = tenant_call(s, "RemoveDomain", &request.base,
                           &chancery__v1__remove_domain_response__descriptor, &message);
    return tell(s, args, code, message, "given up");
}

/* --- exclusions --------------------------------------------------------------------------------- */

int tenant_exclude(struct session *s, const struct tenant_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__AddExclusionRequest request;
    chancery__v1__add_exclusion_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.user = text_field(args->user);
    request.application = text_field(args->application);
    request.platform = text_field(args->platform);
    int code = tenant_call(s, "AddExclusion", &request.base,
                           &chancery__v1__add_exclusion_response__descriptor, &message);
    return tell(s, args, code, message, "excluded");
}

int tenant_let_in(struct session *s, const struct tenant_args *args)
{
    ProtobufCMessage *message = NULL;
    Chancery__V1__RemoveExclusionRequest request;
    chancery__v1__remove_exclusion_request__init(&request);
    request.tenant = text_field(args->tenant);
    request.user = text_field(args->user);
    request.application = text_field(args->application);
    request.platform = text_field(args->platform);
    int code = tenant_call(s, "RemoveExclusion", &request.base,
                           &chancery__v1__remove_exclusion_response__descriptor, &message);
    return tell(s, args, code, message, "let in again");
}
