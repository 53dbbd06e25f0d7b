/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a file that no writer keeps: a ring that no configuration names any more, or what a
 * writer that died left of a new one or of one that it replaced. The caller holds the run
 * directory's lock.
 *
 * The attacker can put into the run directory what he likes only if he is root or stekd's user. So
 * other things than stekd's files are there by mistake: links, FIFOs, devices, directories and
 * files of others are told of and left alone, and nothing of them is opened for writing.
 */
#ifndef STEK_RINGFILE_DESTROY_H
#define STEK_RINGFILE_DESTROY_H

#include "ringfile/ringfile.h"

/* Why a file in the directory is not this user's to destroy: NULL, or a static text. */
const char *stek_ringfile_owner_problem(int dir_fd, const char *file);

/*
 * Destroys a ring and removes its file. Processes that map it seal and open nothing more under its
 * keys. A file that is not a sound ring is overwritten with zeros first. Errors: STEK_ERR_FILE
 * (nothing was touched; *ret_problem, a static text, says why), STEK_ERR_SYSTEM (errno),
 * STEK_ERR_MEMORY, STEK_ERR_LOCK.
 */
STEK_MUST_USE enum stek_result stek_ringfile_destroy(int dir_fd, const char *ring,
                                                     const char **ret_problem);

/* Whether a writer fills a new file under this name, or puts one aside that is replaced. */
bool stek_ringfile_is_leftover(const char *file);

/* Overwrites such a file, and removes it. Errors as above. */
STEK_MUST_USE enum stek_result stek_ringfile_destroy_leftover(int dir_fd, const char *file,
                                                              const char **ret_problem);

#endif
