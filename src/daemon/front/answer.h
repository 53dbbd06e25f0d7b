/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer that all visitors share. It is composed seldom, however many ask, and its text lies in
 * memory once. A visitor that reads slowly keeps an old text alive; so their number has a limit,
 * and no more are composed while it is reached.
 */
#ifndef STEK_DAEMON_ANSWER_H
#define STEK_DAEMON_ANSWER_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_ANSWER_TEXTS_MAX = 8, STEK_ANSWER_FRESH_MS = 1000 };

/* Composes it, with a zero at the end, in memory from malloc(); NULL: no memory. */
typedef char *(*stek_answer_fn)(void *arg);

struct stek_answer_limits {
    size_t texts_max;
    int64_t fresh_ms; /* for how long a text is given; and for as long again as composing took */
};

struct stek_answer;

/* NULL: no memory. */
struct stek_answer *stek_answer_new(stek_answer_fn compose, void *arg,
                                    const struct stek_answer_limits *limits);

/* Texts that visitors are still reading live on. NULL is fine. */
void stek_answer_free(struct stek_answer *answer);

/*
 * Adds the text to a reply, without copying it. `now_ms` is of a clock that nobody sets. False: no
 * memory, or too many texts are being read.
 */
bool stek_answer_add(struct stek_answer *answer, int64_t now_ms, struct evbuffer *reply);

#endif
