/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session tickets of mbedTLS servers under the keys of a stek ring: see stek-mbedtls(3).
 *
 *     static struct stek_mbedtls tickets;
 *     if (stek_label_new(ring, "mbedtls www.example.org", &tickets.label) != STEK_OK) ...
 *     stek_mbedtls_attach(&conf, &tickets);
 */
#ifndef STEK_MBEDTLS_H
#define STEK_MBEDTLS_H

#ifndef STEK_NO_OPENSSL
#define STEK_NO_OPENSSL
#endif
#include <stek.h>

#include <mbedtls/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the tickets of a configuration need. Fields that are 0 take their default, but `label`. */
struct stek_mbedtls {
    struct stek_label *label;  /* borrowed */
    int64_t max_session_age_s; /* how long a session resumes after its full handshake: default 24
                                  hours */
};

/*
 * Lets `conf` seal and open its session tickets with the keys of a label, in the place of
 * mbedtls_ssl_conf_session_tickets_cb(). Without a usable key clients get no ticket, and a ticket
 * that does not open means a full handshake. `tickets` and its label are borrowed: they, unchanged,
 * must outlive `conf`. Any number of configurations, threads and forks may use them. Errors:
 * STEK_ERR_ARGUMENT.
 */
STEK_MUST_USE enum stek_result stek_mbedtls_attach(mbedtls_ssl_config *conf,
                                                   const struct stek_mbedtls *tickets);

#ifdef __cplusplus
}
#endif

#endif
