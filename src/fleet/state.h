/* SPDX-License-Identifier: Apache-2.0 */
/* What the pieces of stek-fleet.so share; inside this folder. */
#ifndef STEK_FLEET_STATE_H
#define STEK_FLEET_STATE_H

#include "etcd/etcd.h"
#include "fleet/fleet.h"
#include "fleet/rules/lines.h"
#include "fleet/store/names.h"

struct event;

/* Where the store has a ring's values under one key-encryption key. */
struct stek_fleet_keyed {
    struct stek_keyed_folder folder;
    struct stek_key_name from, until;
    bool has_some; /* a value that opens was there at the last full read, or since */
};

/* Secrets live in `sync`, which is in locked memory. */
struct stek_fleet_ring {
    struct stek_fleet *fleet;
    char name[STEK_FLEET_RING_MAX + 1];
    struct stek_sync *sync;
    struct stek_key_name from, until; /* its folder, for all keys */
    struct stek_fleet_keyed keyed[STEK_KEKS_MAX];
    uint32_t active;      /* the one that this host works in */
    bool moving;          /* the transaction under way takes the ring to the first key's folder */
    struct event *decide; /* as soon as the loop comes back */
    struct event *wake;   /* when the sync has said */
    int64_t lease;        /* of the transaction that is under way */
    enum stek_sync_standing standing;
    bool told; /* the standing, in the log */
    bool foreign_told;
    char foreign_name[80]; /* one of them, printable */
    bool keep_failed;
    bool store_is_older; /* than what the host has noted, and that was told */
    int64_t since;       /* when the standing began; the start, for what stekd found */
    uint64_t foreign;
    int64_t other_key_ms;  /* when a value under a key that this host does not have was last seen */
    int64_t reported_ms;   /* when values were last refused in the log */
    struct stek_seen seen; /* what the host has noted for after a reboot */
    int64_t seen_ms;       /* when it did */
    enum stek_sync_op_state op;
    const char *op_problem;
    char problem[STEK_ETCD_TEXT_MAX];
};

/* This host's announcement, under a lease of its own; and what was read of the others'. */
struct stek_fleet_members {
    struct event *timer;
    int64_t lease;
    bool leased;
    bool busy;
    bool dirty;
    unsigned ticks;
    char said[2048]; /* what stands in the store */
    bool reading;
    char last[1024]; /* where the next page begins */
    size_t last_len;
    unsigned pages; /* of this reading */
    uint64_t count;
    uint64_t readings;
    json_t *hosts; /* of the reading that is under way */
    json_t *known; /* of the last one: {"as_of", "count", "hosts": {name: {…}}} */
};

struct stek_fleet_rekey {
    bool begun;
    unsigned open; /* rings that are being moved */
    uint64_t resealed;
    uint64_t left;
};

struct stek_fleet {
    struct event_base *base;
    struct stek_fleet_options options;
    struct stek_fleet_host host;
    struct stek_keks *keks; /* in locked memory */
    struct stek_etcd *etcd;
    size_t rings_count;
    struct stek_fleet_ring *rings;
    struct stek_sync *syncs; /* locked, one for each ring */
    size_t locked_len;
    bool online;
    bool told;               /* that there is no connection: since when, and why */
    struct stek_lines lines; /* that were logged lately */
    int64_t since;
    struct stek_etcd_problem problem;
    bool clock_known;
    int64_t clock_ahead_s;
    bool clock_told;
    uint64_t reconnects;
    uint64_t writes[4]; /* by enum stek_written */
    struct stek_fleet_members members;
    struct stek_fleet_rekey rekey;
};

int64_t stek_fleet_now_ms(void);

/* Logs a line, or leaves it out if there were too many lately: a store must not fill the log. */
void stek_fleet_log(struct stek_fleet *fleet, int priority, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the store's clock says what this host's says, to an hour. */
bool stek_fleet_clock_confirmed(const struct stek_fleet *fleet);

/* How far this host's clock is ahead of the others'. */
void stek_fleet_saw_clock(struct stek_fleet *fleet, int64_t ahead_ms);

/* epochs: which the keys open, and what is noted for after a reboot. */
void stek_fleet_epochs_begin(struct stek_fleet_ring *ring);
void stek_fleet_epochs_follow(struct stek_fleet_ring *ring);

/* A floor that was raised on this host alone is noted, too. */
void stek_fleet_note_floor_here(struct stek_fleet_ring *ring);

/* The floor to begin with: the ring file's, or what was seen under a key that this host has. */
uint64_t stek_fleet_seen_floor(const struct stek_fleet_ring *ring, uint64_t floor);

/* Makes the ring decide again, once the loop has returned. */
void stek_fleet_ring_soon(struct stek_fleet_ring *ring);
void stek_fleet_decide_all(struct stek_fleet *fleet);

/* The newest seq that this host holds as published; 0: none. */
uint64_t stek_fleet_ring_held(const struct stek_fleet_ring *ring);

/* A ring was to be moved to the first key's folder, with so many values: counted. */
void stek_fleet_rekey_moved(struct stek_fleet_ring *ring, uint32_t count, bool won);

/* The announcement is to be written again. */
void stek_fleet_members_changed(struct stek_fleet *fleet);

/* ring: it gets the store's content, and gives what is to be done. */
enum stek_result stek_fleet_ring_open(struct stek_fleet *fleet, size_t index,
                                      const struct stek_fleet_ring_options *options);
void stek_fleet_ring_close(struct stek_fleet_ring *ring);

/* Revokes on this host, and writes the ring file. False: it cannot be written. */
bool stek_fleet_ring_revoke_here(struct stek_fleet_ring *ring, uint64_t floor, uint64_t *ret_count);

/*
 * parts: how a ring's folder is read. The folders of this host's keys come first, whole; of what is
 * beside them some names. `ring_folder` has its two bounds. All is borrowed.
 */
void stek_fleet_keyed_init(const char *prefix, const char *ring, const struct stek_keks *keks,
                           struct stek_fleet_keyed ret_keyed[STEK_KEKS_MAX]);
void stek_fleet_parts(const struct stek_etcd_span *ring_folder,
                      const struct stek_fleet_keyed *keyed, uint32_t keyed_count,
                      struct stek_etcd_parts *ret_parts);

/* stored: what the store holds is reported to the sync. */
void stek_fleet_stored_init(struct stek_fleet_ring *ring);
void stek_fleet_stored_read_begin(struct stek_fleet_ring *ring, int64_t revision);
void stek_fleet_stored_item(struct stek_fleet_ring *ring, const struct stek_etcd_item *item);
void stek_fleet_stored_beside(struct stek_fleet_ring *ring, uint64_t count);
void stek_fleet_stored_read_end(struct stek_fleet_ring *ring);

/* Whether hosts with another key-encryption key keep this ring, too: seen within two intervals. */
bool stek_fleet_stored_other_key(const struct stek_fleet_ring *ring);

/* Goes to the first key's folder, if the ring was moved there. */
void stek_fleet_stored_follow(struct stek_fleet_ring *ring);

/* From now on the ring is what stands in the folder of the key `index`. */
void stek_fleet_stored_work_in(struct stek_fleet_ring *ring, uint32_t index);

/* write: carries out sync->out. */
void stek_fleet_write_begin(struct stek_fleet_ring *ring);

/* connection: what is to be called when the store has something to tell. */
struct stek_etcd_handlers stek_fleet_handlers(struct stek_fleet *fleet);

/* members */
enum stek_result stek_fleet_members_open(struct stek_fleet *fleet);
void stek_fleet_members_close(struct stek_fleet *fleet);
void stek_fleet_members_online(struct stek_fleet *fleet);
json_t *stek_fleet_members_json(struct stek_fleet *fleet, bool read_again);

/* check */
bool stek_fleet_check(const struct stek_fleet_check *what);

/* rekey */
const char *stek_fleet_rekey_begin(struct stek_fleet *fleet);
json_t *stek_fleet_rekey_json(const struct stek_fleet *fleet);

#endif
