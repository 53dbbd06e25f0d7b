/* SPDX-License-Identifier: Apache-2.0 */
/* A text that lies in memory once, however many replies send it. */
#ifndef STEK_DAEMON_TEXT_H
#define STEK_DAEMON_TEXT_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stddef.h>

struct stek_text {
    unsigned holders;
    size_t len;
    char *bytes;
};

/* Takes over `bytes`, from malloc() and with a zero at the end, also on failure. NULL: no memory,
 * or no bytes. The caller holds it. */
struct stek_text *stek_text_new(char *bytes);

/* Adds it to a reply, which holds it until it is sent. False: no memory. */
bool stek_text_add(struct stek_text *text, struct evbuffer *reply);

/* Lets it go; the last to do so frees it. NULL is fine. */
void stek_text_drop(struct stek_text *text);

#endif
