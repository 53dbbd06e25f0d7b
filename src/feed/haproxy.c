/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/haproxy.h"

#include "crypto/base64.h"
#include "keyfile/set.h"

#include <stdio.h>
#include <string.h>

enum { SET_MAX = STEK_KEYFILE_NAME_LEN + 2 * STEK_KEYFILE_AES_MAX, REQUEST_MAX = 1024 };

/* One key as raw bytes, and as base64 with room for what decodes it. */
struct set {
    uint8_t bytes[SET_MAX + 2];
    char text[STEK_BASE64_LEN(SET_MAX) + 1];
};

static void set_wipe(struct set *set)
{
    stek_wipe(set, sizeof *set);
}

struct request {
    char text[REQUEST_MAX];
};

static void request_wipe(struct request *request)
{
    stek_wipe(request, sizeof *request);
}

static bool same_key(const struct stek_keyfile_key *a, const struct stek_keyfile_key *b)
{
    return memcmp(a->name, b->name, sizeof a->name) == 0 &&
           CRYPTO_memcmp(a->aes, b->aes, sizeof a->aes) == 0 &&
           CRYPTO_memcmp(a->hmac, b->hmac, sizeof a->hmac) == 0;
}

size_t stek_feed_haproxy_steps(const struct stek_keyfile_keys *held,
                               const struct stek_keyfile_keys *wanted)
{
    size_t steps = 0;

    for (; steps < wanted->count; steps++) {
        size_t same = 0;
        while (same < wanted->count - steps && same_key(&held->at[steps + same], &wanted->at[same]))
            same++;
        if (same == wanted->count - steps)
            break;
    }
    return steps;
}

static bool read_key(const char *line, size_t len, struct stek_keyfile_keys *held)
{
    STEK_SECRET(set) struct set set;
    const char *blank = memchr(line, ' ', len);
    const size_t set_len = stek_keyfile_set_len(held->layout);

    if (blank == NULL || held->count == STEK_KEYFILE_KEYS_MAX)
        return false;
    const size_t text_len = len - (size_t)(blank + 1 - line);
    if (text_len >= sizeof set.text)
        return false;
    memcpy(set.text, blank + 1, text_len);
    set.text[text_len] = '\0';
    if (!stek_base64_decode(set.text, set_len, set.bytes))
        return false;
    stek_keyfile_take_set(held->layout, set.bytes, &held->at[held->count++]);
    return true;
}

bool stek_feed_haproxy_read(const char *text, const struct stek_keyfile_layout *layout,
                            struct stek_keyfile_keys *ret_held)
{
    memset(ret_held, 0, sizeof *ret_held);
    ret_held->layout = layout;
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        if (len > 0 && text[0] != '#' && !read_key(text, len, ret_held))
            return false;
        text += len + (text[len] == '\n');
    }
    return ret_held->count >= layout->keys_min;
}

/* The first line of what it said, which is no key. */
static bool refused(struct stek_feed_fault *ret_fault, const char *answer)
{
    if (answer[0] == '\0')
        answer = "it closes the connection";
    stek_feed_fault_say(ret_fault, "HAProxy refuses: %.*s", (int)strcspn(answer, "\r\n"), answer);
    return false;
}

bool stek_feed_haproxy_ask(const char *socket, const char *file,
                           const struct stek_keyfile_layout *layout,
                           struct stek_keyfile_keys *ret_held, struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(stek_feed_answer) struct stek_feed_answer answer;
    char request[REQUEST_MAX];

    (void)snprintf(request, sizeof request, "show tls-keys %s\n", file);
    if (!stek_feed_talk(socket, request, STEK_FEED_UNTIL_CLOSED, &answer, ret_fault))
        return false;
    if (answer.text[0] != '#')
        return refused(ret_fault, answer.text);
    if (stek_feed_haproxy_read(answer.text, layout, ret_held))
        return true;
    stek_feed_fault_say(ret_fault, "HAProxy's answer to 'show tls-keys' is not understood");
    return false;
}

static bool push(const char *socket, const char *file, const struct stek_keyfile_layout *layout,
                 const struct stek_keyfile_key *key, struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(set) struct set set;
    STEK_SECRET(request) struct request request;
    STEK_SECRET(stek_feed_answer) struct stek_feed_answer answer;

    stek_keyfile_put_set(layout, key, set.bytes);
    stek_base64_encode(set.bytes, stek_keyfile_set_len(layout), set.text);
    (void)snprintf(request.text, sizeof request.text, "set ssl tls-key %s %s\n", file, set.text);
    if (!stek_feed_talk(socket, request.text, STEK_FEED_UNTIL_CLOSED, &answer, ret_fault))
        return false;
    if (strstr(answer.text, "updated") != NULL)
        return true;
    /* What is no HAProxy may repeat what it was sent. */
    return refused(ret_fault, strstr(answer.text, set.text) == NULL ? answer.text : "an echo");
}

bool stek_feed_haproxy_set(const char *socket, const char *file,
                           const struct stek_keyfile_keys *held,
                           const struct stek_keyfile_keys *wanted,
                           struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(stek_keyfile_keys) struct stek_keyfile_keys now;
    const size_t steps = stek_feed_haproxy_steps(held, wanted);

    for (size_t i = wanted->count - steps; i < wanted->count; i++)
        if (!push(socket, file, wanted->layout, &wanted->at[i], ret_fault))
            return false;
    if (steps == 0)
        return true;
    if (!stek_feed_haproxy_ask(socket, file, wanted->layout, &now, ret_fault))
        return false;
    if (now.count == wanted->count && stek_feed_haproxy_steps(&now, wanted) == 0)
        return true;
    stek_feed_fault_say(ret_fault, "HAProxy holds other keys than it was given");
    return false;
}
