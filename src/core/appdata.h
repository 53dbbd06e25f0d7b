/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
/*
 * What every ticket of ours carries inside, beside libssl's session state
 * (SSL_SESSION_set1_ticket_appdata). All numbers little-endian, times Unix seconds in two's
 * complement:
 *
 *     offset  bytes  field
 *          0      4  "stk" 02         format and version
 *          4      8  origin           time of the full handshake
 *         12     16  name             first 16 bytes of SHA-256 of the server name in lower case;
 *                                     zeros: none was sent
 *         28      8  verified_until   the last second of the first certificate to end, of those
 *                                     that the client was verified with; 0: there are none
 *         36     16  instance         random id of the program that sealed the ticket, which alone
 *                                     accepts its early data; zeros: nobody does
 *         52      8  serial           of the ticket in that program; 0 where instance is zeros
 *         60      4  timeout          what the program gave the session, in seconds, before it was
 *                                     cut for a ticket; ff ff ff ff: that, or more
 *
 * It is sealed and authenticated with the ticket. Bytes of another length or version, with a time
 * beyond 2^40 seconds from 1970 either way, or with a serial of no instance, are as good as none.
 * Pure.
 */
/* clang-format on */
#ifndef STEK_CORE_APPDATA_H
#define STEK_CORE_APPDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_APPDATA_LEN = 64, STEK_NAME_HASH_LEN = 16, STEK_INSTANCE_LEN = 16 };

struct stek_appdata {
    int64_t origin;
    int64_t verified_until;
    uint64_t serial;
    uint8_t name_hash[STEK_NAME_HASH_LEN];
    uint8_t instance[STEK_INSTANCE_LEN];
    uint32_t timeout_s;
};

void stek_appdata_encode(const struct stek_appdata *appdata, uint8_t ret_bytes[STEK_APPDATA_LEN]);

/* Returns false, and leaves *ret_appdata alone, when the bytes are not of this format. */
bool stek_appdata_decode(const uint8_t *bytes, size_t len, struct stek_appdata *ret_appdata);

#endif
