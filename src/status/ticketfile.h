/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets as they come to `stek inspect`: in files and as base64. */
#ifndef STEK_TLS_TICKETFILE_H
#define STEK_TLS_TICKETFILE_H

#include "status/inspect.h"

enum {
    STEK_TICKET_BASE64_MAX = 4 * ((STEK_INSPECT_TICKET_MAX + 2) / 3) + 1,
    STEK_TICKET_FILE_MAX = 256 * 1024
};

/*
 * Takes the ticket out of a file's bytes: a session in PEM, as `openssl s_client -sess_out` writes
 * it, or the ticket itself. Returns NULL and the ticket, or a static text that says what is wrong.
 */
const char *stek_ticket_from_file(const uint8_t *bytes, size_t len,
                                  uint8_t ret_ticket[STEK_INSPECT_TICKET_MAX], size_t *ret_len);

/* As base64, with a final zero. */
void stek_ticket_encode(const uint8_t *ticket, size_t len, char ret_text[STEK_TICKET_BASE64_MAX]);

/* Decodes base64. False, with *ret_len untouched: it is not base64, or too long for a ticket. */
bool stek_ticket_decode(const char *text, uint8_t ret_ticket[STEK_INSPECT_TICKET_MAX],
                        size_t *ret_len);

#endif
