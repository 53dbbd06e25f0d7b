/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stekd's hold on the fleet: loads stek-fleet.so when [fleet] is configured, hands it the rings of
 * source fleet, and writes what it learns into their files.
 */
#ifndef STEK_DAEMON_FLEET_H
#define STEK_DAEMON_FLEET_H

#include "daemon/next.h"
#include "fleet/fleet.h"

#include <event2/event.h>

/* A key-encryption key, and how its file stands. */
struct stekd_key {
    char id[2 * STEK_KEK_ID_LEN + 1]; /* in hexadecimal */
    uint64_t file_epoch;              /* the oldest that the operator's file opens */
    char problem[256]; /* why the file opens more than stekd itself; empty: it does not */
};

/* What a fleet in use was made from: it borrows these texts. And how its files stand. */
struct stekd_fleet_texts {
    struct stek_config_fleet config;
    char host[STEK_CONFIG_HOST_LEN + 1];
    struct stekd_key key[STEK_KEKS_MAX]; /* the one that seals first */
    char state_problem[256];             /* of the state folder; empty: none */
};

struct stekd_fleet {
    const struct stek_fleet_api *api; /* NULL: not loaded */
    struct stek_fleet *fleet;         /* NULL: no ring of source fleet */
    struct stekd_fleet_texts *texts;  /* NULL: there is no [fleet] */
    struct event_base *base;
    struct stek_rings *rings;
};

/* A fleet that is made ready beside the one in use. */
struct stekd_fleet_next {
    struct stek_fleet *fleet;
    struct stekd_fleet_texts *texts;
};

/*
 * Loads the library, and what the C library itself would load later for looking names up: before
 * the sandbox is closed. `library` is its path. False after a fault, with one line.
 */
bool stekd_fleet_load(struct stekd_fleet *keeper, const char *library,
                      struct stek_config_problem *ret_problem);

/* Reads the key-encryption keys that the configuration names, as far as they have gone on: from
 * their files or the state folder. Wipe them. */
bool stekd_fleet_read_keys(const struct stek_config_fleet *config, struct stek_keks *ret_keks,
                           struct stekd_key ret_files[STEK_KEKS_MAX],
                           struct stek_config_problem *ret_problem);

/* The state folder is made; and for stek_fleet_host: what the disk forgets, and what it notes. */
void stekd_fleet_prepare_state(struct stekd_fleet *keeper);
void stekd_fleet_keep_key(void *arg, uint32_t index, const struct stek_kek *kek);
void stekd_fleet_keep_seen(void *arg, const char *ring, const struct stek_seen *seen);

/*
 * Makes a fleet ready for this configuration and these rings, beside the one that is in use. It
 * does nothing before the loop goes on. False after a fault, with one line.
 */
bool stekd_fleet_prepare(struct stekd_fleet *keeper, const struct stek_config *config,
                         const struct stek_keks *keks, const struct stekd_key files[STEK_KEKS_MAX],
                         const struct stek_next *rings, struct stekd_fleet_next *ret_next,
                         struct stek_config_problem *ret_problem);
void stekd_fleet_give_up(const struct stekd_fleet *keeper, struct stekd_fleet_next *next);

/* Ends the one in use: before its rings change. Then the other one takes its place, and rings
 * without keys start locally where bootstrap says so. Neither can fail. */
void stekd_fleet_commit(struct stekd_fleet *keeper, const struct stekd_fleet_next *next);
void stekd_fleet_bootstrap(struct stekd_fleet *keeper);
void stekd_fleet_close(struct stekd_fleet *keeper);

/* The texts of a configuration, and the library's options of them, which borrow texts and keys. */
void stekd_fleet_set_texts(const struct stek_config_fleet *config,
                           const struct stekd_key files[STEK_KEKS_MAX],
                           struct stekd_fleet_texts *ret_texts);
void stekd_fleet_set_options(const struct stekd_fleet_texts *texts, const struct stek_keks *keks,
                             struct stek_fleet_options *ret_options);

/* The ring's place in the fleet; false: it is no ring of the fleet, or there is no fleet now. */
bool stekd_fleet_find(const struct stekd_fleet *keeper, const char *ring, size_t *ret_index);

/* Adds to a ring's status how it stands in the fleet, where that is not well. */
void stekd_fleet_annotate(const struct stekd_fleet *keeper, struct stek_status_ring *status);

/* Words of JSON and metrics, and a line for people. Static. */
const char *stek_refusal_word(enum stek_refusal refusal);
const char *stek_standing_word(enum stek_sync_standing standing);
const char *stek_standing_text(enum stek_sync_standing standing);

/* The answer to {"command":"fleet"}. NULL: no memory. */
json_t *stekd_fleet_json(struct stekd_fleet *keeper, bool read_again);

#endif
