/* SPDX-License-Identifier: Apache-2.0 */
/* Tells systemd how the service is: sd_notify(3)'s protocol. */
#ifndef STEK_FEED_READY_H
#define STEK_FEED_READY_H

/* Sends an assignment such as "READY=1" to the socket that $NOTIFY_SOCKET names, if any. */
void stek_feed_notify(const char *state);

#endif
