/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/handover.h"

#include "tls/attachment.h"

/* Between the two callbacks libssl allocates memory: where there is none, the handshake ends there,
 * and what was left for the key callback says nothing. It takes two in a row to say that the key
 * callback is not stek's. */

/* Static, so that no thread has to allocate it at its first ticket. Of attachments the number
 * stands here, 0 for none: the next one may have the same address. */
#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))
THREAD_LOCAL uint64_t generated_for;
THREAD_LOCAL enum stek_generated generated;
THREAD_LOCAL unsigned left_behind;
THREAD_LOCAL uint64_t asked_for;
THREAD_LOCAL enum stek_asked asked;

int stek_handover_generated(const struct stek_attachment *attachment, enum stek_generated how)
{
    left_behind = generated_for == attachment->number ? left_behind + 1 : 0;
    generated_for = attachment->number;
    generated = how;
    return left_behind > 1;
}

enum stek_generated stek_handover_take_generated(const struct stek_attachment *attachment)
{
    const enum stek_generated how =
        generated_for == attachment->number ? generated : STEK_GENERATED_NOT;

    generated_for = 0;
    return how;
}

void stek_handover_asked(const struct stek_attachment *attachment, enum stek_asked how)
{
    asked_for = attachment->number;
    asked = how;
}

enum stek_asked stek_handover_take_asked(const struct stek_attachment *attachment)
{
    const enum stek_asked how = asked_for == attachment->number ? asked : STEK_ASKED_NOT;

    asked_for = 0;
    return how;
}
