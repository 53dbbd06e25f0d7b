/* SPDX-License-Identifier: Apache-2.0 */
/* The files that libcurl is given, and our own certificate's time: etcd only hangs up on one that
 * has expired, and TLS 1.3 tells us late or not at all. */
#include "etcd/state.h"

#include <stdio.h>
#include <sys/stat.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

enum { FILE_MAX = 4 << 20 };

/* The reading library waits at a pipe, and reads a device and a hole for as long as they last. What
 * is missing it says in its own words. */
static const char *file_problem(const char *path)
{
    struct stat about;

    if (path == NULL || stat(path, &about) != 0)
        return NULL;
    if (!S_ISREG(about.st_mode))
        return "not a regular file";
    return about.st_size > FILE_MAX ? "longer than 4 MiB" : NULL;
}

bool stek_etcd_files_are_sound(const struct stek_etcd_options *options, const char *endpoint,
                               struct stek_etcd_problem *ret_problem)
{
    const char *const paths[] = {options->ca, options->cert, options->key};
    static const char *const settings[] = {"ca", "cert", "key"};
    char text[STEK_ETCD_TEXT_MAX];

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *problem = file_problem(paths[i]);
        if (problem == NULL)
            continue;
        snprintf(text, sizeof text, "[fleet] %s = %.200s: %s", settings[i], paths[i], problem);
        stek_etcd_problem_set(ret_problem, STEK_ETCD_LOCAL, endpoint, text);
        return false;
    }
    return true;
}

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
    FILE *file = file_problem(path) == NULL ? fopen(path, "re") : NULL;
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
