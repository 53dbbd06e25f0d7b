/* SPDX-License-Identifier: Apache-2.0 */
#include "core/appdata.h"

#include <string.h>

static const uint8_t magic[4] = {'s', 't', 'k', 1};

/* Beyond any clock's reach, and small enough that sums of times cannot overflow. */
#define ORIGIN_MAX ((int64_t)1 << 40)

enum { ORIGIN_AT = sizeof magic, NAME_AT = ORIGIN_AT + 8 };

void stek_appdata_encode(const struct stek_appdata *appdata, uint8_t ret_bytes[STEK_APPDATA_LEN])
{
    memcpy(ret_bytes, magic, sizeof magic);
    for (unsigned i = 0; i < 8; i++)
        ret_bytes[ORIGIN_AT + i] = (uint8_t)((uint64_t)appdata->origin >> (8 * i));
    memcpy(ret_bytes + NAME_AT, appdata->name_hash, STEK_NAME_HASH_LEN);
}

bool stek_appdata_decode(const uint8_t *bytes, size_t len, struct stek_appdata *ret_appdata)
{
    uint64_t origin = 0;

    if (len != STEK_APPDATA_LEN || memcmp(bytes, magic, sizeof magic) != 0)
        return false;
    for (unsigned i = 0; i < 8; i++)
        origin |= (uint64_t)bytes[ORIGIN_AT + i] << (8 * i);
    if ((int64_t)origin > ORIGIN_MAX || (int64_t)origin < -ORIGIN_MAX)
        return false;
    ret_appdata->origin = (int64_t)origin;
    memcpy(ret_appdata->name_hash, bytes + NAME_AT, STEK_NAME_HASH_LEN);
    return true;
}
