/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one writer of a ring file. The caller holds the run directory's lock; the protocol is in
 * image.h, the file and its attacker in ringfile.h; ready.h has how a file is made or taken over.
 */
#ifndef STEK_RINGFILE_WRITER_H
#define STEK_RINGFILE_WRITER_H

#include "ringfile/ready.h"

/* One ring file, kept by this process. */
struct stek_writer;

/*
 * Takes over or makes the ring file, with this policy (resolved) as of now, and, of source host,
 * does what is due: when it returns there is an active record. The caller owns *ret_writer. Errors:
 * STEK_ERR_FILE: no ring can be kept there, *ret_problem, a static text, says why;
 * STEK_ERR_ARGUMENT (the name), STEK_ERR_POLICY, STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_REFUSED,
 * STEK_ERR_RANDOM, STEK_ERR_CRYPTO, STEK_ERR_SYSTEM (errno). A file that a failed system call kept
 * from being examined stays as it is.
 */
STEK_MUST_USE enum stek_result stek_writer_open(const struct stek_writer_place *place,
                                                const struct stek_policy *policy, int64_t now,
                                                enum stek_writer_start *ret_start,
                                                const char **ret_problem,
                                                struct stek_writer **ret_writer);

/* Leaves the ring behind as it is. NULL is fine. */
void stek_writer_close(struct stek_writer *writer);

/*
 * For a ring that went from the configuration: destroys its records, so that processes that still
 * map it seal and open nothing more, removes the file, and closes. Errors: STEK_ERR_SYSTEM (the
 * file stays; the records are destroyed all the same).
 */
STEK_MUST_USE enum stek_result stek_writer_remove(struct stek_writer *writer);

/* Does what is due, for rings of source host: stek_image_update(). Errors: as there;
 * STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_REFUSED. */
STEK_MUST_USE enum stek_result stek_writer_update(struct stek_writer *writer, int64_t now);

/* When the next update is due, if the clock goes forward; INT64_MIN: now; INT64_MAX: never. */
int64_t stek_writer_due(const struct stek_writer *writer, int64_t now);

/* Any other change: stek_image_change(). Call stek_writer_update() afterwards. Errors: as above. */
STEK_MUST_USE enum stek_result stek_writer_change(struct stek_writer *writer, stek_change_fn change,
                                                  void *arg, int64_t now);

/* Copies the ring's state with its secrets: wipe it. Error: STEK_ERR_FORMAT. */
STEK_MUST_USE enum stek_result stek_writer_state(const struct stek_writer *writer,
                                                 struct stek_ring_state *ret_state);

#endif
