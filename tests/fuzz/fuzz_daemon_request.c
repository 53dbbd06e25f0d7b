/* SPDX-License-Identifier: Apache-2.0 */
/* A line on stekd's control socket. What is taken is complete and in range. */
#include "driver/fuzz.h"

#include "core/ringname.h"
#include "daemon/front/request.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_request request;

    if (stek_request_parse((const char *)data, size, &request) != NULL)
        return 0;
    FUZZ_MUST(size <= STEK_REQUEST_LEN_MAX);
    const bool may_lack_ring =
        request.command == STEK_REQUEST_STATUS || request.command == STEK_REQUEST_REPORT ||
        request.command == STEK_REQUEST_FLEET || request.command == STEK_REQUEST_REKEY;
    FUZZ_MUST(stek_ring_name_is_valid(request.ring) || (may_lack_ring && request.ring[0] == '\0'));
    FUZZ_MUST((request.command == STEK_REQUEST_REVOKE) == (request.which != 0));
    FUZZ_MUST((request.which == STEK_REQUEST_KEY) == (request.key[0] != '\0'));
    FUZZ_MUST((request.command == STEK_REQUEST_INSPECT) == (request.ticket != NULL));
    stek_request_fini(&request);
    return 0;
}
