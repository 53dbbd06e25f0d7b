/* SPDX-License-Identifier: Apache-2.0 */
/* "1 ticket", "2 tickets": the word that fits a count. */
#ifndef STEK_CORE_PLURAL_H
#define STEK_CORE_PLURAL_H

#include <stdint.h>

/* Returns `one` for a count of 1, `many` for all others. Thread-safe. */
static inline const char *stek_plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

#endif
