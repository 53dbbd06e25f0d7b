/* SPDX-License-Identifier: Apache-2.0 */
/* Labels: contexts that an operator names. Pure. */
#ifndef STEK_CORE_LABEL_H
#define STEK_CORE_LABEL_H

#include "crypto/derive.h"

#include <stdbool.h>

/* An explicit label, 1 to 255 printable ASCII characters; NULL gives an empty context, which stands
 * for `auto`. */
bool stek_context_label(const char *label, struct stek_context *ret_context);

#endif
