/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/seen.h"

#include "core/hex.h"
#include "fleet/rules/epoch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char magic[] = "stek-seen 1\nkey ";

/* "WORD NUMBER\n" at *at, which then stands behind it. Numbers are decimal, below 2^63. */
static bool read_line(const char **at, const char *end, const char *word, uint64_t *ret_number)
{
    const size_t word_len = strlen(word);
    uint64_t number = 0;
    unsigned digits = 0;

    if ((size_t)(end - *at) <= word_len || memcmp(*at, word, word_len) != 0)
        return false;
    for (*at += word_len; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (++digits > 18)
            return false;
        number = number * 10 + (uint64_t)(**at - '0');
    }
    if (digits == 0 || *at == end || **at != '\n')
        return false;
    (*at)++;
    *ret_number = number;
    return true;
}

bool stek_seen_parse(const char *text, size_t len, struct stek_seen *ret_seen)
{
    struct stek_seen seen = {.known = true};
    const char *end = text + len;
    const size_t head = sizeof magic - 1;
    uint64_t until = 0;

    if (len <= head + 2 * STEK_KEK_ID_LEN + 1 || memcmp(text, magic, head) != 0 ||
        !stek_hex_read(text + head, STEK_KEK_ID_LEN, seen.kek_id) ||
        text[head + 2 * STEK_KEK_ID_LEN] != '\n')
        return false;
    const char *at = text + head + 2 * STEK_KEK_ID_LEN + 1;
    if (!read_line(&at, end, "floor ", &seen.floor) ||
        !read_line(&at, end, "epoch ", &seen.epoch) || !read_line(&at, end, "seq ", &seen.seq) ||
        !read_line(&at, end, "until ", &until) || !read_line(&at, end, "here ", &seen.here) ||
        at != end || seen.epoch > STEK_EPOCH_MAX || until > (uint64_t)STEK_TIME_MAX)
        return false;
    seen.until = (int64_t)until;
    *ret_seen = seen;
    return true;
}

size_t stek_seen_format(const struct stek_seen *seen, char ret_text[STEK_SEEN_TEXT_MAX])
{
    char id[2 * STEK_KEK_ID_LEN + 1];

    stek_hex_text(seen->kek_id, STEK_KEK_ID_LEN, id);
    const int len =
        snprintf(ret_text, STEK_SEEN_TEXT_MAX,
                 "%s%s\nfloor %" PRIu64 "\nepoch %" PRIu64 "\nseq %" PRIu64 "\nuntil %" PRId64
                 "\nhere %" PRIu64 "\n",
                 magic, id, seen->floor, seen->epoch, seen->seq, seen->until, seen->here);
    return len > 0 ? (size_t)len : 0;
}

/* That has opened and has not retired. NULL: none. */
static const struct stek_storeview_entry *newest(const struct stek_storeview *view, int64_t now)
{
    for (uint32_t i = view->count; i-- > 0;) {
        const struct stek_storeview_entry *entry = &view->at[i];
        const bool good =
            entry->presence == STEK_PRESENCE_HELD || entry->presence == STEK_PRESENCE_IDLE;
        if (good && entry->accept_until > now)
            return entry;
    }
    return NULL;
}

uint64_t stek_seen_newest_seq(const struct stek_sync *sync, int64_t now)
{
    const struct stek_storeview_entry *last = newest(&sync->view, now);

    return last != NULL ? last->seq : 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* What was seen under another key counts no more. */
static void be_of_key(struct stek_seen *seen, const uint8_t kek_id[STEK_KEK_ID_LEN])
{
    if (seen->known && memcmp(seen->kek_id, kek_id, STEK_KEK_ID_LEN) == 0)
        return;
    *seen = (struct stek_seen){.known = true};
    memcpy(seen->kek_id, kek_id, STEK_KEK_ID_LEN);
}

void stek_seen_add(struct stek_seen *seen, const uint8_t kek_id[STEK_KEK_ID_LEN],
                   const struct stek_sync *sync, int64_t now)
{
    const struct stek_storeview_entry *last = newest(&sync->view, now);

    be_of_key(seen, kek_id);
    seen->floor = later(seen->floor, sync->view.floor_highest);
    seen->epoch = later(seen->epoch, sync->view.epoch_highest);
    if (last != NULL && (last->seq > seen->seq || seen->until <= now)) {
        seen->seq = last->seq;
        seen->until = last->accept_until;
    }
}

void stek_seen_add_here(struct stek_seen *seen, const uint8_t kek_id[STEK_KEK_ID_LEN],
                        uint64_t floor)
{
    be_of_key(seen, kek_id);
    seen->here = later(seen->here, floor);
}

bool stek_seen_is_newer(const struct stek_seen *seen, const struct stek_sync *sync, int64_t now)
{
    if (!seen->known)
        return false;
    return seen->floor > sync->view.floor_highest || seen->epoch > sync->view.epoch_highest ||
           (seen->until > now && seen->seq >= sync->floor && /* what is revoked is not missed */
            seen->seq > stek_seen_newest_seq(sync, now));
}
