/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/list.h"

#include <stdio.h>
#include <string.h>

/* What stands before and after a path. */
static const struct words {
    const char *layout;
    const char *before;
    const char *after;
} lists[] = {
    {"nginx", "ssl_session_ticket_key ", ";"},
    {"unbound", "tls-session-ticket-keys: \"", "\""},
    {"nghttpx", "tls-ticket-key-file=", ""},
};

bool stek_feed_needs_directory(const struct stek_keyfile_layout *layout)
{
    return layout->keys_max == 1 && layout->form == STEK_KEYFILE_RAW;
}

size_t stek_feed_list_line(const struct stek_keyfile_layout *layout, const char *directory,
                           const char *file, char *ret_line, size_t size)
{
    struct words words = {"", "", ""};

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (strcmp(lists[i].layout, layout->name) == 0)
            words = lists[i];
    const int len =
        snprintf(ret_line, size, "%s%s/%s%s\n", words.before, directory, file, words.after);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
