/* SPDX-License-Identifier: Apache-2.0 */
/* How many connections the process can hold: every one takes a descriptor. */
#pragma once

/* Raise the soft limit of descriptors to the hard one, and say how many connections may be open at a
 * time: as many as wanted, or what the limit leaves when the database, key sets, DNS and files have
 * theirs. Fewer than wanted are told in the log. */
unsigned descriptors_for_connections(unsigned wanted);
