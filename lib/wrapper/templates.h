/* SPDX-License-Identifier: Apache-2.0 */
/* Inside wrapper only: wrapper.html and wrapper.txt, by scripts/gen-texts. */
#pragma once

extern const char WRAPPER_HTML[], WRAPPER_TXT[];
