/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit/recording.h"

#include "audit/judge/compare.h"
#include "audit/judge/judge.h"
#include "audit/record/record.h"
#include "cli/command.h"
#include "cli/format.h"
#include "crypto/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { READING_LEN = 65536 };

enum stek_result audit_read_stream(FILE *in, struct stek_audit_observation *obs, long *ret_good_len,
                                   char ret_problem[AUDIT_PROBLEM_LEN])
{
    static char buffer[READING_LEN];

    (void)setvbuf(in, buffer, _IOFBF, sizeof buffer);
    const enum stek_result result =
        stek_audit_record_read(in, obs, ret_good_len, ret_problem, AUDIT_PROBLEM_LEN);
    (void)fclose(in);
    stek_wipe(buffer, sizeof buffer);
    return result;
}

int audit_read_file(const char *option, const char *name, struct stek_audit_observation *obs)
{
    FILE *in = strcmp(name, "-") == 0 ? stdin : fopen(name, "re");
    char problem[AUDIT_PROBLEM_LEN] = "";
    long good_len;

    if (in == NULL)
        return audit_fail(option, name, strerror(errno));
    const enum stek_result result = audit_read_stream(in, obs, &good_len, problem);
    if (result != STEK_OK)
        return audit_fail(option, name, problem[0] != '\0' ? problem : stek_format_result(result));
    return STEK_EXIT_FINE;
}

/* Before anything is connected to, so that a mistake costs nothing. Of a recording that is judged
 * instead the targets are not known yet. */
static bool has_a_target_of(struct audit_request *request,
                            const struct stek_audit_observation *then)
{
    const struct stek_audit_observation now = {.targets = request->targets,
                                               .targets_len = request->targets_len};

    return request->from != NULL || stek_audit_share_target(&now, then);
}

int audit_earlier_read(struct audit_request *request, struct audit_earlier *earlier)
{
    const struct stek_audit_judge_hooks hooks = {audit_progress_tickets, audit_limit_passed, NULL};
    const int code = audit_read_file("--since", request->since, &earlier->obs);

    if (code != STEK_EXIT_FINE)
        return code;
    if (!has_a_target_of(request, &earlier->obs))
        return audit_fail("--since", request->since, "is a recording of other targets");
    audit_limit_begin(earlier->obs.tickets_len);
    const enum stek_result result = stek_audit_judge(&earlier->obs, &hooks, &earlier->findings);
    audit_progress_clear();
    return result == STEK_OK ? STEK_EXIT_FINE
                             : audit_fail("--since", request->since, stek_format_result(result));
}

void audit_earlier_fini(struct audit_earlier *earlier)
{
    stek_audit_findings_fini(&earlier->findings);
    stek_audit_observation_fini(&earlier->obs);
}
