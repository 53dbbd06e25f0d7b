/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet on this host: keeps rings in step with the store, and tells the store about this host.
 * stek-fleet.so is this interface and what is behind it; stekd loads it if [fleet] is configured.
 * So a stekd without a fleet carries neither libcurl nor protobuf-c.
 *
 * Everything belongs to the loop's thread. The host's functions are called from the loop; they may
 * call describe, but not close.
 */
#ifndef STEK_FLEET_FLEET_H
#define STEK_FLEET_FLEET_H

#include "stek.h"

#include "core/record.h"
#include "fleet/store/envelope.h"
#include "fleet/store/seen.h"
#include "fleet/rules/sync.h"

#include <jansson.h>

struct event_base;
struct stek_fleet;

enum { STEK_FLEET_ENDPOINTS_MAX = 16, STEK_FLEET_HOST_MAX = 128 };

/* The checked settings of [fleet]. Texts are borrowed until the close; keys are copied. */
struct stek_fleet_options {
    const char *endpoints[STEK_FLEET_ENDPOINTS_MAX];
    size_t endpoints_count;
    const char *ca; /* PEM files; NULL: none */
    const char *cert;
    const char *key;
    const char *prefix; /* without a slash at its end */
    const char *host;   /* how this host calls itself; unique in the fleet */
    const struct stek_keks *keks;
};

/* A ring that is to be kept in step. */
struct stek_fleet_ring_options {
    const char *name;
    struct stek_policy policy;          /* resolved and sound */
    const struct stek_records *records; /* what the ring file held; NULL: there was none */
    uint64_t floor;
    struct stek_seen seen; /* what the state folder held; not known: nothing */
};

/* What the fleet asks of the host. */
struct stek_fleet_host {
    /*
     * Writes these into the ring file now, before the store is told. Returns false if that failed.
     */
    bool (*keep)(void *arg, const char *ring, const struct stek_records *records, uint64_t floor);
    /* Has the disk forget what the key `index` opened before the epoch that it now has. */
    void (*keep_key)(void *arg, uint32_t index, const struct stek_kek *kek);
    /* Notes for after a reboot what was seen of the ring in the store. */
    void (*keep_seen)(void *arg, const char *ring, const struct stek_seen *seen);
    /* One line for the log; `priority` as in syslog(3). */
    void (*log)(void *arg, int priority, const char *line);
    void *arg;
};

/* How the connection stands. */
struct stek_fleet_status {
    bool online;
    int64_t since;        /* Unix seconds: since when it is or is not */
    const char *endpoint; /* in use, or tried next */
    const char *fault;    /* a word; "ok" */
    const char *problem;  /* a line; empty: none */
    bool clock_known;
    int64_t clock_ahead_s; /* of the store's: how far this host's clock is ahead, give or take a
                              second */
    uint64_t reconnects;
    bool clock_confirmed;          /* the store's is the same to an hour: epochs may end */
    uint64_t epoch[STEK_KEKS_MAX]; /* the oldest that each key opens */
    uint64_t writes_won, writes_lost, writes_refused, writes_ambiguous;
};

/* How a ring of the fleet stands. */
struct stek_fleet_ring_status {
    const char *name;
    enum stek_sync_standing standing;
    int64_t since; /* since when */
    bool synced;
    uint64_t held;   /* highest published seq that this host has */
    uint64_t active; /* the seq that seals; 0: none */
    uint64_t next;   /* the seq that seals after it */
    uint64_t floor;
    bool revoked_here; /* the store does not have the floor yet: it was raised on this host */
    uint64_t refused[STEK_REFUSALS];
    uint64_t foreign;           /* keys in the ring's folder that do not belong to stek */
    bool store_is_older;        /* than what this host has seen of it */
    uint64_t epoch;             /* that the floor is sealed under */
    const char *problem;        /* what the store refuses, a line; empty: nothing */
    enum stek_sync_op_state op; /* the last operation on the whole fleet */
    const char *op_problem;     /* NULL: none */
};

/* What is to be tried, and who is told: each step in a line. */
struct stek_fleet_check {
    const struct stek_fleet_options *options; /* without keys, whether a ring is there under them is
                                                 not said */
    const char *const *rings;                 /* their names */
    size_t rings_count;
    void (*say)(void *arg, bool fine, const char *line);
    void *arg;
};

/* What stek-fleet.so offers. */
struct stek_fleet_api {
    unsigned version; /* STEK_FLEET_API_VERSION */
    /* Begins. Errors: STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_SYSTEM, STEK_ERR_ARGUMENT. */
    enum stek_result (*open)(struct event_base *base, const struct stek_fleet_options *options,
                             const struct stek_fleet_ring_options *rings, size_t rings_count,
                             const struct stek_fleet_host *host, struct stek_fleet **ret_fleet);
    void (*close)(struct stek_fleet *fleet);
    /*
     * Tries all endpoints, in a loop of its own, and whether everything that stekd needs there is
     * permitted. Returns whether all is. It takes half a minute for each endpoint at most.
     */
    bool (*check)(const struct stek_fleet_check *check);
    /* The clock was set, or a ring's policy changed: decide again. */
    void (*wake)(struct stek_fleet *fleet);
    void (*describe)(const struct stek_fleet *fleet, struct stek_fleet_status *ret_status);
    size_t (*rings)(const struct stek_fleet *fleet);
    void (*describe_ring)(const struct stek_fleet *fleet, size_t ring,
                          struct stek_fleet_ring_status *ret_status);
    /* An operation on the whole fleet. NULL, or why not (static). The status has its result. */
    const char *(*ask)(struct stek_fleet *fleet, size_t ring, enum stek_sync_op op, uint64_t floor);
    /*
     * Revokes on this host, now, whether the store can be reached or not (floor: 0, or as below);
     * the store gets the floor when it can be. *ret_count is how many records were destroyed. NULL,
     * or what went wrong (static): then the ring file still holds them.
     */
    const char *(*revoke_here)(struct stek_fleet *fleet, size_t ring, uint64_t floor,
                               uint64_t *ret_count);
    uint64_t (*floor_for)(const struct stek_fleet *fleet, size_t ring, uint64_t seq);
    uint64_t (*floor_before)(const struct stek_fleet *fleet, size_t ring, int64_t when);
    /*
     * What is known of the members, and a request to read them again: {"reading", "as_of", "count",
     * "hosts": {name: {"version", "keys", "rings", "clock_ahead_s"}}}; NULL: not read yet. The
     * caller's to free.
     */
    json_t *(*members)(struct stek_fleet *fleet, bool read_again);
    /* Seals the store's values again under the first key. Returns NULL, or why not (static). */
    const char *(*rekey)(struct stek_fleet *fleet);
    /* {"state": idle|running|done|failed, "resealed": N, "left": N, "problem": text}. */
    json_t *(*rekey_status)(const struct stek_fleet *fleet);
};

enum { STEK_FLEET_API_VERSION = 3 };
#define STEK_FLEET_API_SYMBOL "stek_fleet_api"
extern const struct stek_fleet_api stek_fleet_api;

#endif
