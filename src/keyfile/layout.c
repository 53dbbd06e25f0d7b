/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/layout.h"

#include "keyfile/keys.h"

#include <string.h>

enum { ALL = STEK_KEYFILE_KEYS_MAX };

static const struct stek_keyfile_layout layouts[] = {
    {"nginx", "ssl_session_ticket_key", STEK_KEYFILE_RAW, 32, false, 1, 1, STEK_KEYFILE_FIRST},
    {"nginx-aes128", "ssl_session_ticket_key", STEK_KEYFILE_RAW, 16, true, 1, 1,
     STEK_KEYFILE_FIRST},
    {"haproxy", "tls-ticket-keys", STEK_KEYFILE_BASE64, 32, true, 3, ALL,
     STEK_KEYFILE_LAST_BUT_ONE},
    {"haproxy-aes128", "tls-ticket-keys", STEK_KEYFILE_BASE64, 16, true, 3, ALL,
     STEK_KEYFILE_LAST_BUT_ONE},
    {"apache", "SSLSessionTicketKeyFile", STEK_KEYFILE_RAW, 16, false, 1, 1, STEK_KEYFILE_FIRST},
    {"envoy", "session_ticket_keys", STEK_KEYFILE_RAW, 32, false, 1, 1, STEK_KEYFILE_FIRST},
    {"lighttpd", "ssl.stek-file", STEK_KEYFILE_LIGHTTPD, 32, false, 1, 1, STEK_KEYFILE_FIRST},
    {"unbound", "tls-session-ticket-keys", STEK_KEYFILE_RAW, 32, true, 1, 1, STEK_KEYFILE_FIRST},
    {"dnsdist", "ticketKeyFile", STEK_KEYFILE_RAW, 32, true, 1, ALL, STEK_KEYFILE_LAST},
    {"h2o", "ssl-session-resumption: ticket-store: file", STEK_KEYFILE_H2O, 32, true, 1, ALL,
     STEK_KEYFILE_FIRST},
    {"nghttpx", "tls-ticket-key-file", STEK_KEYFILE_RAW, 32, true, 1, 1, STEK_KEYFILE_FIRST},
    {"nghttpx-aes128", "tls-ticket-key-file", STEK_KEYFILE_RAW, 16, true, 1, 1, STEK_KEYFILE_FIRST},
    {"trafficserver", "ticket_key_name", STEK_KEYFILE_RAW, 16, false, 1, ALL, STEK_KEYFILE_FIRST},
    {"node", "server.setTicketKeys()", STEK_KEYFILE_RAW, 16, false, 1, 1, STEK_KEYFILE_FIRST},
    {"stunnel", "ticketKeySecret, ticketMacSecret", STEK_KEYFILE_STUNNEL, 32, true, 1, 1,
     STEK_KEYFILE_FIRST},
    {"boringssl", "SSL_CTX_set_tlsext_ticket_keys()", STEK_KEYFILE_RAW, 16, false, 1, 1,
     STEK_KEYFILE_FIRST},
    {"openssl", "SSL_CTX_set_tlsext_ticket_keys()", STEK_KEYFILE_RAW, 32, false, 1, 1,
     STEK_KEYFILE_FIRST},
    {.name = NULL}};

const struct stek_keyfile_layout *stek_keyfile_layouts(void)
{
    return layouts;
}

const struct stek_keyfile_layout *stek_keyfile_layout_find(const char *name)
{
    for (const struct stek_keyfile_layout *layout = layouts; layout->name != NULL; layout++)
        if (strcmp(layout->name, name) == 0)
            return layout;
    return NULL;
}
