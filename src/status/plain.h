/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stekd answers holds words of others: hosts of the fleet, writers into its store, or whoever
 * made the socket in a run directory that is not stekd's. None of it may steer a terminal.
 */
#ifndef STEK_STATUS_PLAIN_H
#define STEK_STATUS_PLAIN_H

#include <stddef.h>

/* Puts '?' in the place of each control character within the texts of a line of JSON, also of an
 * escaped one. Returns the new length. Pure. */
size_t stek_plain_json(char *line, size_t len);

#endif
