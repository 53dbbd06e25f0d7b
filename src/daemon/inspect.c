/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/inspect.h"

#include "daemon/front/control.h"
#include "daemon/system/failure.h"
#include "status/inspection.h"
#include "status/ticketfile.h"

#include <errno.h>
#include <stdlib.h>

static enum stek_result inspect(const struct stek_rings *rings, const struct stek_kept *kept,
                                const uint8_t *ticket, size_t len, int64_t now,
                                struct stek_inspection *ret_inspection)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    struct stek_context *contexts = calloc(STEK_STATS_CONTEXTS_MAX, sizeof *contexts);
    enum stek_result result = stek_writer_state(kept->writer, &state);

    if (contexts == NULL || result != STEK_OK) {
        free(contexts);
        return contexts == NULL ? STEK_ERR_MEMORY : result;
    }
    const size_t count =
        stek_stats_contexts(rings->dir_fd, kept->config.name, contexts, STEK_STATS_CONTEXTS_MAX);
    result = stek_inspect_ticket(&state.records, contexts, count, ticket, len, now, ret_inspection);
    free(contexts);
    return result;
}

json_t *stek_daemon_inspect(const struct stek_rings *rings, const struct stek_kept *kept,
                            const struct stek_request *request, int64_t now)
{
    uint8_t ticket[STEK_INSPECT_TICKET_MAX];
    struct stek_inspection inspection;
    size_t len = 0;

    if (!stek_ticket_decode(request->ticket, ticket, &len))
        return stek_control_error("usage", "\"ticket\" must be base64 of at most 32 KiB");
    errno = 0;
    enum stek_result result = inspect(rings, kept, ticket, len, now, &inspection);
    if (result != STEK_OK)
        return stek_control_error("failed", "ring %s: %s", kept->config.name,
                                  stek_failure_of(result, errno).text);
    return json_pack("{s:b, s:s, s:o}", "ok", 1, "ring", kept->config.name, "ticket",
                     stek_inspection_json(&inspection));
}
