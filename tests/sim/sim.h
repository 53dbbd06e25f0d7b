/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fleet in one process: the real core and sync code, on virtual time, with a store and a network
 * that misbehave. Everything follows from one seed. The oracle (oracle.h) looks at the whole fleet
 * after every step.
 *
 * Time is in milliseconds; `now` is the true one, each node's clock is off by its own `offset_ms`.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "../unit/fixtures/prng.h"

#include "fleet/rules/sync.h"

enum { SIM_NODES_MAX = 1000, SIM_OWN_MAX = 96 };

/* What a seed decides first. */
struct sim_config {
    unsigned nodes;
    struct stek_policy policy;
    int64_t
        bound_ms; /* no message that arrives takes longer, but for those that are late on purpose */
    int64_t timeout_ms; /* after this, a request is ambiguous */
    int64_t skew_ms;    /* clocks are off by up to this, either way */
    int64_t fault_ms;   /* one fault in about this time */
    unsigned intervals; /* of trouble, before all heals */
    unsigned lose;      /* one message in so many is lost, late or doubled; 0: none */
    bool wild_clocks;   /* some clocks step far */
};

struct sim_value {
    uint64_t seq;
    int64_t revision;
    bool there;
    bool foreign; /* no host can open it */
    bool brought; /* an old one, which an adversary has put again */
    int64_t lease_until;
    int64_t at_ms;
    uint64_t epoch; /* that it is sealed under */
    struct stek_record record;
};

/* One change of the store, as a watch tells it. */
struct sim_change {
    int64_t revision;
    bool is_floor, floor_foreign;
    struct sim_value value;
    uint64_t floor, floor_epoch;
};

struct sim_store {
    int64_t revision;
    int64_t compacted; /* changes up to this revision are forgotten */
    unsigned life;     /* rises when it is restored: what was on its way to it is void */
    int64_t floor_revision;
    uint64_t floor, floor_epoch;
    bool floor_foreign; /* no host can open it */
    bool no_space;
    size_t count, capacity;
    struct sim_value *value;
    size_t log_count, log_capacity;
    struct sim_change *log;
    size_t past_count, past_capacity; /* all that hosts ever put, for an adversary */
    struct sim_change *past;
    /* For the figures. */
    uint64_t puts, lost, reads, watched, bytes;
};

/* A record under which a node has sealed. */
struct sim_sealed {
    struct stek_secret32 secret;
    uint64_t seq;
    int64_t accept_until;
};

struct sim_node {
    unsigned number;
    bool alive, has_file, partitioned, connected, reading, resuming, stalled, wild;
    bool odd; /* its clock was wild, and it has not been back for long: nothing is promised */
    int64_t odd_until_ms;
    unsigned life; /* rises with each crash, connection and break: what was sent before is void */
    int64_t offset_ms;
    int64_t touched_ms; /* when it was last in touch with the store; INT64_MIN: what it learnt is
                           lost */
    int64_t got_rev;    /* changes up to here have come */
    int64_t sent_rev;   /* changes up to here are on their way, or have come */
    int64_t arrives_ms; /* when the last of them arrives: a watch keeps its order */
    int64_t wake_ms;
    int64_t keyless_ms; /* since when it has no key, although it could put one; 0: it has, or could
                           not */
    bool knows_clock;
    struct stek_sync sync;
    /* The ring file. */
    struct stek_records file;
    uint64_t file_floor;
    uint64_t floor_max;
    uint64_t epoch;      /* its key file opens this one and later ones */
    uint64_t hand_floor; /* everything below it was revoked on this node by hand */
    int64_t latest_s;    /* the latest that its clock has said */
    /* What it sealed under, latest last. */
    size_t sealing; /* the oracle's number of what it seals under, and 1; 0: none yet */
    unsigned own_count;
    struct sim_sealed own[SIM_OWN_MAX];
};

enum sim_event_kind {
    SIM_WAKE,     /* a node's timer */
    SIM_CONNECT,  /* a node tries to reach the store */
    SIM_AT_STORE, /* a request arrives */
    SIM_AT_NODE,  /* an answer arrives */
    SIM_WATCH,    /* changes arrive */
    SIM_TIMEOUT,  /* a node waits no longer for an answer */
    SIM_FAULT,
    SIM_ADVERSARY,
    SIM_REPLAY,
    SIM_HAND,
    SIM_HEAL_NODE, /* a trouble of one node ends */
    SIM_LEASES
};

/* What a node asks of the store, and what it answers. */
struct sim_message {
    bool is_read;
    unsigned life; /* the store's, when it was sent */
    struct stek_sync_write write;
    enum stek_written outcome;
    int64_t revision;
    int64_t floor_revision;
    uint64_t floor, floor_epoch;
    bool floor_foreign;
    size_t count;
    struct sim_value *value;
};

struct sim_event {
    int64_t at_ms;
    uint64_t order;
    enum sim_event_kind kind;
    unsigned node;
    unsigned life;
    uint64_t request;
    int64_t revision;
    struct sim_message *message;
};

struct sim_oracle; /* oracle.c */

struct sim {
    uint64_t seed;
    bool trace;
    bool hostile; /* an adversary owns the store */
    bool replays; /* and brings back what it has recorded */
    bool handy;   /* now and then somebody revokes on one host alone */
    bool calm;    /* nothing goes wrong: to count what a fleet asks of its store */
    struct sim_config config;
    struct prng prng;
    struct prng adversary;
    struct prng replay;
    struct prng hand;
    int64_t now;
    uint64_t steps;
    bool healing;
    size_t queue_count, queue_capacity;
    struct sim_event *queue;
    uint64_t next_order, next_request;
    uint64_t first_epoch;
    uint64_t waiting_for[SIM_NODES_MAX]; /* the write that each node waits for; 0: none */
    struct sim_store store;
    struct sim_store saved; /* as the store was once; without values: never */
    struct sim_node *node;
    struct sim_oracle *oracle;
    const char *failure; /* the first invariant that did not hold */
    char detail[256];
};

void sim_fail(struct sim *sim, const char *invariant, const char *detail_format, ...)
    __attribute__((format(printf, 3, 4)));
void sim_trace(const struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* queue.c */
void sim_push(struct sim *sim, const struct sim_event *event);
bool sim_pop(struct sim *sim, struct sim_event *ret_event);
void sim_message_free(struct sim_message *message);

/* store.c */
void sim_store_init(struct sim *sim);
void sim_store_fini(struct sim *sim);
struct sim_value *sim_store_find(struct sim_store *store, uint64_t seq);
void sim_store_show(const struct sim *sim);
void sim_store_answer(struct sim *sim, struct sim_message *message);
void sim_store_expire(struct sim *sim);
void sim_store_compact(struct sim *sim);
void sim_store_put_foreign(struct sim *sim, uint64_t seq);
void sim_store_put_floor(struct sim *sim, uint64_t floor);
void sim_store_put_foreign_floor(struct sim *sim);
void sim_store_lose_key(struct sim *sim, uint64_t seq);
/* Puts what a host has put once, `index` of store.past. */
void sim_store_bring_back(struct sim *sim, size_t index);
/* A copy of the store as it is now, and the store as it was then, at the revision of then. */
void sim_store_save(const struct sim_store *store, struct sim_store *ret_copy);
void sim_store_restore(struct sim *sim, const struct sim_store *copy);

/* net.c: between the nodes and the store */
void sim_net_request(struct sim *sim, struct sim_node *node, struct sim_message *message);
void sim_net_at_store(struct sim *sim, struct sim_event *event);
void sim_net_watch(struct sim *sim, struct sim_node *node);
void sim_net_watch_all(struct sim *sim);
int64_t sim_net_delay(struct sim *sim);

/* node.c */
bool sim_node_in_touch(const struct sim_node *node);
void sim_node_note_touch(struct sim *sim, struct sim_node *node);
void sim_node_stall(struct sim *sim, struct sim_node *node, bool stalled);
void sim_node_partition(struct sim *sim, struct sim_node *node, bool partitioned);
int64_t sim_node_clock(const struct sim *sim, const struct sim_node *node);
void sim_node_start(struct sim *sim, struct sim_node *node);
void sim_node_crash(struct sim *sim, struct sim_node *node, bool lose_file);
void sim_node_break(struct sim *sim, struct sim_node *node);
void sim_node_connect(struct sim *sim, struct sim_node *node);
void sim_node_answer(struct sim *sim, struct sim_node *node, struct sim_event *event);
void sim_node_changes(struct sim *sim, struct sim_node *node, int64_t revision);
void sim_node_show(const struct sim *sim, const struct sim_node *node);
void sim_node_decide(struct sim *sim, struct sim_node *node);
void sim_node_timeout(struct sim *sim, struct sim_node *node, uint64_t request);
void sim_node_in(struct sim *sim, struct sim_node *node, enum sim_event_kind kind,
                 int64_t delay_ms);

/* epochs.c: before and after a node decides */
void sim_epochs_begin(struct sim_node *node);
void sim_epochs_follow(struct sim *sim, struct sim_node *node);

/* faults.c */
void sim_fault(struct sim *sim);
uint64_t sim_some_floor(const struct sim *sim, const struct sim_node *node, struct prng *prng);
void sim_heal_node(struct sim *sim, struct sim_node *node);
void sim_heal_all(struct sim *sim);

/* hand.c: `stek revoke --this-host` */
void sim_hand(struct sim *sim);

/* adversary.c */
void sim_adversary(struct sim *sim);
/* replay.c: it also brings back what it has recorded, and the whole store as it was */
void sim_replay(struct sim *sim);

/* world.c: one seed from start to end. Returns whether all invariants held. */
bool sim_run(struct sim *sim, uint64_t seed, unsigned nodes, bool trace, bool calm);
void sim_end(struct sim *sim);

#endif
