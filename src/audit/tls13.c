/* SPDX-License-Identifier: Apache-2.0 */
/* The words of findings in TLS 1.3, where they are not those of TLS 1.2. */
#include "audit/finding.h"
#include "audit/observation.h"

#include <stddef.h>

#define PAPER_TICKETS "\"We Really Need to Talk About Session Tickets\", USENIX Security 2023"

/* NULL: as in TLS 1.2. */
static const struct stek_audit_explanation words[STEK_AUDIT_IDS] = {
    [STEK_AUDIT_WEAK_KEY] =
        {"Anyone can open these tickets, impersonate the server to clients that come back with "
         "them, and read their early data.",
         PAPER_TICKETS "; CVE-2020-13777; RFC 9846 section 2.3",
         "Replace the key with random bytes at once and rotate it; treat past early data as read."},
    [STEK_AUDIT_TICKET_IN_CLEAR] =
        {"A client sends the ticket back in the clear, so anyone on the way can impersonate the "
         "server to it, and read its early data.",
         "RFC 9846 sections 2.3 and 4.6.1; " PAPER_TICKETS, NULL},
    [STEK_AUDIT_NO_MAC] = {NULL, "RFC 9846 section 4.6.1", NULL},
    [STEK_AUDIT_PADDING_ORACLE] = {NULL, "RFC 9846 section 4.6.1; Vaudenay, EUROCRYPT 2002", NULL},
    [STEK_AUDIT_IV_REPEAT] = {NULL, "NIST SP 800-38A appendix C", NULL},
    [STEK_AUDIT_ERROR_DIFFERS] = {NULL, "RFC 9846 section 4.2.11", NULL},
    [STEK_AUDIT_CIPHER_CHANGED] =
        {"A session resumes with suites of the hash that it was made with, and with no other.",
         "RFC 9846 sections 4.2.11 and 4.6.1", NULL},
    [STEK_AUDIT_HINT_OVER_7D] =
        {"The standard forbids it, and the server keeps the key of such a ticket for as long.",
         "RFC 9846 section 4.6.1", NULL},
    [STEK_AUDIT_HINT_OVER_24H] = {NULL, "RFC 9846 appendix C.4; Sy et al., ACSAC 2018", NULL},
    [STEK_AUDIT_HINT_MISSING] =
        {"A lifetime of 0 tells the client to throw the ticket away at once.",
         "RFC 9846 section 4.6.1", NULL},
    [STEK_AUDIT_LIVES_BEYOND_HINT] = {NULL, "RFC 9846 section 4.6.1; RFC 9325 section 3.4", NULL},
    [STEK_AUDIT_TICKET_LIFE] = {NULL, "RFC 9846 section 4.6.1", NULL},
    [STEK_AUDIT_CHAIN_UNBOUNDED] = {NULL, "RFC 9846 section 4.6.1", NULL},
    [STEK_AUDIT_OFFERED] = {NULL, "RFC 9846 section 4.6.1", NULL},
    [STEK_AUDIT_RESUMES] = {NULL, "RFC 9846 section 2.2", NULL},
    [STEK_AUDIT_RESUMES_NEVER] = {NULL, "RFC 9846 section 2.2", NULL},
    [STEK_AUDIT_RENEWAL] = {"Clients can use each ticket once.", "RFC 9846 appendix C.4", NULL},
};

struct stek_audit_explanation stek_audit_explain(enum stek_audit_id id, uint16_t version)
{
    struct stek_audit_explanation said = stek_audit_id_info(id)->words;

    if (version != STEK_AUDIT_TLS13)
        return said;
    if (words[id].why != NULL)
        said.why = words[id].why;
    if (words[id].reference != NULL)
        said.reference = words[id].reference;
    if (words[id].advice != NULL)
        said.advice = words[id].advice;
    return said;
}
