/* SPDX-License-Identifier: Apache-2.0 */
/* Tries keys on a ticket: the proof of which layout a file has. */
#ifndef STEK_KEYFILE_TICKET_H
#define STEK_KEYFILE_TICKET_H

#include "keyfile/keys.h"

enum stek_keyfile_match {
    STEK_KEYFILE_NO_NAME,   /* no key has the ticket's name */
    STEK_KEYFILE_WRONG_MAC, /* a key has its name, and does not open it: the order may be wrong */
    STEK_KEYFILE_OPENS
};

/*
 * Tries every key. *ret_key is the index of the key that opens the ticket, or has its name. Keys of
 * a layout without names are tried by their MAC alone. A ticket may be any bytes.
 */
enum stek_keyfile_match stek_keyfile_try(const struct stek_keyfile_keys *keys,
                                         const uint8_t *ticket, size_t len, size_t *ret_key);

#endif
