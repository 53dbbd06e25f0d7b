/* SPDX-License-Identifier: Apache-2.0 */
/* Going over to TLS within another protocol. */
#ifndef STEK_AUDIT_STARTTLS_H
#define STEK_AUDIT_STARTTLS_H

#include "audit/handshake/net.h"

enum stek_audit_starttls {
    STEK_AUDIT_PLAIN_TLS,
    STEK_AUDIT_SMTP,     /* RFC 3207 */
    STEK_AUDIT_IMAP,     /* RFC 9051 section 6.2.1 */
    STEK_AUDIT_POP3,     /* RFC 2595 section 4 */
    STEK_AUDIT_FTP,      /* RFC 4217 */
    STEK_AUDIT_POSTGRES, /* PostgreSQL, "Message Flow", SSL Session Encryption */
    STEK_AUDIT_STARTTLS_LEN
};

/* The name of an option's value, `smtp`; "" for PLAIN_TLS. */
const char *stek_audit_starttls_name(enum stek_audit_starttls protocol);

/* Parses smtp, imap, pop3, ftp or postgres. Else false, with *ret_protocol untouched. */
bool stek_audit_starttls_parse(const char *name, enum stek_audit_starttls *ret_protocol);

/* The port that a target has when none is given. */
uint16_t stek_audit_starttls_port(enum stek_audit_starttls protocol);

/* Speaks the protocol up to where TLS begins. Returns false with the reason in `ret_problem`. */
bool stek_audit_starttls(int fd, enum stek_audit_starttls protocol, int64_t deadline_ms,
                         const struct stek_audit_stop *stop, char *ret_problem, size_t problem_len);

#endif
