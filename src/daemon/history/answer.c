/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history/answer.h"

#include "daemon/front/control.h"
#include "daemon/system/failure.h"

#include <errno.h>
#include <stdlib.h>

static json_t *answer_with(const struct stek_report *report, const char *ring)
{
    const char *only = ring[0] != '\0' ? ring : NULL;

    if (only != NULL && stek_report_find(report, only) == NULL)
        return stek_control_error("unknown-ring", "the history tells of no ring '%s'", only);
    return json_pack("{s:b, s:o}", "ok", 1, "report", stek_report_json(report, only));
}

json_t *stekd_history_answer(const struct stekd_history *history,
                             const struct stek_request *request, int64_t now)
{
    if (history->fd < 0)
        return stek_control_error("failed", "no history is kept in %s: %s", history->folder,
                                  history->problem);
    struct stek_report *report = malloc(sizeof *report);
    if (report == NULL)
        return NULL;
    stek_report_init(request->since, now, report);
    errno = 0;
    json_t *answer;
    if (stekd_history_read(history, report)) {
        stek_report_end(report);
        answer = answer_with(report, request->ring);
    } else {
        answer = stek_control_error("failed", "%s/history: %s", history->folder,
                                    stek_failure_of(STEK_ERR_SYSTEM, errno).text);
    }
    free(report);
    return answer;
}
