/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/fault.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

static const char *const words[] = {
    [STEK_ETCD_OK] = "ok",
    [STEK_ETCD_UNREACHABLE] = "unreachable",
    [STEK_ETCD_SILENT] = "silent",
    [STEK_ETCD_NO_QUORUM] = "no-quorum",
    [STEK_ETCD_SERVER_CERT] = "server-certificate",
    [STEK_ETCD_CLIENT_CERT] = "client-certificate",
    [STEK_ETCD_DENIED] = "permission-denied",
    [STEK_ETCD_NO_SPACE] = "no-space",
    [STEK_ETCD_COMPACTED] = "compacted",
    [STEK_ETCD_EXISTS] = "exists",
    [STEK_ETCD_TOO_LARGE] = "too-large",
    [STEK_ETCD_PROTOCOL] = "protocol",
    [STEK_ETCD_CLUSTER] = "another-cluster",
    [STEK_ETCD_REFUSED] = "refused",
    [STEK_ETCD_LOCAL] = "local",
};

const char *stek_etcd_fault_word(enum stek_etcd_fault fault)
{
    return words[fault];
}

void stek_etcd_problem_set(struct stek_etcd_problem *problem, enum stek_etcd_fault fault,
                           const char *endpoint, const char *text)
{
    char line[STEK_ETCD_TEXT_MAX];

    snprintf(line, sizeof line, "%s: %s", endpoint, text);
    for (char *at = line; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    problem->fault = fault;
    memcpy(problem->text, line, sizeof line);
}

/* An alert about a certificate comes after the client's part of the handshake, as a failed read. */
static bool alert_is_about_certificate(const char *text)
{
    static const char *const alerts[] = {"alert bad certificate",     "alert unknown ca",
                                         "alert certificate expired", "alert certificate required",
                                         "alert certificate unknown", "alert certificate revoked",
                                         "alert handshake failure"};

    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (strstr(text, alerts[i]) != NULL)
            return true;
    return false;
}

/* What a failure below HTTP means. */
struct meaning {
    enum stek_etcd_fault fault;
    const char *text;
};

/* By the words of OpenSSL and of libcurl; where they say nothing of it, all that it may be. */
static const char *certificate_text(const char *curl_text)
{
    if (strstr(curl_text, "certificate has expired") != NULL)
        return "its certificate, or an authority's over it, has expired";
    if (strstr(curl_text, "not yet valid") != NULL)
        return "its certificate, or an authority's over it, is not valid yet: are the clocks "
               "right?";
    if (strstr(curl_text, "subject name") != NULL)
        return "its certificate is for other names than that in [fleet] endpoints";
    if (strstr(curl_text, "issuer certificate") != NULL || strstr(curl_text, "self") != NULL)
        return "its certificate does not lead to the CA of [fleet] ca";
    return "its certificate does not lead to the CA of [fleet] ca, or is for another name";
}

static struct meaning meaning_of(int code, const char *curl_text)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return (struct meaning){STEK_ETCD_UNREACHABLE, "the host name does not resolve"};
    case CURLE_COULDNT_CONNECT:
        return (struct meaning){STEK_ETCD_UNREACHABLE, "cannot connect"};
    case CURLE_OPERATION_TIMEDOUT:
        return (struct meaning){STEK_ETCD_SILENT, "no answer in time"};
    case CURLE_PEER_FAILED_VERIFICATION:
        return (struct meaning){STEK_ETCD_SERVER_CERT, certificate_text(curl_text)};
    case CURLE_SSL_CACERT_BADFILE:
        return (struct meaning){STEK_ETCD_SERVER_CERT,
                                "the file of [fleet] ca cannot be read or holds no certificate"};
    case CURLE_SSL_CERTPROBLEM:
        return (struct meaning){
            STEK_ETCD_CLIENT_CERT,
            "the files of [fleet] cert and key cannot be read or do not belong together"};
    case CURLE_OUT_OF_MEMORY:
        return (struct meaning){STEK_ETCD_LOCAL, "no memory"};
    default:
        break;
    }
    if (alert_is_about_certificate(curl_text))
        return (struct meaning){STEK_ETCD_CLIENT_CERT,
                                "etcd refuses the certificate of [fleet] cert"};
    if (code == CURLE_SSL_CONNECT_ERROR)
        return (struct meaning){STEK_ETCD_UNREACHABLE, "no TLS connection"};
    return (struct meaning){STEK_ETCD_UNREACHABLE, "the connection broke"};
}

static void judge_transport(const struct stek_etcd_outcome *outcome,
                            struct stek_etcd_problem *ret_problem)
{
    const struct meaning meaning = meaning_of(outcome->curl_code, outcome->curl_text);
    char text[STEK_ETCD_TEXT_MAX];

    if (outcome->curl_code == CURLE_COULDNT_CONNECT && outcome->os_error != 0)
        snprintf(text, sizeof text, "%s (%s)", meaning.text,
                 strerror((int)outcome->os_error)); /* NOLINT(concurrency-mt-unsafe): one thread */
    else if (outcome->curl_text[0] != '\0')
        snprintf(text, sizeof text, "%s (%s)", meaning.text, outcome->curl_text);
    else
        snprintf(text, sizeof text, "%s", meaning.text);
    stek_etcd_problem_set(ret_problem, meaning.fault, outcome->endpoint, text);
}

static bool is_definite(int status)
{
    return status == STEK_GRPC_INVALID_ARGUMENT || status == STEK_GRPC_NOT_FOUND ||
           status == STEK_GRPC_UNIMPLEMENTED;
}

/*
 * A refusal by its words (rpctypes/error.go): a proxy passes them on without their number. A user
 * without a name: etcd has auth on, and the connection brought no certificate with a CN that it
 * knows. Other words count as a refusal only with a number that says so: with one that says
 * nothing, a write may have been done.
 */
static enum stek_etcd_fault fault_of_text(const struct stek_grpc_trailers *trailers)
{
    static const struct {
        const char *words;
        enum stek_etcd_fault fault;
    } refusals[] = {
        {"permission denied", STEK_ETCD_DENIED},    {"user name is empty", STEK_ETCD_DENIED},
        {"space exceeded", STEK_ETCD_NO_SPACE},     {"has been compacted", STEK_ETCD_COMPACTED},
        {"lease already exists", STEK_ETCD_EXISTS}, {"no leader", STEK_ETCD_NO_QUORUM},
        {"request timed out", STEK_ETCD_NO_QUORUM}, {"leader changed", STEK_ETCD_NO_QUORUM},
        {"context canceled", STEK_ETCD_NO_QUORUM},  {"deadline exceeded", STEK_ETCD_NO_QUORUM},
        {"lease not found", STEK_ETCD_REFUSED},     {"too many requests", STEK_ETCD_REFUSED},
    };

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strstr(trailers->text, refusals[i].words) != NULL)
            return refusals[i].fault;
    return is_definite(trailers->status) ? STEK_ETCD_REFUSED : STEK_ETCD_PROTOCOL;
}

/* Some of etcd's refusals share a number and differ in their words (rpctypes/error.go). */
static enum stek_etcd_fault fault_of_status(const struct stek_grpc_trailers *trailers)
{
    switch (trailers->status) {
    case STEK_GRPC_PERMISSION_DENIED:
    case STEK_GRPC_UNAUTHENTICATED:
        return STEK_ETCD_DENIED;
    case STEK_GRPC_RESOURCE_EXHAUSTED:
        return strstr(trailers->text, "space") != NULL ? STEK_ETCD_NO_SPACE : STEK_ETCD_REFUSED;
    case STEK_GRPC_OUT_OF_RANGE:
        return STEK_ETCD_COMPACTED;
    case STEK_GRPC_FAILED_PRECONDITION:
        return strstr(trailers->text, "lease already exists") != NULL ? STEK_ETCD_EXISTS
                                                                      : STEK_ETCD_REFUSED;
    case STEK_GRPC_DEADLINE_EXCEEDED:
    case STEK_GRPC_UNAVAILABLE:
        return STEK_ETCD_NO_QUORUM;
    case STEK_GRPC_NO_STATUS:
        return STEK_ETCD_UNREACHABLE;
    default:
        return fault_of_text(trailers);
    }
}

static const char *advice_for(enum stek_etcd_fault fault)
{
    switch (fault) {
    case STEK_ETCD_DENIED:
        return "permission denied: grant the certificate's user read and write below [fleet] "
               "prefix";
    case STEK_ETCD_NO_SPACE:
        return "etcd is full and takes no more writes: compact, defragment, then `etcdctl alarm "
               "disarm`";
    case STEK_ETCD_NO_QUORUM:
        return "this member has no leader: too few members are up";
    case STEK_ETCD_UNREACHABLE:
        return "the answer ended half-way";
    default:
        return "refused";
    }
}

void stek_etcd_judge(const struct stek_etcd_outcome *outcome, struct stek_etcd_problem *ret_problem)
{
    char text[STEK_ETCD_TEXT_MAX];

    if (outcome->curl_code != CURLE_OK) {
        judge_transport(outcome, ret_problem);
        return;
    }
    if (outcome->http_status != 200) {
        snprintf(text, sizeof text, "this is not etcd: it answers HTTP %ld", outcome->http_status);
        stek_etcd_problem_set(ret_problem, STEK_ETCD_PROTOCOL, outcome->endpoint, text);
        return;
    }
    if (outcome->trailers.status == STEK_GRPC_OK) {
        *ret_problem = (struct stek_etcd_problem){STEK_ETCD_OK, ""};
        return;
    }
    const enum stek_etcd_fault fault = fault_of_status(&outcome->trailers);
    if (outcome->trailers.text[0] != '\0')
        snprintf(text, sizeof text, "%s (%s)", advice_for(fault), outcome->trailers.text);
    else
        snprintf(text, sizeof text, "%s", advice_for(fault));
    stek_etcd_problem_set(ret_problem, fault, outcome->endpoint, text);
}

bool stek_etcd_is_ambiguous(enum stek_etcd_fault fault)
{
    switch (fault) {
    case STEK_ETCD_OK:
    case STEK_ETCD_DENIED:
    case STEK_ETCD_NO_SPACE:
    case STEK_ETCD_EXISTS:
    case STEK_ETCD_REFUSED:
        return false;
    default:
        return true;
    }
}

bool stek_etcd_is_endpoints_fault(enum stek_etcd_fault fault)
{
    switch (fault) {
    case STEK_ETCD_UNREACHABLE:
    case STEK_ETCD_SILENT:
    case STEK_ETCD_NO_QUORUM:
    case STEK_ETCD_SERVER_CERT:
    case STEK_ETCD_CLIENT_CERT:
    case STEK_ETCD_PROTOCOL:
    case STEK_ETCD_CLUSTER:
    case STEK_ETCD_LOCAL:
        return true;
    default:
        return false;
    }
}
