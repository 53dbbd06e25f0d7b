/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/turn.h"

#include "daemon/front/log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

int64_t stekd_now(void)
{
    return (int64_t)time(NULL);
}

void stekd_turn(struct stekd *daemon)
{
    const int64_t next = stek_rings_update(&daemon->rings, stekd_now());

    if (!stek_alarm_set(&daemon->alarm, next))
        stek_log(STEK_LOG_ERROR, "cannot set the alarm for the next rotation: %s", strerror(errno));
}
