/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every ticket of stek carries inside, beside libssl's session state
 * (SSL_SESSION_set1_ticket_appdata):
 *
 *     offset  bytes  field
 *          0      4  "stk" 01  format and version
 *          4      8  origin    time of the full handshake, Unix seconds, little-endian,
 *                              two's complement
 *         12     16  name      first 16 bytes of SHA-256 of the server name in lower case;
 *                              zeros: the client sent none
 *
 * It is sealed and authenticated with the ticket. Bytes of another length or version count as
 * missing, and so does an origin more than 2^40 seconds from 1970 in either direction. Pure.
 */
#ifndef STEK_CORE_APPDATA_H
#define STEK_CORE_APPDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_APPDATA_LEN = 28, STEK_NAME_HASH_LEN = 16 };

struct stek_appdata {
    int64_t origin;
    uint8_t name_hash[STEK_NAME_HASH_LEN];
};

void stek_appdata_encode(const struct stek_appdata *appdata, uint8_t ret_bytes[STEK_APPDATA_LEN]);

/* Returns false, and leaves *ret_appdata alone, when the bytes are not of this format. */
bool stek_appdata_decode(const uint8_t *bytes, size_t len, struct stek_appdata *ret_appdata);

#endif
