/* SPDX-License-Identifier: Apache-2.0 */
/* The file of headers with which a collector of OpenTelemetry knows us. They are secrets. */
#pragma once

#include "base/secret.h"

/* Read the file, and see that each line of it is a header. R_OTLP_HEADERS. */
rc conf_telemetry_headers(const char *path, struct secret **out, struct err *err);
/* Take the next header off the text of such a file, without its end of line; false: there is none. */
bool conf_telemetry_next_header(struct slice *text, struct slice *header);
