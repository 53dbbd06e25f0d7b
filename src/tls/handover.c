/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/handover.h"

#include <stddef.h>

/* Static, so that no thread has to allocate it at its first ticket. The pointers are compared only.
 */
#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))
THREAD_LOCAL const struct stek_attachment *generated_for;
THREAD_LOCAL enum stek_generated generated;
THREAD_LOCAL const struct stek_attachment *asked_for;
THREAD_LOCAL enum stek_asked asked;

int stek_handover_generated(const struct stek_attachment *attachment, enum stek_generated how)
{
    const int still_there = generated_for == attachment;

    generated_for = attachment;
    generated = how;
    return still_there;
}

enum stek_generated stek_handover_take_generated(const struct stek_attachment *attachment)
{
    const enum stek_generated how = generated_for == attachment ? generated : STEK_GENERATED_NOT;

    generated_for = NULL;
    return how;
}

void stek_handover_asked(const struct stek_attachment *attachment, enum stek_asked how)
{
    asked_for = attachment;
    asked = how;
}

enum stek_asked stek_handover_take_asked(const struct stek_attachment *attachment)
{
    const enum stek_asked how = asked_for == attachment ? asked : STEK_ASKED_NOT;

    asked_for = NULL;
    return how;
}
