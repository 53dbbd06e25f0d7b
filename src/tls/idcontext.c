/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/idcontext.h"

static const unsigned char of_the_ring[] = {'s', 't', 'e', 'k', ' ', 'r', 'i', 'n', 'g'};

void stek_id_context_of_session(SSL_SESSION *session)
{
    (void)SSL_SESSION_set1_id_context(session, of_the_ring, sizeof of_the_ring);
}

void stek_id_context_of_connection(SSL *ssl)
{
    (void)SSL_set_session_id_context(ssl, of_the_ring, sizeof of_the_ring);
}
