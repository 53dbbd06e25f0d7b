/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tickets of this program may still bring early data. A ticket may do that once, at the
 * program that sealed it: so it carries the program's id and a serial number, and here is one bit
 * for each of the latest 2^24 serials.
 *
 * The attacker has recorded a client's first flight and sends it again: to this process, to
 * another worker, to another host, after a restart, or so late that the serial's bit has been
 * given to a newer ticket. The attacker cannot choose a serial, since it is sealed in the ticket.
 *
 * The register lies in one anonymous mapping that forks share. Nothing in it is touched until a
 * ticket may bring early data, so other programs pay for no page of it. A killed process leaves
 * nothing to repair: every change is one atomic operation. There is no clock.
 *
 * Serial s has flag s % 32 of block s / 32, and 2^19 blocks make a lap. A word holds the lap of
 * its block in the upper 32 bits and the flags in the lower 32. Lap and flags change together, by
 * one compare-and-swap, and a lap only grows: so a check that was delayed until its block had
 * gone finds another lap, and refuses.
 */
#ifndef STEK_EARLY_REGISTER_H
#define STEK_EARLY_REGISTER_H

#include "core/appdata.h"
#include "core/words.h"

#include <stdalign.h>

enum {
    STEK_REGISTER_FLAGS = 32,
    STEK_REGISTER_BLOCKS = 1 << 19,
    STEK_REGISTER_WINDOW = STEK_REGISTER_FLAGS * STEK_REGISTER_BLOCKS
};

/* A lap has 32 bits, and half of them are left to processes that draw the last serials at once. */
#define STEK_REGISTER_SERIAL_MAX ((uint64_t)STEK_REGISTER_WINDOW << 31)

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): each in a cache line of its own */
struct stek_register {
    stek_word instance[STEK_INSTANCE_LEN / 8]; /* zeros: not drawn yet */
    alignas(64) stek_word issued;              /* the last serial that was given; the first is 1 */
    alignas(64) stek_word word[STEK_REGISTER_BLOCKS];
};

enum stek_early {
    STEK_EARLY_ACCEPTED,
    STEK_EARLY_REPLAYED, /* this ticket has brought early data before */
    STEK_EARLY_FOREIGN,  /* another program sealed it, or nobody gave that serial */
    STEK_EARLY_TOO_OLD   /* it has left the window */
};

/* Maps a register; NULL: no memory. Other processes keep it when it is unmapped here. */
struct stek_register *stek_register_map(void);
void stek_register_unmap(struct stek_register *reg);

/*
 * Makes the register of this program, unless it has one, so that forks from now on share it. No
 * error: without memory for it stek_register_get0() returns NULL. Thread-safe.
 */
void stek_register_prepare(void);

/* The register of this program, or NULL. Borrowed; never unmapped. Thread-safe. */
struct stek_register *stek_register_get0(void);

/*
 * Gives the next serial, for one ticket, and the program's id. False: the random generator failed
 * or no serial is left, and nothing is set. Thread-safe; no lock, and a system call at most when
 * the id is drawn.
 */
bool stek_register_issue(struct stek_register *reg, uint8_t ret_instance[STEK_INSTANCE_LEN],
                         uint64_t *ret_serial);

/*
 * Whether a ticket may bring early data, for good: over all threads and processes that share the
 * register, STEK_EARLY_ACCEPTED is returned at most once for a serial. Thread-safe; no lock, no
 * system call.
 */
enum stek_early stek_register_spend(struct stek_register *reg,
                                    const uint8_t instance[STEK_INSTANCE_LEN], uint64_t serial);

/* The word of a serial, its lap and its flag. Pure. */
static inline size_t stek_register_place(uint64_t serial)
{
    return (size_t)(serial / STEK_REGISTER_FLAGS % STEK_REGISTER_BLOCKS);
}

static inline uint64_t stek_register_lap(uint64_t serial)
{
    return serial / STEK_REGISTER_WINDOW;
}

/*
 * What the word of a serial becomes when its flag is set. STEK_EARLY_ACCEPTED only sets *ret_word;
 * it has happened when a compare-and-swap from `word` succeeded. Pure.
 */
static inline enum stek_early stek_register_decide(uint64_t word, uint64_t serial,
                                                   uint64_t *ret_word)
{
    const uint64_t flag = UINT64_C(1) << serial % STEK_REGISTER_FLAGS;
    const uint64_t lap = stek_register_lap(serial);

    if (word >> 32 > lap)
        return STEK_EARLY_TOO_OLD;
    if (word >> 32 < lap)
        word = lap << 32;
    if ((word & flag) != 0)
        return STEK_EARLY_REPLAYED;
    *ret_word = word | flag;
    return STEK_EARLY_ACCEPTED;
}

#endif
