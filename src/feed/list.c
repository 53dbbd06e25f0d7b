/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/list.h"

#include <stdio.h>
#include <string.h>

/* Envoy's list is a Secret of its API (envoy.extensions.transport_sockets.tls.v3), as a file of its
 * secret discovery service has it. */
#define ENVOY_HEAD                                                                                 \
    "resources:\n"                                                                                 \
    "- \"@type\": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret\n"          \
    "  name: stek\n"                                                                               \
    "  session_ticket_keys:\n"                                                                     \
    "    keys:\n"

/* A list's name, what it begins with, and what stands before and after a path. */
static const struct words {
    const char *layout;
    const char *name;
    const char *head;
    const char *before;
    const char *after;
} lists[] = {
    {"nginx", STEK_FEED_LIST, "", "ssl_session_ticket_key ", ";"},
    {"nginx-aes128", STEK_FEED_LIST, "", "ssl_session_ticket_key ", ";"},
    {"unbound", STEK_FEED_LIST, "", "tls-session-ticket-keys: \"", "\""},
    {"nghttpx", STEK_FEED_LIST, "", "tls-ticket-key-file=", ""},
    {"nghttpx-aes128", STEK_FEED_LIST, "", "tls-ticket-key-file=", ""},
    {"envoy", STEK_FEED_LIST_ENVOY, ENVOY_HEAD, "    - filename: ", ""},
    {NULL, STEK_FEED_LIST, "", "", ""},
};

static const struct words *words_of(const struct stek_keyfile_layout *layout)
{
    const struct words *words = lists;

    while (words->layout != NULL && strcmp(words->layout, layout->name) != 0)
        words++;
    return words;
}

const char *stek_feed_list_name(const struct stek_keyfile_layout *layout)
{
    return words_of(layout)->name;
}

const char *stek_feed_list_head(const struct stek_keyfile_layout *layout)
{
    return words_of(layout)->head;
}

bool stek_feed_needs_directory(const struct stek_keyfile_layout *layout)
{
    return layout->keys_max == 1 && layout->form == STEK_KEYFILE_RAW;
}

size_t stek_feed_list_line(const struct stek_keyfile_layout *layout, const char *directory,
                           const char *file, char *ret_line, size_t size)
{
    const struct words *words = words_of(layout);
    const int len =
        snprintf(ret_line, size, "%s%s/%s%s\n", words->before, directory, file, words->after);

    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
