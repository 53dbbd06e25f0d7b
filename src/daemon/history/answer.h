/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the control socket's "report". */
#ifndef STEK_DAEMON_HISTORY_ANSWER_H
#define STEK_DAEMON_HISTORY_ANSWER_H

#include "daemon/front/request.h"
#include "daemon/history/history.h"

/* The answer, which is the caller's; NULL: no memory. */
json_t *stekd_history_answer(const struct stekd_history *history,
                             const struct stek_request *request, int64_t now);

#endif
