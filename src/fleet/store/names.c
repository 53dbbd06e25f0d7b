/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/names.h"

#include "core/hex.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct stek_bytes stek_key_name_bytes(const struct stek_key_name *name)
{
    return (struct stek_bytes){(const uint8_t *)name->text, strlen(name->text)};
}

void stek_name_record(const char *prefix, const char *folder, uint64_t seq,
                      struct stek_key_name *ret_name)
{
    snprintf(ret_name->text, sizeof ret_name->text, "%s/%s/%020" PRIu64, prefix, folder, seq);
}

void stek_name_floor(const char *prefix, const char *folder, struct stek_key_name *ret_name)
{
    snprintf(ret_name->text, sizeof ret_name->text, "%s/%s/.floor", prefix, folder);
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

void stek_name_keyed(const char *ring, const uint8_t id[STEK_KEK_ID_LEN],
                     struct stek_keyed_folder *ret_folder)
{
    char hex[2 * STEK_KEK_ID_LEN + 1];

    stek_hex_text(id, STEK_KEK_ID_LEN, hex);
    snprintf(ret_folder->text, sizeof ret_folder->text, "%s/%s", ring, hex);
}

static bool is_hex_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

bool stek_name_is_keyed(const struct stek_key_name *ring_folder, struct stek_bytes key)
{
    const size_t folder_len = strlen(ring_folder->text);

    if (key.len <= folder_len + 2 * STEK_KEK_ID_LEN ||
        memcmp(key.at, ring_folder->text, folder_len) != 0)
        return false;
    for (size_t i = 0; i < 2 * STEK_KEK_ID_LEN; i++)
        if (!is_hex_digit(key.at[folder_len + i]))
            return false;
    return key.at[folder_len + 2 * STEK_KEK_ID_LEN] == '/';
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
    if (tail_len == 6 && memcmp(tail, ".floor", 6) == 0)
        return STEK_NAME_FLOOR;
    if (tail_len == STEK_SEQ_DIGITS && parse_digits(tail, ret_seq))
        return STEK_NAME_RECORD;
    return STEK_NAME_FOREIGN;
}
