/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ringname.h"

#include <string.h>

bool stek_ring_name_is_valid(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    const size_t len = strlen(name);

    if (len < 1 || len > STEK_RING_NAME_MAX || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (strchr(allowed, name[i]) == NULL)
            return false;
    return true;
}
