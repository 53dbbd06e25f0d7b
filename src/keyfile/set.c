/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/set.h"

#include <string.h>

void stek_keyfile_take_set(const struct stek_keyfile_layout *layout, const uint8_t *set,
                           struct stek_keyfile_key *ret_key)
{
    const size_t part = layout->part_len;
    const uint8_t *first = set + STEK_KEYFILE_NAME_LEN;
    const uint8_t *second = first + part;

    memcpy(ret_key->name, set, STEK_KEYFILE_NAME_LEN);
    memcpy(ret_key->aes, layout->aes_first ? first : second, part);
    memcpy(ret_key->hmac, layout->aes_first ? second : first, part);
    ret_key->aes_len = part;
    ret_key->hmac_len = part;
}

void stek_keyfile_put_set(const struct stek_keyfile_layout *layout,
                          const struct stek_keyfile_key *key, uint8_t *ret_set)
{
    const size_t part = layout->part_len;
    uint8_t *first = ret_set + STEK_KEYFILE_NAME_LEN;

    memcpy(ret_set, key->name, STEK_KEYFILE_NAME_LEN);
    memcpy(first, layout->aes_first ? key->aes : key->hmac, part);
    memcpy(first + part, layout->aes_first ? key->hmac : key->aes, part);
}
