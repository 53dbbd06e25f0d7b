/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sees everything, and checks after every step:
 *
 *   allowed        etcd takes each transaction: none puts a key twice, or one that it deletes
 *   one secret     a seq that was published once has that secret for ever
 *   on time        what is put into the store is its seq's continuation, or begins half an interval
 *                  later (less skew); except the first record of a ring and of a revocation
 *   legitimate     no node seals under a secret that was neither published nor continued from a
 *                  published one
 *   everyone opens what a node seals under, every other node opens that was in touch since the
 *                  publication; a continuation opens at every node that was in touch lately
 *   own tickets    a node opens what it has sealed, for as long as it promised
 *   told           a node that is in touch holds what is in the store, with its times
 *   retired        no node holds a record past its accept_until
 *   revoked        no node that is in touch holds a secret below the floor, or one that continues
 *                  such a secret
 *   gone           a host on which somebody revoked holds no secret of those, nor one that follows
 *                  from them, whether it is in touch or not
 *   floor          a floor never falls, in the store or in a ring
 *   sound          every ring file is sound, and has a record that seals
 *   keyed          a node that is in touch, and may write, is without any key for a moment only
 *   not deleted    a record is not deleted from the store while it may still open
 *   kept           what a node can open no more, no node needs
 *   ended          (after healing) an epoch that is over is destroyed everywhere
 *   idle           no node repeats the same steps without end
 *   in step        (after healing) all rings are equal, and random again
 *
 * While an adversary brings old values back, and for two intervals after, or as long as an old copy
 * is there of which no node knew better, "everyone opens" and "told" do not hold. Nor does
 * "revoked" for what follows from a continuation that he brought back, when the record at the floor
 * has retired, or does not stand right before it.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include "sim.h"

void oracle_init(struct sim *sim);
void oracle_fini(struct sim *sim);

/* The store is about to apply a write whose comparisons held, or has been told to by a node that
 * asked for none. */
void oracle_committed(struct sim *sim, const struct stek_sync_write *write);
void oracle_deleted(struct sim *sim, const struct sim_value *value);
/* Somebody deleted a key by hand: nothing is promised for it from now on. */
void oracle_lost_key(struct sim *sim, uint64_t seq);
/* An adversary brings a record or a floor back. */
void oracle_brought(struct sim *sim, const struct sim_change *old);
/* The store goes back to what it was: nothing is promised for what was put since. */
void oracle_restored(struct sim *sim);
/* Whether a record was ever published under this seq. */
bool oracle_was_published(const struct sim *sim, uint64_t seq);

/* A node has revoked by itself: what seals there now, that node alone has made. */
void oracle_revoked_here(struct sim *sim, struct sim_node *node);

/* A node has decided, and its ring file is written. */
void oracle_look(struct sim *sim, struct sim_node *node);

/* All trouble is over, and has been for long: which epochs does the node still have? */
void oracle_epochs_ended(struct sim *sim, const struct sim_node *node);

/* All trouble is over: is the fleet in step? Since long: is it random again, too? */
void oracle_in_step(struct sim *sim, bool since_long);

#endif
