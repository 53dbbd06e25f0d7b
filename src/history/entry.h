/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of stekd's history: docs/formats.md, "History". Pure.
 *
 *   TIME KIND RING NUMBER ONE OTHER UID PID WORD[ TEXT] .
 *
 * Numbers are decimal; "-" stands for what a kind does not have. The full stop shows that the line
 * is whole: a write may have been cut short. No line has a secret, or a key's name.
 *
 * The attacker is whoever can write to the folder, or a disk that lost its last writes: any line is
 * taken apart, and is an entry or nothing.
 */
#ifndef STEK_HISTORY_ENTRY_H
#define STEK_HISTORY_ENTRY_H

#include "core/ringname.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEK_HISTORY_TEXT_MAX = 200,
    STEK_HISTORY_WORD_MAX = 15,
    STEK_HISTORY_LINE_MAX = 512 /* with its newline */
};

enum stek_history_kind {
    STEK_HISTORY_STARTED, /* stekd; pid; text: its version */
    STEK_HISTORY_STOPPED, /* stekd, in order */
    STEK_HISTORY_ALIVE,   /* stekd runs, and nothing else has happened for a while */
    STEK_HISTORY_LOST,    /* number: entries that could not be written since `one` */
    STEK_HISTORY_KEPT,    /* a ring, from now on; number: 1 if its keys are new; one: rotate in
                             seconds; other: accept in seconds; word: source */
    STEK_HISTORY_UNKEPT,  /* a ring that cannot be kept; text: why */
    STEK_HISTORY_GONE,    /* a ring that went from the configuration */
    STEK_HISTORY_ROTATED, /* number: seq of the key that seals; one: from when; other: until when;
                             word: its origin */
    STEK_HISTORY_ORDER,   /* word: what was done; uid and pid: for whom; number: keys revoked */
    STEK_HISTORY_REFUSED, /* an order, as above, or a reload, that was not done; text: why */
    STEK_HISTORY_RELOAD   /* a configuration was loaded; number: its rings */
};

enum { STEK_HISTORY_KINDS = STEK_HISTORY_RELOAD + 1 };

/* Times in Unix seconds. Numbers are -1 where there is none, texts empty. */
struct stek_history_entry {
    int64_t when;
    enum stek_history_kind kind;
    char ring[STEK_RING_NAME_MAX + 1];
    int64_t number;
    int64_t one;
    int64_t other;
    int64_t uid;
    int64_t pid;
    char word[STEK_HISTORY_WORD_MAX + 1];
    char text[STEK_HISTORY_TEXT_MAX + 1];
};

/* An entry that has nothing but its kind. */
void stek_history_entry_init(enum stek_history_kind kind, struct stek_history_entry *ret_entry);

/* Copies a text, cut where it is too long; what is not printable ASCII becomes '?'. */
void stek_history_set_text(struct stek_history_entry *entry, const char *text);

/* Writes the line with its newline, and returns its length. */
size_t stek_history_format(const struct stek_history_entry *entry,
                           char ret_line[STEK_HISTORY_LINE_MAX]);

/* Reads a line without its newline. False, and nothing filled: it is none of this version. */
bool stek_history_parse(const char *line, size_t len, struct stek_history_entry *ret_entry);

#endif
