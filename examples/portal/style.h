/* SPDX-License-Identifier: Apache-2.0 */
/* portal.css, body.css and icon.svg, by scripts/gen-texts. */
#pragma once

extern const char PORTAL_CSS[], BODY_CSS[], ICON_SVG[];
