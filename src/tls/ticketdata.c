/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/ticketdata.h"

bool stek_ticketdata_read(SSL_SESSION *session, struct stek_appdata *ret_appdata)
{
    void *bytes = NULL;
    size_t len = 0;

    return SSL_SESSION_get0_ticket_appdata(session, &bytes, &len) == 1 && bytes != NULL &&
           stek_appdata_decode(bytes, len, ret_appdata);
}

bool stek_ticketdata_write(SSL_SESSION *session, const struct stek_appdata *appdata)
{
    uint8_t bytes[STEK_APPDATA_LEN];

    stek_appdata_encode(appdata, bytes);
    return SSL_SESSION_set1_ticket_appdata(session, bytes, sizeof bytes) == 1;
}

bool stek_ticketdata_is_others(SSL_SESSION *session)
{
    struct stek_appdata appdata;
    void *bytes = NULL;
    size_t len = 0;

    return SSL_SESSION_get0_ticket_appdata(session, &bytes, &len) == 1 && len > 0 &&
           !stek_ticketdata_read(session, &appdata);
}
