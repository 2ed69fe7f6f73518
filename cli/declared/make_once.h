/* SPDX-License-Identifier: Apache-2.0 */
/* Making what the authority would make twice: templates, which may have one name. Inside cli/declared. */
#pragma once

#include "chancery/v1/template.pb-c.h"
#include "cli/declared/plan.h"

/* Make a template with an id of the request that everybody has who applies a document of this name: those who do
 * it at once make one. Prints what fails. Returns an exit code. */
int make_template_once(struct state *state, const struct change *change,
                       Chancery__V1__CreateTemplateRequest *request, ProtobufCMessage **answer);
