/* SPDX-License-Identifier: Apache-2.0 */
/* The test vectors in tests/vectors, which other implementations can read too. */
#ifndef TESTS_UNIT_VECTORS_H
#define TESTS_UNIT_VECTORS_H

#include "unit.h"

#include <jansson.h>

/* Reads a file of tests/vectors; the test fails if it cannot. Given back with json_decref(). */
json_t *vectors_load(const char *file);

/* The text of a member that must be there. */
const char *vectors_text(const json_t *vector, const char *member);

/* The bytes of a member in hexadecimal, and how many. */
size_t vectors_bytes(const json_t *vector, const char *member, uint8_t *ret_bytes, size_t room);

#endif
