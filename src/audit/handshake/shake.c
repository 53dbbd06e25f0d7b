/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/shake.h"

#include "audit/handshake/talk.h"

enum stek_result stek_audit_shake(struct stek_audit_client *client,
                                  struct stek_audit_observation *obs,
                                  const struct stek_audit_ask *ask)
{
    struct stek_audit_talk talk;
    const enum stek_result result = stek_audit_talk_begin(&talk, client, obs, ask);

    if (result == STEK_OK && stek_audit_talk_dial(&talk))
        stek_audit_talk_over(&talk);
    return stek_audit_talk_end(&talk, obs, result);
}
