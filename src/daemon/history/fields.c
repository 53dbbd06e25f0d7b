/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history/fields.h"

#include "status/status.h"

#include <inttypes.h>
#include <stdio.h>

const char *stek_order_word(const struct stek_request *request)
{
    static const char *const revoke[] = {[STEK_REQUEST_ALL] = "revoke-all",
                                         [STEK_REQUEST_KEY] = "revoke-key",
                                         [STEK_REQUEST_BEFORE] = "revoke-before"};

    if (request->command == STEK_REQUEST_ROTATE)
        return "rotate";
    return request->command == STEK_REQUEST_REKEY ? "rekey" : revoke[request->which];
}

static struct stek_fields of(const char *event, const struct stek_request *request,
                             const struct stek_peer *peer, const char *more)
{
    const bool has_ring = request->ring[0] != '\0';
    struct stek_fields fields;

    (void)snprintf(fields.text, sizeof fields.text, "event=%s what=%s%s%s uid=%ld pid=%ld%s", event,
                   stek_order_word(request), has_ring ? " ring=" : "", request->ring,
                   (long)peer->uid, (long)peer->pid, more);
    return fields;
}

struct stek_fields stek_fields_of_order(const struct stek_request *request,
                                        const struct stek_peer *peer, int64_t revoked)
{
    char more[40] = "";

    if (revoked >= 0)
        (void)snprintf(more, sizeof more, " revoked=%" PRId64, revoked);
    return of("order", request, peer, more);
}

struct stek_fields stek_fields_of_refusal(const struct stek_request *request,
                                          const struct stek_peer *peer)
{
    return of("refused", request, peer, "");
}

struct stek_fields stek_fields_of_rotation(const char *ring, const struct stek_record *record)
{
    struct stek_fields fields;

    (void)snprintf(fields.text, sizeof fields.text,
                   "event=rotated ring=%s seq=%" PRIu64 " from=%" PRId64 " until=%" PRId64
                   " origin=%s",
                   ring, record->seq, record->active_from, record->active_until,
                   stek_origin_name((enum stek_origin)record->origin));
    return fields;
}
