/* SPDX-License-Identifier: Apache-2.0 */
/* Structures that callers fill, of this version of stek.h or of another. Pure. */
#ifndef STEK_CORE_ABI_H
#define STEK_CORE_ABI_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether all of a caller's structure can be used, whose own `size` field says `size` and of which
 * this version knows `known` bytes. A size of 0 stands for those. A larger structure, of a newer
 * version, fits when the fields beyond are zeros, which stand for their defaults.
 */
bool stek_abi_fits(const void *given, size_t size, size_t known);

#endif
