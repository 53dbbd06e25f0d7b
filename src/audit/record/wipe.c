/* SPDX-License-Identifier: Apache-2.0 */
/* libjansson does not wipe what it frees, and recordings hold sessions' secrets. */
#include "audit/record/record.h"

#include "crypto/wipe.h"

#include <jansson.h>

#include <malloc.h>
#include <stdlib.h>

static void free_wiped(void *at)
{
    if (at != NULL)
        stek_wipe(at, malloc_usable_size(at));
    free(at);
}

void stek_audit_record_wipes(void)
{
    json_set_alloc_funcs(malloc, free_wiped);
}
