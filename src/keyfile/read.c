/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/read.h"

#include "keyfile/set.h"
#include "keyfile/text.h"

#include <string.h>

enum { LIGHTTPD_HEAD = 12 };

bool stek_keyfile_is_text(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((bytes[i] < ' ' || bytes[i] > '~') && strchr("\t\r\n", bytes[i]) == NULL)
            return false;
    return len > 0 && memchr(bytes, 0, len) == NULL;
}

static const char *read_raw(const struct stek_keyfile_layout *layout, const uint8_t *bytes,
                            size_t len, struct stek_keyfile_keys *keys)
{
    const size_t set = stek_keyfile_set_len(layout);

    if (len == 0 || len % set != 0 || len / set > layout->keys_max)
        return "its size does not fit";
    for (; keys->count < len / set; keys->count++)
        stek_keyfile_take_set(layout, bytes + keys->count * set, &keys->at[keys->count]);
    return NULL;
}

/* Version and times are as long as the server's int, in its byte order. */
static const char *read_lighttpd(const struct stek_keyfile_layout *layout, const uint8_t *bytes,
                                 size_t len, struct stek_keyfile_keys *keys)
{
    uint32_t head[3];

    if (len != LIGHTTPD_HEAD + stek_keyfile_set_len(layout))
        return "its size does not fit";
    memcpy(head, bytes, sizeof head);
    if (head[0] != 0)
        return "it does not begin with version 0";
    stek_keyfile_take_set(layout, bytes + LIGHTTPD_HEAD, &keys->at[0]);
    keys->at[0].from = head[1];
    keys->at[0].until = head[2];
    keys->count = 1;
    return NULL;
}

static const char *read_form(const struct stek_keyfile_layout *layout, const uint8_t *bytes,
                             size_t len, struct stek_keyfile_keys *keys)
{
    if (layout->form == STEK_KEYFILE_RAW)
        return read_raw(layout, bytes, len, keys);
    if (layout->form == STEK_KEYFILE_LIGHTTPD)
        return read_lighttpd(layout, bytes, len, keys);
    if (!stek_keyfile_is_text(bytes, len))
        return "it is not text";
    return stek_keyfile_read_text(layout, (const char *)bytes, len, keys);
}

const char *stek_keyfile_read(const struct stek_keyfile_layout *layout, const uint8_t *bytes,
                              size_t len, struct stek_keyfile_keys *ret_keys)
{
    memset(ret_keys, 0, sizeof *ret_keys);
    ret_keys->layout = layout;
    if (len > STEK_KEYFILE_FILE_MAX)
        return "it is longer than any key file";
    const char *problem = read_form(layout, bytes, len, ret_keys);
    if (problem != NULL)
        stek_keyfile_keys_wipe(ret_keys);
    return problem;
}
