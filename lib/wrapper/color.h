/* SPDX-License-Identifier: Apache-2.0 */
/* Inside wrapper only. */
#pragma once

/* The color of text on a background of this one (#rrggbb): black or white, whichever has more contrast
 * (WCAG 2.2, relative luminance). It is always 4.5 : 1 or more. */
const char *color_on(const char *background);
