/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a server's unix socket. No call takes longer than STEK_FEED_TALK_MS. */
#ifndef STEK_FEED_TALK_H
#define STEK_FEED_TALK_H

#include "crypto/wipe.h"
#include "feed/place.h"

#include <stdbool.h>
#include <stddef.h>

enum { STEK_FEED_TALK_MS = 5000, STEK_FEED_ANSWER_MAX = 32 * 1024 };

/* What a server answered, with a zero at the end. HAProxy answers with keys: wipe it. */
struct stek_feed_answer {
    size_t len;
    char text[STEK_FEED_ANSWER_MAX];
};

static inline void stek_feed_answer_wipe(struct stek_feed_answer *answer)
{
    stek_wipe(answer, sizeof *answer);
}

/* When an answer is over. */
enum stek_feed_end {
    STEK_FEED_UNTIL_CLOSED, /* the server closes the connection */
    STEK_FEED_UNTIL_LINE    /* a line is complete, or nothing comes: it need not answer at all */
};

/* Sends `request` and takes the answer. False: *ret_fault says why; it names no secret. */
bool stek_feed_talk(const char *path, const char *request, enum stek_feed_end end,
                    struct stek_feed_answer *ret_answer, struct stek_feed_fault *ret_fault);

#endif
