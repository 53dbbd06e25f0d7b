/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the status page (daemon/page/), put into the program when it is built. */
#ifndef STEK_DAEMON_ASSET_H
#define STEK_DAEMON_ASSET_H

#include <stddef.h>

struct stek_asset {
    const char *path; /* where it is served; NULL ends the table */
    const char *type; /* of its content */
    const unsigned char *bytes;
    size_t len;
};

extern const struct stek_asset stek_assets[];

#endif
