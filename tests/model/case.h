/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a case of the reference model, a JSON object, into the values that decisions take. Memory
 * comes from case_arena; texts are borrowed from the JSON. The model is trusted: an assertion fails
 * when its JSON is malformed. */
#pragma once

#include <jansson.h>

#include "domain/values/amendment.h"
#include "domain/values/boundary.h"
#include "domain/values/issuer.h"
#include "domain/values/policy.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

enum { CASE_LIST_MAX = 32 };

extern struct arena *case_arena; /* empty at the beginning of each case */

/* A member; "", 0, false and NULL when there is none. */
const char *case_text(const json_t *object, const char *name);
int64_t case_number(const json_t *object, const char *name);
bool case_flag(const json_t *object, const char *name);
const json_t *case_member(const json_t *object, const char *name);
/* A list of texts, at most CASE_LIST_MAX. */
const char *const *case_texts(const json_t *object, const char *name, size_t *count);

void case_platform(const json_t *from, struct platform_view *out);
void case_tenant(const json_t *from, struct tenant_view *out);
void case_policy(const json_t *from, struct policy *out);
void case_subject(const json_t *from, struct subject *out);
/* The tenant of a case's subject, with what it denies its people; NULL: of none. */
const struct tenant_view *case_home(const json_t *from);
/* Whether the content is revoked for the subject's user, by name or as one from outside. */
bool case_user_is_revoked(const json_t *from, const struct subject *subject,
                          struct tenant_id tenant);
/* The sum of a list of changes; NULL when it is empty. */
void case_template(const json_t *from, struct template_policy *out);
const struct amendment *case_amendment(const json_t *changes);
