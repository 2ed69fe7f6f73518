/* SPDX-License-Identifier: Apache-2.0 */
/* What a key version may do (docs/formats.md §4.3). The numbers stand in the database. One that will be destroyed is a
 * revoked one with a date. */
#pragma once

enum key_state { KEY_ACTIVE = 1, KEY_ARCHIVED = 2, KEY_IS_REVOKED = 3, KEY_IS_DESTROYED = 4 };
