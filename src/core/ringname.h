/* SPDX-License-Identifier: Apache-2.0 */
/* The names that rings may have: they are file names, words of commands and labels of metrics.
 * Pure. */
#ifndef STEK_CORE_RINGNAME_H
#define STEK_CORE_RINGNAME_H

#include <stdbool.h>

enum { STEK_RING_NAME_MAX = 64 };

/* Whether `name` is 1 to 64 of A-Z a-z 0-9 . _ - and does not begin with '.' or '-'. */
bool stek_ring_name_is_valid(const char *name);

/* The rule in words, for messages. */
#define STEK_RING_NAME_RULE "1 to 64 letters, digits and . _ -, not beginning with . or -"

#endif
