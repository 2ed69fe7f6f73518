/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/command.h"

/* In the order in which the help names them. */
const struct command *const commands[] = {
    &command_context,   &command_login,      &command_logout,   &command_whoami,
    &command_dev,       &command_token,      &command_protect,  &command_open,
    &command_inspect,   &command_revoke,     &command_restore,  &command_amend,
    &command_track,     &command_template,   &command_rule,     &command_branding,
    &command_tenant,    &command_directory,  &command_issuer,   &command_signal,
    &command_component, &command_super_user, &command_approval, &command_boundary,
    &command_partner,   &command_delivery,   &command_device,   &command_publisher,
    &command_key,       &command_export,     &command_diff,     &command_apply,
    &command_audit,     &command_init,       &command_migrate,  &command_root_key,
    &command_doctor,    &command_completion,
};

const size_t command_count = sizeof commands / sizeof commands[0];

const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}
