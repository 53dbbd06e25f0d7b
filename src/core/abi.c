/* SPDX-License-Identifier: Apache-2.0 */
#include "core/abi.h"

#include "stek.h"

bool stek_abi_fits(const void *given, size_t size, size_t known)
{
    const unsigned char *bytes = given;

    if (size != 0 && size < known)
        return false;
    for (size_t i = known; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

unsigned int stek_version_number(void)
{
    return STEK_VERSION_NUMBER;
}

const char *stek_version(void)
{
    return STEK_VERSION;
}
