/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An answer in JSON that all visitors share. It is composed at most once a second, however many
 * ask, and its text lies in memory once. A visitor that reads slowly keeps an old text alive; so
 * their number has a limit, and no more are composed while it is reached.
 */
#ifndef STEK_DAEMON_ANSWER_H
#define STEK_DAEMON_ANSWER_H

#include <event2/buffer.h>
#include <jansson.h>
#include <stdbool.h>

enum { STEK_ANSWER_TEXTS_MAX = 8 };

/* Composes it; NULL: no memory. The caller owns it. */
typedef json_t *(*stek_answer_fn)(void *arg);

struct stek_answer;

/* NULL: no memory. */
struct stek_answer *stek_answer_new(stek_answer_fn compose, void *arg);

/* Texts that visitors are still reading live on. NULL is fine. */
void stek_answer_free(struct stek_answer *answer);

/*
 * Adds the text to a reply, without copying it. `now_ms` is of a clock that nobody sets. False: no
 * memory, or too many texts are being read.
 */
bool stek_answer_add(struct stek_answer *answer, int64_t now_ms, struct evbuffer *reply);

#endif
