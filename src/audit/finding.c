/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of the findings, in the order of enum stek_audit_id. */
#include "audit/finding.h"

#include <stdlib.h>
#include <string.h>

#define PAPER_TICKETS "\"We Really Need to Talk About Session Tickets\", USENIX Security 2023"
#define PAPER_SHARING "\"STEK Sharing is Not Caring\", 2025"
#define PAPER_SHORTCUTS "\"Measuring the Security Harm of TLS Crypto Shortcuts\", IMC 2016"

/* The words are those of TLS 1.2, or of both versions: tls13.c has the others. */
static const struct stek_audit_id_info infos[STEK_AUDIT_IDS] = {
    [STEK_AUDIT_WEAK_KEY] =
        {"weak-key",
         STEK_AUDIT_CRITICAL,
         "tickets are sealed under a known key",
         {"Anyone can open these tickets, read what their sessions said, and impersonate the "
          "server.",
          PAPER_TICKETS "; CVE-2020-13777",
          "Replace the key with random bytes at once and rotate it; treat past sessions as read."}},
    [STEK_AUDIT_TICKET_IN_CLEAR] = {"ticket-in-clear",
                                    STEK_AUDIT_CRITICAL,
                                    "the ticket contains the session's secret unencrypted",
                                    {"The ticket crosses the network in the clear, so anyone on "
                                     "the way can decrypt its session.",
                                     "RFC 5077 section 4; " PAPER_TICKETS,
                                     "Switch tickets off until the server encrypts them."}},
    [STEK_AUDIT_KEYSTREAM_REUSE] =
        {"keystream-reuse",
         STEK_AUDIT_CRITICAL,
         "two tickets are encrypted with the same keystream",
         {"A client with one session can compute the secrets of all others from their tickets.",
          "RFC 5116 section 3.1; " PAPER_TICKETS,
          "Switch tickets off; the server must use a fresh nonce for each ticket."}},
    [STEK_AUDIT_NO_MAC] = {"no-mac",
                           STEK_AUDIT_CRITICAL,
                           "a changed ticket is accepted",
                           {"Without authentication an attacker can alter sessions and find out "
                            "what is in tickets by trying.",
                            "RFC 5077 section 4",
                            "Switch tickets off; the server must check a MAC over the whole ticket "
                            "before it uses it."}},
    [STEK_AUDIT_PADDING_ORACLE] = {"padding-oracle",
                                   STEK_AUDIT_HIGH,
                                   "the error shows what is wrong inside a changed ticket",
                                   {"An answer that depends on what a changed ticket decrypts to "
                                    "lets an attacker decrypt it byte by byte.",
                                    "RFC 5077 section 4; Vaudenay, EUROCRYPT 2002",
                                    "Switch tickets off; the server must check the MAC first and "
                                    "answer every bad ticket with a full handshake."}},
    [STEK_AUDIT_IV_REPEAT] =
        {"iv-repeat",
         STEK_AUDIT_HIGH,
         "an IV was used twice under one key",
         {"A repeated IV shows which tickets begin alike, and with a stream mode it opens them.",
          "RFC 5077 section 4; NIST SP 800-38A appendix C",
          "The server must draw a fresh random IV for each ticket."}},
    [STEK_AUDIT_ERROR_DIFFERS] =
        {"error-differs",
         STEK_AUDIT_LOW,
         "damaged and unknown tickets get different answers",
         {"An answer other than a full handshake breaks clients, and shows that the server knows "
          "the key.",
          "RFC 5077 section 3.2",
          "The server should fall back to a full handshake for every ticket that it cannot use."}},
    [STEK_AUDIT_NO_WEAK_KEY] = {"no-weak-key",
                                STEK_AUDIT_INFO,
                                "no known key opened a ticket",
                                {"Known and trivial keys have been found on servers of every make.",
                                 PAPER_TICKETS, ""}},
    [STEK_AUDIT_CLIENT_AUTH_BYPASS] =
        {"client-auth-bypass",
         STEK_AUDIT_HIGH,
         "a ticket replaces a client certificate",
         {"A ticket issued without a client certificate opens a service that requires one.",
          "CVE-2025-23419; CVE-2025-23048",
          "Give the two services different ticket keys, or update a server that should bind "
          "tickets to the virtual host."}},
    [STEK_AUDIT_SHARED_KEYS] =
        {"shared-keys",
         STEK_AUDIT_HIGH,
         "a server accepts another server's tickets",
         {"An attacker who redirects connections makes this server answer under a name whose "
          "certificate it may not have.",
          PAPER_SHARING "; RFC 9846 section 4.6.1",
          "Give services with different certificates different ticket keys."}},
    [STEK_AUDIT_CROSS_NAME] = {"cross-name",
                               STEK_AUDIT_MEDIUM,
                               "a ticket resumes under another server name",
                               {"The session was authenticated for one name and is used for "
                                "another, whose certificate was never shown.",
                                "RFC 6066 section 3; " PAPER_SHARING,
                                "Give virtual hosts different ticket keys, or update a server that "
                                "should compare the names."}},
    [STEK_AUDIT_PROTOCOL_CHANGED] =
        {"protocol-changed",
         STEK_AUDIT_HIGH,
         "a session resumes in another version of TLS",
         {"A secret made for one version is used in another; no security proof covers that.",
          "RFC 9846 section 4.6.1; RFC 5246 appendix F.1.4",
          "The server must refuse tickets of another version."}},
    [STEK_AUDIT_CIPHER_CHANGED] =
        {"cipher-changed",
         STEK_AUDIT_MEDIUM,
         "a session resumes with another cipher suite",
         {"A session resumes with the suite that it was made with, and with no other.",
          "RFC 5246 section 7.4.1.3", "The server must fall back to a full handshake instead."}},
    [STEK_AUDIT_EARLY_DATA_REPLAY] = {"early-data-replay",
                                      STEK_AUDIT_HIGH,
                                      "the same early data is accepted twice",
                                      {"An attacker who copies the first packet of a connection "
                                       "can have its request executed again.",
                                       "RFC 9846 section 8",
                                       "Switch early data off, or keep it to requests that may be "
                                       "repeated, with a record of tickets used."}},
    [STEK_AUDIT_EARLY_DATA_PARTLY] =
        {"early-data-guarded-partly",
         STEK_AUDIT_HIGH,
         "the guard against replayed early data holds for one process only",
         {"An attacker who copies the first packet of a connection can have its request executed "
          "once by each process or host of the server.",
          "RFC 9846 section 8",
          "Switch early data off, or let all processes share one record of tickets used."}},
    [STEK_AUDIT_EARLY_DATA] = {"early-data",
                               STEK_AUDIT_INFO,
                               "early data is offered",
                               {"Early data has no forward secrecy and can be replayed within the "
                                "limits of the server's guard.",
                                "RFC 9846 sections 2.3 and 8", ""}},
    [STEK_AUDIT_PSK_WITHOUT_DHE] =
        {"psk-without-dhe",
         STEK_AUDIT_MEDIUM,
         "resumption without a fresh key exchange is accepted",
         {"Such a session has no forward secrecy: the ticket key alone opens a recording of it.",
          "RFC 9846 section 4.2.9; RFC 9325 section 3.4", "Allow psk_dhe_ke only."}},
    [STEK_AUDIT_HINT_OVER_7D] =
        {"hint-over-7d",
         STEK_AUDIT_MEDIUM,
         "the ticket lifetime is over 7 days",
         {"The server keeps the key of such a ticket for as long as the ticket may be used.",
          "RFC 9325 section 3.4", "Set the session timeout to 24 hours or less."}},
    [STEK_AUDIT_HINT_OVER_24H] =
        {"hint-over-24h",
         STEK_AUDIT_LOW,
         "the ticket lifetime is over 24 hours",
         {"A client that comes back with a ticket is recognised for as long as it lasts.",
          "RFC 9325 section 3.4; Sy et al., ACSAC 2018",
          "Set the session timeout to 24 hours or less."}},
    [STEK_AUDIT_HINT_MISSING] = {"hint-missing",
                                 STEK_AUDIT_INFO,
                                 "the ticket states no lifetime",
                                 {"Clients then choose a lifetime themselves.",
                                  "RFC 5077 section 3.3", ""}},
    [STEK_AUDIT_ROTATION_SLOW] =
        {"rotation-slow",
         STEK_AUDIT_MEDIUM,
         "a ticket key is used for over 24 hours",
         {"A stolen key opens every ticket that was sealed under it, however old.",
          "RFC 9325 section 3.4; " PAPER_SHORTCUTS,
          "Rotate the ticket key at least every 24 hours and destroy old ones."}},
    [STEK_AUDIT_KEY_ROTATION] = {"key-rotation",
                                 STEK_AUDIT_INFO,
                                 "how often the ticket key changed",
                                 {"The shorter a key is used, the less it opens when it is stolen.",
                                  "RFC 9325 section 3.4", ""}},
    [STEK_AUDIT_LIVES_BEYOND_HINT] =
        {"lives-beyond-hint",
         STEK_AUDIT_MEDIUM,
         "a ticket resumes after its lifetime",
         {"The server keeps keys, and takes sessions, longer than it says.",
          "RFC 5077 section 3.3; RFC 9325 section 3.4",
          "Let the server check the session's age, and destroy keys in time."}},
    [STEK_AUDIT_TICKET_LIFE] =
        {"ticket-life",
         STEK_AUDIT_INFO,
         "how long tickets live",
         {"A ticket that dies early costs full handshakes; one that lives long keeps a key alive.",
          "RFC 5077 section 3.3", ""}},
    [STEK_AUDIT_CHAIN_UNBOUNDED] =
        {"chain-unbounded",
         STEK_AUDIT_MEDIUM,
         "renewal prolongs a session beyond its lifetime",
         {"A session that is renewed for ever is never authenticated again, and a stolen one stays "
          "usable.",
          "RFC 9325 section 3.4", "Limit the total life of a session over all its resumptions."}},
    [STEK_AUDIT_NOT_OFFERED] = {"not-offered",
                                STEK_AUDIT_INFO,
                                "no tickets are offered",
                                {"Without tickets, no ticket key can be stolen; returning clients "
                                 "pay for full handshakes.",
                                 "RFC 9325 section 3.4", ""}},
    [STEK_AUDIT_OFFERED] = {"offered",
                            STEK_AUDIT_INFO,
                            "tickets are offered",
                            {"The rest of the report examines them.", "RFC 5077 section 3.3", ""}},
    [STEK_AUDIT_VERSION_MISSING] = {"version-missing",
                                    STEK_AUDIT_INFO,
                                    "the server does not offer this TLS version",
                                    {"So it has no tickets of this version.",
                                     "RFC 9325 section 3.1", ""}},
    [STEK_AUDIT_RESUMES] = {"resumes",
                            STEK_AUDIT_INFO,
                            "sessions resume",
                            {"Resumption saves most of a handshake.", "RFC 5077 section 3.1", ""}},
    [STEK_AUDIT_RESUMES_NEVER] =
        {"resumes-never",
         STEK_AUDIT_LOW,
         "tickets are issued but never accepted",
         {"The server pays for tickets, and has a key that can be stolen, without any benefit.",
          "RFC 5077 section 3.1",
          "Switch tickets off, or give all processes and hosts the same keys."}},
    [STEK_AUDIT_RESUMES_PARTLY] = {"resumes-partly",
                                   STEK_AUDIT_LOW,
                                   "only some tickets are accepted",
                                   {"Each ticket that is not accepted costs a full handshake.",
                                    "RFC 9325 section 3.4",
                                    "Give all processes and hosts behind the address the same keys "
                                    "(or sessions), also after a restart."}},
    [STEK_AUDIT_RENEWAL_MISSING] =
        {"renewal-missing",
         STEK_AUDIT_LOW,
         "a TLS 1.3 resumption brings no new ticket",
         {"Clients use each ticket once, so they run out of tickets or become linkable.",
          "RFC 9846 appendix C.4", "Let the server issue a new ticket on every connection."}},
    [STEK_AUDIT_RENEWAL] = {"renewal",
                            STEK_AUDIT_INFO,
                            "a resumption brings a new ticket",
                            {"A client that comes back holds a ticket under a newer key.",
                             "RFC 5077 section 3.3", ""}},
    [STEK_AUDIT_TICKET_REUSED] = {"ticket-reused",
                                  STEK_AUDIT_INFO,
                                  "a TLS 1.3 ticket is accepted more than once",
                                  {"A client that uses a ticket twice can be linked; early data "
                                   "needs tickets that serve once.",
                                   "RFC 9846 appendix C.4 and section 8.1", ""}},
    [STEK_AUDIT_KEY_NAME] = {"key-name",
                             STEK_AUDIT_INFO,
                             "tickets name their key",
                             {"The name shows from outside when the key changes.",
                              "RFC 5077 section 4", ""}},
    [STEK_AUDIT_SEVERAL_KEYS] =
        {"several-keys",
         STEK_AUDIT_LOW,
         "several ticket keys at one address",
         {"Processes that do not share their keys refuse each other's tickets.",
          "RFC 9325 section 3.4",
          "Give all processes and hosts behind the address the same keys."}},
    [STEK_AUDIT_NOT_REACHED] = {"not-reached",
                                STEK_AUDIT_INFO,
                                "no handshake with the target succeeded",
                                {"The audit found out nothing about it.", "stek-audit(1)", ""}},
    [STEK_AUDIT_INTERRUPTED] = {"interrupted",
                                STEK_AUDIT_INFO,
                                "the audit did not see everything",
                                {"The parts that were not examined may hide findings.",
                                 "stek-audit(1)", ""}},
};

static const char *const severities[STEK_AUDIT_SEVERITIES] = {"info", "low", "medium", "high",
                                                              "critical"};

const struct stek_audit_id_info *stek_audit_id_info(enum stek_audit_id id)
{
    return &infos[id];
}

const char *stek_audit_severity_name(enum stek_audit_severity severity)
{
    return severities[severity];
}

bool stek_audit_severity_parse(const char *name, enum stek_audit_severity *ret_severity)
{
    for (int i = 0; i < STEK_AUDIT_SEVERITIES; i++)
        if (strcmp(severities[i], name) == 0) {
            *ret_severity = (enum stek_audit_severity)i;
            return true;
        }
    return false;
}

void stek_audit_findings_fini(struct stek_audit_findings *findings)
{
    free(findings->items);
    *findings = (struct stek_audit_findings){0};
}
