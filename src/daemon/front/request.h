/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on the control socket: one JSON object on a line (docs/formats.md, "Control protocol").
 * Pure.
 *
 * The attacker is any client that can connect: the parser takes any bytes, and is bounded and
 * fuzzed.
 */
#ifndef STEK_DAEMON_REQUEST_H
#define STEK_DAEMON_REQUEST_H

#include "status/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEK_REQUEST_LEN_MAX = 64 * 1024,
    STEK_ANSWER_LEN_MAX = 16 * 1024 * 1024,
    STEK_KEY_ID_MAX = 64
};

enum stek_request_command {
    STEK_REQUEST_STATUS,
    STEK_REQUEST_ROTATE,
    STEK_REQUEST_REVOKE,
    STEK_REQUEST_INSPECT,
    STEK_REQUEST_FLEET,
    STEK_REQUEST_REKEY,
    STEK_REQUEST_REPORT
};

/* Which keys a revocation means. */
enum stek_request_which { STEK_REQUEST_ALL = 1, STEK_REQUEST_KEY, STEK_REQUEST_BEFORE };

struct stek_request {
    enum stek_request_command command;
    char ring[STEK_RING_NAME_MAX + 1]; /* empty: none given: of status and report */
    enum stek_request_which which;     /* of revoke */
    char key[STEK_KEY_ID_MAX + 1];     /* digits of a fingerprint, or a seq */
    int64_t before;                    /* Unix seconds */
    int64_t since;                     /* of report: Unix seconds */
    bool this_host;                    /* of revoke: here and now, without the store */
    bool read;                         /* of fleet: the members are to be read again */
    char *ticket;                      /* of inspect: base64, owned; NULL otherwise */
};

/*
 * Reads one line, without its newline. Returns NULL and fills *ret_request, which is the caller's
 * for stek_request_fini(); or a static text that says what is wrong and what is allowed.
 */
const char *stek_request_parse(const char *line, size_t len, struct stek_request *ret_request);

void stek_request_fini(struct stek_request *request);

#endif
