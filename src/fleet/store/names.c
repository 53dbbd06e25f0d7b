/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/names.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct stek_bytes stek_key_name_bytes(const struct stek_key_name *name)
{
    return (struct stek_bytes){(const uint8_t *)name->text, strlen(name->text)};
}

void stek_name_record(const char *prefix, const char *ring, uint64_t seq,
                      struct stek_key_name *ret_name)
{
    snprintf(ret_name->text, sizeof ret_name->text, "%s/%s/%020" PRIu64, prefix, ring, seq);
}

void stek_name_floor(const char *prefix, const char *ring, struct stek_key_name *ret_name)
{
    snprintf(ret_name->text, sizeof ret_name->text, "%s/%s/floor", prefix, ring);
}

void stek_name_member(const char *prefix, const char *member, struct stek_key_name *ret_name)
{
    snprintf(ret_name->text, sizeof ret_name->text, "%s/.members/%s", prefix, member);
}

void stek_name_folder(const char *prefix, const char *folder, struct stek_key_name *ret_from,
                      struct stek_key_name *ret_until)
{
    snprintf(ret_from->text, sizeof ret_from->text, "%s/%s/", prefix, folder);
    snprintf(ret_until->text, sizeof ret_until->text, "%s/%s0", prefix,
             folder); /* '0' comes after '/' */
}

static bool parse_digits(const uint8_t *at, uint64_t *ret_number)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < STEK_SEQ_DIGITS; i++) {
        if (at[i] < '0' || at[i] > '9' || number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(at[i] - '0');
    }
    *ret_number = number;
    return true;
}

enum stek_name_kind stek_name_parse(const struct stek_key_name *folder, struct stek_bytes key,
                                    uint64_t *ret_seq)
{
    const size_t folder_len = strlen(folder->text);

    if (key.len <= folder_len || memcmp(key.at, folder->text, folder_len) != 0)
        return STEK_NAME_FOREIGN;
    const uint8_t *tail = key.at + folder_len;
    const size_t tail_len = key.len - folder_len;
    if (tail_len == 5 && memcmp(tail, "floor", 5) == 0)
        return STEK_NAME_FLOOR;
    if (tail_len == STEK_SEQ_DIGITS && parse_digits(tail, ret_seq))
        return STEK_NAME_RECORD;
    return STEK_NAME_FOREIGN;
}
