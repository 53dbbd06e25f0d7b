/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet as the local stekd tells it: docs/formats.md, "Control protocol". */
#ifndef STEK_CLI_FLEET_H
#define STEK_CLI_FLEET_H

#include <jansson.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Asks for the fleet, with its members as they are now. Returns the exit code, having said what is
 * wrong; *ret_fleet is the caller's to free.
 */
int stek_fleet_ask(const char *command, json_t **ret_fleet);

/* For people, in 80 columns. */
void stek_fleet_print(const json_t *fleet);

/* Whether the store is within reach and every ring is in step. */
bool stek_fleet_is_well(const json_t *fleet);

/* Whether a host's announcement has this key-encryption key's id. */
bool stek_fleet_has_key(const json_t *host, const char *key);

/* How many of the members hold the record `seq` of a ring, and how many have its floor; *ret_all is
 * how many there are. */
void stek_fleet_coverage(const json_t *fleet, const char *ring, int64_t seq, int64_t floor,
                         size_t *ret_holders, size_t *ret_floors, size_t *ret_all);

/*
 * After an order for all hosts: waits until it is done, then until all members have it, except for
 * the host `removed` (NULL: none), and says so. Returns the exit code.
 */
int stek_fleet_follow(const char *command, const char *ring, const char *removed);

/* Seals what is in the store again, under the first key. Returns the exit code. */
int stek_fleet_rekey(void);

/* The same, and revokes all that the host `removed` knows. */
int stek_fleet_remove(const char *removed);

#endif
