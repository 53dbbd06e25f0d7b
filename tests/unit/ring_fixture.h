/* SPDX-License-Identifier: Apache-2.0 */
/* Rings on a clock that tests set, and that all processes of a test share. */
#ifndef TESTS_UNIT_RING_FIXTURE_H
#define TESTS_UNIT_RING_FIXTURE_H

#include "ring_child.h"

#include "ringfile/ring.h"

#include <stdatomic.h>

/* Sanitizers pretend to lock memory, and keep copies of their own of what a process holds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RING_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define RING_SANITIZED 1
#endif
#endif
#ifndef RING_SANITIZED
#define RING_SANITIZED 0
#endif

/* Of the rings below; `ahead` is 2, and the clock begins at RING_START. */
enum { RING_START = 1800000000, RING_ROTATE_S = 100, RING_ACCEPT_S = 250 };

extern const struct stek_policy ring_policy;

/* Zeroed memory that children share. Never given back. */
void *ring_shared_memory(size_t len);

/* The clock of all rings below. Set before the first ring is made, and whenever a test likes. */
void ring_set_time(int64_t now);
int64_t ring_time(void);

/* A ring on that clock, with its keys made. */
struct stek_ring *ring_start(const struct stek_policy *policy);

/* The same before its first keys. */
struct stek_ring *ring_start_empty(const struct stek_policy *policy);

/* Puts any other ring on that clock, too. */
void ring_follow_clock(struct stek_ring *ring);

struct stek_context ring_context(const char *label);

/* The key that seals now in this context; there must be one. */
struct stek_ticket_key ring_seal_key(struct stek_ring *ring, const char *label);

/* Whether anything seals now. */
bool ring_seals(struct stek_ring *ring, const char *label);

/* Whether this key's tickets open now in this context, with exactly this key. */
bool ring_opens(struct stek_ring *ring, const char *label, const struct stek_ticket_key *key);

/* This record's keys in this context as cells keep them: covered with its mask. */
struct stek_ticket_key ring_covered_key(const struct stek_record *record, const char *label);

/* Whether this process's cell for this context has this record's keys, covered or not. */
bool ring_cell_holds(struct stek_ring *ring, const char *label, const struct stek_record *record);

/* What all processes hold. */
struct stek_ring_state ring_state(const struct stek_ring *ring);

/* Whether any 16 bytes in a row of the 32 at `secret` are in the area. */
bool ring_area_holds(const void *area, size_t len, const uint8_t secret[32]);

/* The same for anything that is secret in a ticket key. */
bool ring_area_holds_key(const void *area, size_t len, const struct stek_ticket_key *key);

/* Whether the memory of all processes holds this secret. */
bool ring_holds(const struct stek_ring *ring, const struct stek_secret32 *secret);

#endif
