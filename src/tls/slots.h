/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where attachments live: in slots whose memory is never given back, only used again. So a pointer
 * that comes out of a place which is not ours alone (a callback's argument, ex_data) can be proved
 * to be one of ours before anybody follows it, by its address and without a lock.
 */
#ifndef STEK_TLS_SLOTS_H
#define STEK_TLS_SLOTS_H

#include <stdbool.h>

struct stek_attachment;

/* A slot that nobody uses, or NULL: no memory. Its content is what its last user left, or zeros.
 * Thread-safe. */
struct stek_attachment *stek_slots_take(void);

/* Gives a slot back. Thread-safe. */
void stek_slots_give(struct stek_attachment *attachment);

/* Whether the pointer is the address of a slot, used or not. Takes no lock; thread-safe. */
bool stek_slots_has(const void *pointer);

/* The first slot in use for which `matches(slot, arg)` holds, or NULL. Slow. Thread-safe. */
struct stek_attachment *
stek_slots_find(bool (*matches)(const struct stek_attachment *, const void *), const void *arg);

#endif
