/* SPDX-License-Identifier: Apache-2.0 */
/* A ring file as a feed reads it: like any server, and continued when nobody keeps it. */
#ifndef STEK_FEED_SOURCE_H
#define STEK_FEED_SOURCE_H

#include "feed/place.h"
#include "ringfile/ringfile.h"

struct stek_feed_source {
    const char *run_dir;
    const char *ring;
    struct stek_ringfile file; /* its image is NULL: not mapped */
    uint64_t generation;       /* of what was read last; 0: nothing */
    int64_t valid_from;        /* in this time nothing changes by itself */
    int64_t valid_until;
};

enum stek_feed_seen {
    STEK_FEED_SAME,    /* as it was read last */
    STEK_FEED_CHANGED, /* *ret_records has the records now: secrets */
    STEK_FEED_UNREAD   /* *ret_fault says why */
};

/* Looks at the ring as of `now`. `anew`: reads it also when it is the same. */
enum stek_feed_seen stek_feed_source_look(struct stek_feed_source *source, int64_t now, bool anew,
                                          struct stek_records *ret_records,
                                          struct stek_feed_fault *ret_fault);

#endif
