/* SPDX-License-Identifier: Apache-2.0 */
/* What `stek inspect` found, as JSON: the answer of the control socket and `stek inspect --json`
 * (docs/formats.md). */
#ifndef STEK_STATUS_INSPECTION_H
#define STEK_STATUS_INSPECTION_H

#include "status/inspect.h"

#include <jansson.h>

/* NULL: no memory. The caller owns it. */
json_t *stek_inspection_json(const struct stek_inspection *inspection);

/* The word for a verdict: "sound", "unknown" … Static. */
const char *stek_inspection_verdict_name(enum stek_inspect_verdict verdict);

#endif
