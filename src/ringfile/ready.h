/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring file that is made ready beside what is there, so that several rings change together or
 * none does. Four steps:
 *
 * 1. Prepare. Whatever may fail for long is done here: memory is locked, secrets are drawn, a new
 *    file is filled under another name (.RING.new). Nothing that others see changes.
 * 2. Place: the new file gets its name, another group may read. This may fail, and is taken back.
 * 3. Commit: the records are written. This cannot fail.
 * 4. Finish: what was in the way is removed.
 *
 * A file that is there is taken over in place if it is sound and ours. Else another one takes its
 * name; the old one is never truncated or overwritten, since readers may map it.
 */
#ifndef STEK_RINGFILE_READY_H
#define STEK_RINGFILE_READY_H

#include "ringfile/change.h"
#include "ringfile/ringfile.h"

#include <sys/types.h>

struct stek_writer;

struct stek_writer_place {
    int dir_fd;       /* of the run directory; borrowed for the writer's life */
    const char *ring; /* its name; copied */
    gid_t group;      /* who may read; (gid_t)-1: leave it as it is */
    bool allow_disk;  /* the operator said so: the ring may be on a disk, and tells its readers */
    /*
     * The maker of its records; 0: STEK_SOURCE_HOST, this writer. Of any other it makes none, but
     * rotates those that a ring has from another source: STEK_RING_LOCAL.
     */
    enum stek_source source;
};

enum stek_writer_start {
    STEK_WRITER_NEW,       /* there was no file */
    STEK_WRITER_TOOK_OVER, /* there was a sound ring, which continues */
    STEK_WRITER_REPLACED /* what was there was unusable: *ret_problem says why. Its tickets are lost
                          */
};

struct stek_ready;

/*
 * Prepares the ring file of this place, with this policy as of now; a ring of source host has an
 * active record then. The caller owns *ret_ready, which borrows `place->dir_fd`. Errors: as of
 * stek_writer_open().
 */
STEK_MUST_USE enum stek_result stek_ready_open(const struct stek_writer_place *place,
                                               const struct stek_policy *policy, int64_t now,
                                               const char **ret_problem,
                                               struct stek_ready **ret_ready);

/*
 * Prepares another policy for a ring that is kept. Until the commit nothing else may change the
 * ring. Errors: STEK_ERR_POLICY, STEK_ERR_MEMORY, STEK_ERR_LOCK, STEK_ERR_REFUSED, STEK_ERR_RANDOM,
 * STEK_ERR_CRYPTO, STEK_ERR_FORMAT.
 */
STEK_MUST_USE enum stek_result stek_ready_change(struct stek_writer *writer,
                                                 const struct stek_policy *policy, int64_t now,
                                                 struct stek_ready **ret_ready);

/* Copies the state that the commit will bring, with its secrets: wipe it. Error: STEK_ERR_FORMAT.
 */
STEK_MUST_USE enum stek_result stek_ready_state(const struct stek_ready *ready,
                                                struct stek_ring_state *ret_state);

/* Gives the file its name and its readers. Error: STEK_ERR_SYSTEM (errno): give it up then. */
STEK_MUST_USE enum stek_result stek_ready_place(struct stek_ready *ready);

/* Takes everything back, whatever was done, and frees. Returns false if the system refused that,
 * too: then the file's group or mode is not as before. NULL is fine. */
bool stek_ready_give_up(struct stek_ready *ready);

/*
 * Writes the records of what was placed. The caller gets the writer (the one it gave to
 * stek_ready_change(), if it did). Cannot fail.
 */
struct stek_writer *stek_ready_commit(struct stek_ready *ready);

/* Afterwards: how the file was found, and, if it was replaced, why. Static. */
enum stek_writer_start stek_ready_start(const struct stek_ready *ready, const char **ret_problem);

/* After the commit: removes what was in the way, and frees. Returns false if the system refused
 * that: the file lies there as .RING.old. */
bool stek_ready_finish(struct stek_ready *ready);

#endif
