/* SPDX-License-Identifier: Apache-2.0 */
/* What to do with a ticket whose record is known. Pure. */
#ifndef STEK_CORE_CHOICE_H
#define STEK_CORE_CHOICE_H

#include "core/record.h"

enum stek_choice {
    STEK_CHOICE_UNKNOWN, /* not ours, or retired: a full handshake */
    STEK_CHOICE_OPEN,    /* opens, and the ticket may stay */
    STEK_CHOICE_RENEW    /* opens, and a newer active record should replace the ticket (RFC 5077
                            section 3.3) */
};

/*
 * Decides for a ticket of the record with `seq` and `accept_until`, when `active_seq` seals (0:
 * none does). A ticket of a pending record is not renewed onto an older key. `single_use` says that
 * a ticket serves once, as in TLS 1.3 (RFC 9846 appendix C.4): it is always replaced.
 */
static inline enum stek_choice stek_choose_open(uint64_t seq, int64_t accept_until,
                                                uint64_t active_seq, bool single_use, int64_t now)
{
    if (now >= accept_until)
        return STEK_CHOICE_UNKNOWN;
    return single_use || active_seq > seq ? STEK_CHOICE_RENEW : STEK_CHOICE_OPEN;
}

#endif
