/* SPDX-License-Identifier: Apache-2.0 */
/* The first process: opens sockets, starts workers, starts them again, ends them. Reads nothing from the
 * network.
 *
 * SIGTERM, SIGINT  Workers drain, then it ends. Whoever has not drained in time is killed; a second
 *                  signal kills at once.
 * SIGHUP           A worker is started under the configuration, certificates and keys as they are now.
 *                  When it has become ready, the others are replaced one by one, each by one that is
 *                  ready before the old one drains. When it does not, everything stays as it was. One
 *                  that comes meanwhile is looked at afterwards.
 *
 * A worker that ends by itself is started again, as long as any was ever ready. One whose loop stands
 * still is killed (children.h). systemd hears when all are ready, of reloads, and of the watchdog. */
#pragma once

/* Run until told to end; the exit code. */
int supervisor_run(const char *conf_path);
