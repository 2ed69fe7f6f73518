/* SPDX-License-Identifier: Apache-2.0 */
/* What this process takes of the machine. */
#pragma once

/* Tell processor time and memory to the metrics. Takes some 10 µs; once a second is enough. */
void process_metrics_tell(void);
