/* SPDX-License-Identifier: Apache-2.0 */
/* Our own certificate's time: etcd only hangs up on one that has expired, and TLS 1.3 tells us late
 * or not at all. */
#include "etcd/state.h"

#include <stdio.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

/* "Nov 24 20:00:00 2026 GMT" into at most `room` bytes. */
static void print_time(const ASN1_TIME *time, char *ret_text, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    int len =
        bio != NULL && ASN1_TIME_print(bio, time) == 1 ? BIO_read(bio, ret_text, (int)room - 1) : 0;

    ret_text[len > 0 ? len : 0] = '\0';
    BIO_free(bio);
}

static X509 *load(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *cert = file != NULL ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (file != NULL)
        (void)fclose(file);
    return cert;
}

/* Below 0: in the past; above: in the future. 0 also for a time that cannot be read. */
static int from_now(const ASN1_TIME *when)
{
    int days, seconds;

    if (ASN1_TIME_diff(&days, &seconds, NULL, when) != 1)
        return 0;
    return days != 0 ? days : seconds;
}

void stek_etcd_blame_cert(const char *path, const char *endpoint, struct stek_etcd_problem *problem)
{
    X509 *cert = path != NULL ? load(path) : NULL;
    char text[STEK_ETCD_TEXT_MAX];
    char when[64] = "";

    if (cert == NULL)
        return;
    const bool expired = from_now(X509_get0_notAfter(cert)) < 0;
    const bool early = from_now(X509_get0_notBefore(cert)) > 0;
    print_time(expired ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert), when, sizeof when);
    X509_free(cert);
    if (!expired && !early)
        return;
    snprintf(text, sizeof text, "the certificate of [fleet] cert %s %s",
             expired ? "expired on" : "is not valid before", when);
    stek_etcd_problem_set(problem, STEK_ETCD_CLIENT_CERT, endpoint, text);
}
