/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGHUP: another configuration takes the place of the one in force, all of it or nothing. Rings,
 * the fleet and the control socket's group are made ready beside what is in use. Then files get
 * their names and groups, which may fail and is taken back. Then all is switched at once, which
 * cannot fail.
 */
#ifndef STEK_DAEMON_RELOAD_H
#define STEK_DAEMON_RELOAD_H

#include "daemon/daemon.h"

/* Reads the configuration again. What comes of it is logged. */
void stekd_reload(struct stekd *daemon);

/* Begins the fleet, again, with the configuration in force and the rings that are kept. If that
 * does not work, it is logged, and `rings.fleet_due` says that it is to be tried again. */
void stekd_reload_fleet(struct stekd *daemon);

#endif
