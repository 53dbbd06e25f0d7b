/* SPDX-License-Identifier: Apache-2.0 */
#include "core/appdata.h"

#include <string.h>

static const uint8_t magic[4] = {'s', 't', 'k', 2};

/* Beyond any clock's reach, and small enough that sums of times cannot overflow. */
#define TIME_MAX ((int64_t)1 << 40)

enum {
    ORIGIN_AT = 4,
    NAME_AT = 12,
    VERIFIED_UNTIL_AT = 28,
    INSTANCE_AT = 36,
    SERIAL_AT = 52,
    TIMEOUT_AT = 60
};

enum { TIME_LEN = 8, TIMEOUT_LEN = 4 }; /* a serial is as long as a time */

static void put(uint8_t *at, size_t len, uint64_t number)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get(const uint8_t *at, size_t len)
{
    uint64_t number = 0;

    for (size_t i = 0; i < len; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

void stek_appdata_encode(const struct stek_appdata *appdata, uint8_t ret_bytes[STEK_APPDATA_LEN])
{
    memcpy(ret_bytes, magic, sizeof magic);
    put(ret_bytes + ORIGIN_AT, TIME_LEN, (uint64_t)appdata->origin);
    memcpy(ret_bytes + NAME_AT, appdata->name_hash, STEK_NAME_HASH_LEN);
    put(ret_bytes + VERIFIED_UNTIL_AT, TIME_LEN, (uint64_t)appdata->verified_until);
    memcpy(ret_bytes + INSTANCE_AT, appdata->instance, STEK_INSTANCE_LEN);
    put(ret_bytes + SERIAL_AT, TIME_LEN, appdata->serial);
    put(ret_bytes + TIMEOUT_AT, TIMEOUT_LEN, appdata->timeout_s);
}

static bool is_time(int64_t time)
{
    return time >= -TIME_MAX && time <= TIME_MAX;
}

static bool has_instance(const struct stek_appdata *appdata)
{
    static const uint8_t nobody[STEK_INSTANCE_LEN];

    return memcmp(appdata->instance, nobody, STEK_INSTANCE_LEN) != 0;
}

bool stek_appdata_decode(const uint8_t *bytes, size_t len, struct stek_appdata *ret_appdata)
{
    struct stek_appdata appdata;

    if (len != STEK_APPDATA_LEN || memcmp(bytes, magic, sizeof magic) != 0)
        return false;
    appdata.origin = (int64_t)get(bytes + ORIGIN_AT, TIME_LEN);
    memcpy(appdata.name_hash, bytes + NAME_AT, STEK_NAME_HASH_LEN);
    appdata.verified_until = (int64_t)get(bytes + VERIFIED_UNTIL_AT, TIME_LEN);
    memcpy(appdata.instance, bytes + INSTANCE_AT, STEK_INSTANCE_LEN);
    appdata.serial = get(bytes + SERIAL_AT, TIME_LEN);
    appdata.timeout_s = (uint32_t)get(bytes + TIMEOUT_AT, TIMEOUT_LEN);
    if (!is_time(appdata.origin) || !is_time(appdata.verified_until) ||
        (appdata.serial != 0 && !has_instance(&appdata)))
        return false;
    *ret_appdata = appdata;
    return true;
}
