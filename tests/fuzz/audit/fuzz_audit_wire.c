/* SPDX-License-Identifier: Apache-2.0 */
/* Handshake messages of a hostile server, libssl's ClientHellos that are rewritten, and recorded
 * sessions that are changed. The first byte says which. */
#include "../driver/fuzz.h"

#include "audit/handshake/session_edit.h"
#include "audit/handshake/wire.h"

#include <string.h>

#include <openssl/ssl.h>

static void rewrite(const uint8_t *data, size_t size)
{
    uint8_t *out = malloc(size + 1); /* sized so that a byte too many is noticed */
    size_t len = 0, truncated_len = 0, binder_len = 0;

    if (out == NULL)
        return;
    if (stek_audit_make_psk_only(data, size, out, &len, &truncated_len, &binder_len)) {
        FUZZ_MUST(len <= size && truncated_len + 3 + binder_len == len);
    }
    free(out);
}

/* What libssl takes as a session it takes when it has been changed, with the other ticket in it. */
static void edit(const uint8_t *data, size_t size)
{
    const struct stek_audit_edit edit = {.ticket = (const uint8_t *)"another",
                                         .ticket_len = 7,
                                         .hint_s = 9,
                                         .version = 772,
                                         .cipher = 0x1301};
    const uint8_t *at = data;
    const unsigned char *ticket = NULL;
    uint8_t *changed = NULL;
    size_t len = 0, ticket_len = 0;
    SSL_SESSION *before = d2i_SSL_SESSION(NULL, &at, (long)size);
    const enum stek_result result = stek_audit_session_edit(data, size, &edit, &changed, &len);

    if (before != NULL) {
        FUZZ_MUST(result == STEK_OK);
        at = changed;
        SSL_SESSION *after = d2i_SSL_SESSION(NULL, &at, (long)len);
        FUZZ_MUST(after != NULL);
        SSL_SESSION_get0_ticket(after, &ticket, &ticket_len);
        FUZZ_MUST(ticket_len == 7 && memcmp(ticket, "another", 7) == 0);
        SSL_SESSION_free(after);
    }
    SSL_SESSION_free(before);
    free(changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_audit_server_hello hello;
    struct stek_audit_new_ticket ticket;
    uint8_t sid[32], sid_len = 0;

    if (size == 0)
        return 0;
    switch (*data++ % 5) {
    case 0:
        (void)!stek_audit_read_server_hello(data, size - 1, &hello);
        break;
    case 1:
        if (stek_audit_read_new_ticket(data, size - 1, 0x0304, &ticket))
            FUZZ_MUST(ticket.nonce_len == 0 ||
                      (ticket.nonce > data && ticket.nonce + ticket.nonce_len < data + size));
        break;
    case 2:
        if (stek_audit_read_client_sid(data, size - 1, sid, &sid_len))
            FUZZ_MUST(sid_len <= sizeof sid);
        break;
    case 3:
        rewrite(data, size - 1);
        break;
    default:
        edit(data, size - 1);
    }
    return 0;
}
