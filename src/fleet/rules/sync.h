/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps one ring of a fleet on one host in step with the store. Pure: no clock, no I/O, no random
 * generator, no allocation. docs/fleet.md has the rules and says why they are safe.
 *
 * The caller reports what it learns (stek_sync_saw_..., _written, _disconnected), in the order of
 * the store's revisions as far as it can. Then it asks once what to do (stek_sync_decide()).
 * Everything that one answer of the store holds (all events of one revision) is reported before the
 * next decision: no decision is based on half a transaction. More may be reported: a floor is
 * obeyed before the next revision.
 *
 *     first:           stek_sync_init
 *     on connecting:   read_begin, saw_floor and saw_record for every value, read_end; then a watch
 *                      from revision + 1. Or, if nothing was compacted: a watch from where the last
 *                      one broke, the events that it missed, resumed
 *     on the watch:    saw_record, saw_floor, saw_record_deleted, saw_floor_deleted
 *     on an answer:    written
 *     on any break:    disconnected; pending writes then count as ambiguous
 *     after each:      decide; do what it says, in the order of the structure; call it again at
 *                      wake_at_ms at the latest
 *
 * Reporting something twice, late or out of order does no harm. A structure serves one thread. It
 * holds secrets: keep it in locked memory, end it with stek_sync_wipe().
 */
#ifndef STEK_FLEET_SYNC_H
#define STEK_FLEET_SYNC_H

#include "stek.h"

#include "core/schedule.h"
#include "fleet/rules/storeview.h"

/* A record that a transaction puts. */
struct stek_sync_put {
    struct stek_record record;
    int64_t expect; /* compare: the mod_revision that its key must have; 0: no comparison */
};

/*
 * One transaction. Compare: no key of the ring has a mod_revision above `based_on`; the floor's
 * key has mod_revision `floor_expect`, and each put's key what it expects. 0 means: not compared.
 * Nothing that opens stood there as of `based_on`, and what does not open is replaced.
 * All values are sealed under epochs (fleet/rules/epoch.h), `epoch` or a later one.
 * Success: all puts (under one lease of `lease_s`), the floor if asked (no lease), and the deletion
 * of all record keys with seq < delete_below. Never repeated by the transport: an error or a
 * time-out is STEK_WRITTEN_AMBIGUOUS.
 */
struct stek_sync_write {
    int64_t based_on;
    int64_t floor_expect;
    bool put_floor;
    uint64_t floor;
    uint64_t epoch; /* of the floor; no record is sealed under an earlier one */
    uint64_t delete_below;
    int64_t lease_s;
    uint32_t count;
    struct stek_sync_put put[STEK_RECORDS_MAX];
};

enum stek_written {
    STEK_WRITTEN_WON,      /* committed, at the given revision */
    STEK_WRITTEN_LOST,     /* a comparison failed: a full read will tell what there is */
    STEK_WRITTEN_REFUSED,  /* certainly not committed: permission denied, no space, no lease */
    STEK_WRITTEN_AMBIGUOUS /* committed or not, now or later: a full read will tell */
};

/* Operations on the whole fleet. */
enum stek_sync_op { STEK_SYNC_OP_NONE, STEK_SYNC_OP_ROTATE, STEK_SYNC_OP_REVOKE };

enum stek_sync_op_state {
    STEK_SYNC_OP_IDLE,
    STEK_SYNC_OP_PENDING, /* asked for, not committed yet */
    STEK_SYNC_OP_DONE,    /* committed: reported once */
    STEK_SYNC_OP_FAILED   /* not done, and why: reported once */
};

/* A value that was refused: for the log. */
struct stek_sync_report {
    uint64_t seq; /* 0: the floor */
    enum stek_refusal refusal;
};

enum { STEK_SYNC_REPORTS_MAX = 8 };

/* What to do now. */
struct stek_sync_actions {
    bool changed; /* sync->records or sync->floor changed: write them into the ring file first */
    bool read;    /* read everything of the ring again (read_begin ... read_end) */
    bool write;   /* run sync->out as one transaction, and answer with stek_sync_written() */
    int64_t wake_at_ms;         /* decide again then, if nothing happens before; INT64_MAX: never */
    enum stek_sync_op_state op; /* how the operation that was asked for stands */
    const char *op_problem;     /* for STEK_SYNC_OP_FAILED, static */
    uint32_t report_count;
    struct stek_sync_report report[STEK_SYNC_REPORTS_MAX];
};

/* How the ring stands, for people. */
enum stek_sync_standing {
    STEK_SYNC_WAITING,   /* no keys yet: the store was never reached, and there was no ring file */
    STEK_SYNC_IN_STEP,   /* the active record is in the store, or was published and the store is
                            away */
    STEK_SYNC_CONTINUED, /* sealing under a continuation that is not in the store */
    STEK_SYNC_WRONG_KEY, /* in step, and the store has the ring under another key, too: the caller
                            knows */
    STEK_SYNC_CLOCK_OFF, /* this host's clock is too far from the others': it only reads */
    STEK_SYNC_NO_ACTIVE  /* no record covers this host's time */
};

struct stek_sync {
    /* What belongs into the ring file. */
    struct stek_records records;
    uint64_t floor;

    /* For status. Counted since init. */
    uint64_t refused[STEK_REFUSALS];
    bool synced; /* connected, and a full read is complete */

    /* The rest is for fleet/ only. */
    struct stek_policy policy;
    struct stek_storeview view;
    struct stek_records shown; /* what the ring file has: as of the last decision */
    uint64_t shown_floor;
    bool reading;         /* between read_begin and read_end */
    bool read_wanted;     /* what is known of the store is not enough */
    bool read_asked;      /* the caller was told */
    bool writing;         /* `out` is under way */
    uint64_t epoch;       /* the oldest that this host can open */
    uint64_t revoked_seq; /* the seq after a refused continuation of what is revoked; and its */
    struct stek_secret32 revoked_next; /* secret, if it is continued once more */
    bool floor_ahead;  /* the store may not know this host's floor, or that its records begin
                          earlier: both are put without delay */
    bool revoked_here; /* and that is so since stek_sync_revoke_here() */
    bool clock_off;
    bool clock_confirmed; /* the store's clock says the same as this host's */
    bool diverged; /* a published record took the place of another one that was no continuation */
    int64_t publish_at_ms; /* when it is this host's turn to publish; INT64_MAX: there is nothing */
    int64_t retry_at_ms;   /* after a refusal of the store: not before */
    int64_t retry_ms;
    enum stek_sync_op op;
    uint64_t op_seq;     /* rotate: the record that is to seal; 0: not decided yet */
    uint64_t op_floor;   /* revoke: the new floor; 0: not decided yet */
    int64_t op_until_ms; /* 0: not decided yet */
    uint32_t report_count;
    struct stek_sync_report report[STEK_SYNC_REPORTS_MAX];
    struct stek_sync_write out; /* the transaction: for the caller, too */
};

static inline void stek_sync_wipe(struct stek_sync *sync)
{
    stek_wipe(sync, sizeof *sync);
}

/*
 * Begins with what the ring file held (`records` and `floor`; NULL: there was none). `policy` is
 * resolved and sound.
 */
void stek_sync_init(struct stek_sync *sync, const struct stek_policy *policy,
                    const struct stek_records *records, uint64_t floor);

/*
 * A full read of the store at `revision` begins: what it does not mention before read_end, and what
 * has not changed since, is not there.
 */
void stek_sync_read_begin(struct stek_sync *sync, int64_t revision);
void stek_sync_read_end(struct stek_sync *sync);

/* A value of the record key `seq`; `record` counts for STEK_VALUE_GOOD only. `revision` is the
 * key's mod_revision. */
void stek_sync_saw_record(struct stek_sync *sync, uint64_t seq, int64_t revision,
                          enum stek_value value, const struct stek_record *record, int64_t now);
void stek_sync_saw_record_deleted(struct stek_sync *sync, uint64_t seq, int64_t revision);
/* `epoch`: that it was sealed under. */
void stek_sync_saw_floor(struct stek_sync *sync, int64_t revision, enum stek_value value,
                         uint64_t floor, uint64_t epoch);
void stek_sync_saw_floor_deleted(struct stek_sync *sync, int64_t revision);

/* The outcome of the transaction. `revision` counts for STEK_WRITTEN_WON only. */
void stek_sync_written(struct stek_sync *sync, enum stek_written outcome, int64_t revision,
                       int64_t now_ms);

/* The watch broke, or the store is out of reach. */
void stek_sync_disconnected(struct stek_sync *sync);

/* The store is another one (cluster_id differs, or revisions went back): nothing that was known of
 * it counts. */
void stek_sync_forget_store(struct stek_sync *sync);

/* What the other hosts' clocks say: how far this one's is ahead of their median. Only when at least
 * one other is known. */
void stek_sync_saw_clock(struct stek_sync *sync, int64_t ahead_ms);

/*
 * What the caller knows of days: whether the store's clock confirms this host's, and the oldest
 * epoch that this host can open (fleet/rules/epoch.h). At first: no, and 0.
 */
void stek_sync_know_day(struct stek_sync *sync, bool clock_confirmed, uint64_t epoch);

/*
 * Asks for an operation on the whole fleet; how it went is in the actions of a later decision.
 * `floor` (revoke): no record with a lower seq opens any more, 0: none that there is now. Returns
 * NULL, or why it cannot be (static).
 */
const char *stek_sync_ask(struct stek_sync *sync, enum stek_sync_op op, uint64_t floor);

/*
 * Asks for a transaction that puts everything of the ring into another place: it is in sync->out,
 * and is answered with stek_sync_written() and STEK_WRITTEN_LOST or _AMBIGUOUS, whatever came of
 * it: then the store is read again. False: not now (no connection, or a transaction is under way).
 */
bool stek_sync_move(struct stek_sync *sync, int64_t now);

/*
 * Revokes on this host, at once, whether the store can be reached or not. `floor` is as for
 * stek_sync_ask(); with 0, or when nothing is left, a fresh record seals that only this host has.
 * `fresh` may be empty: then nothing seals. The floor reaches the store as any floor does that the
 * store does not know, and without delay. Returns how many records were destroyed. Decide next.
 */
uint64_t stek_sync_revoke_here(struct stek_sync *sync, uint64_t floor, int64_t now,
                               const struct stek_fresh *fresh);

/* The floor that revokes the record `seq`, and all that can be derived from it; and that revokes
 * all that sealed before `when`. For stek_sync_ask(). */
uint64_t stek_sync_floor_for(const struct stek_sync *sync, uint64_t seq);
uint64_t stek_sync_floor_before(const struct stek_sync *sync, int64_t when);

/*
 * Decides. `now_ms` is Unix milliseconds. `fresh` holds ahead + 1 secrets, or fewer when the
 * generator fails; `dice` is 64 random bits, not secret. Errors: STEK_ERR_CRYPTO, STEK_ERR_RANDOM
 * (a continuation could not be derived), STEK_ERR_ARGUMENT (a time beyond all use): actions are
 * filled all the same, and what retired is gone.
 */
STEK_MUST_USE enum stek_result stek_sync_decide(struct stek_sync *sync, int64_t now_ms,
                                                const struct stek_fresh *fresh, uint64_t dice,
                                                struct stek_sync_actions *ret_actions);

enum stek_sync_standing stek_sync_standing(const struct stek_sync *sync, int64_t now);

#endif
