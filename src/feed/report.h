/* SPDX-License-Identifier: Apache-2.0 */
/* How a feed is: what its process tells the one that started it, and that writes for people and for
 * Prometheus. No secrets. */
#ifndef STEK_FEED_REPORT_H
#define STEK_FEED_REPORT_H

#include "feed/config.h"
#include "feed/left.h"
#include "feed/place.h"

#include <limits.h>
#include <stdint.h>

enum stek_feed_state {
    STEK_FEED_STARTING,
    STEK_FEED_FED,     /* the server has the keys, as far as can be known */
    STEK_FEED_WAITING, /* the ring cannot be read */
    STEK_FEED_FAILING  /* the server does not take them */
};

struct stek_feed_report {
    size_t feed; /* its place in the configuration */
    enum stek_feed_state state;
    uint64_t handed_over; /* times */
    uint64_t failures;
    int64_t handed_over_at;                      /* Unix seconds; 0: never yet */
    size_t keys;                                 /* of the last time, as the next */
    char sealing[2 * STEK_KEYFILE_NAME_LEN + 1]; /* the name of the key that seals */
    struct stek_feed_fault fault;                /* empty: none */
};

/* So that a report goes through a pipe whole. */
_Static_assert(sizeof(struct stek_feed_report) <= PIPE_BUF, "a report is written at once");

const char *stek_feed_state_name(enum stek_feed_state state);

/* How all feeds are; all borrowed. */
struct stek_feed_news {
    const struct stek_feed_configs *configs;
    const struct stek_feed_report *reports; /* in the same order */
    const struct stek_feed_places *left;    /* where keys of other feeds are still */
    int64_t since;                          /* Unix seconds */
};

/* Writes DIR/status.json and DIR/metrics.prom anew. */
bool stek_feed_write_status(const char *dir, const struct stek_feed_news *news);

/* Removes DIR/metrics.prom, so that nobody takes old news for new. */
void stek_feed_forget_metrics(const char *dir);

#endif
