/* SPDX-License-Identifier: Apache-2.0 */
/* How shells ask `chancery completion words`. */
#pragma once

extern const char *const COMPLETION_BASH;
extern const char *const COMPLETION_ZSH;
extern const char *const COMPLETION_FISH;
