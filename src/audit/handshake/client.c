/* SPDX-License-Identifier: Apache-2.0 */
/* The SSL_CTXs of the audit's client. */
#include "audit/handshake/client.h"

#include "audit/handshake/net.h"
#include "audit/handshake/talk_watch.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALPN_LEN_MAX = 512 };

/* Servers of any age are looked at, so nothing is refused that libssl can still speak. */
static const char all_suites[] = "ALL:@SECLEVEL=0";

/* An option that names a file, and what the file has to hold. */
struct file_option {
    const char *name;
    const char *holds;
};

static const struct file_option ca_option = {"--ca", "CA certificates"};
static const struct file_option cert_option = {"--cert", "the client's certificate"};
static const struct file_option key_option = {"--key", "the private key of --cert"};

static bool is_of_another_key(unsigned long error)
{
    return ERR_GET_LIB(error) == ERR_LIB_X509 &&
           (ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH ||
            ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH);
}

static bool holds_nothing(unsigned long error)
{
    return (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) ||
           (ERR_GET_LIB(error) == ERR_LIB_X509 &&
            ERR_GET_REASON(error) == X509_R_NO_CERTIFICATE_OR_CRL_FOUND);
}

static void explain(const struct file_option *option, const char *file, char *ret_problem,
                    size_t problem_len)
{
    const unsigned long first = ERR_peek_error(), last = ERR_peek_last_error();
    const char *reason = last != 0 ? ERR_reason_error_string(last) : NULL;

    if (ERR_SYSTEM_ERROR(first))
        reason = stek_audit_errno_text(ERR_GET_REASON(first));
    else if (is_of_another_key(last))
        reason = "it is another key than the certificate's";
    else if (holds_nothing(first) || holds_nothing(last))
        reason = "it holds nothing of that kind";

    (void)snprintf(ret_problem, problem_len, "%s %s: %s: give a file with %s in PEM", option->name,
                   file, reason != NULL ? reason : "cannot be used", option->holds);
    ERR_clear_error();
}

/* `h2,http/1.1` as the extension has it: each name after its length (RFC 7301 section 3.1). Returns
 * the length, or 0. */
static size_t alpn_wire(const char *names, uint8_t wire[ALPN_LEN_MAX])
{
    size_t used = 0;

    for (const char *at = names;; at++) {
        const size_t len = strcspn(at, ",");
        if (len == 0 || len > 255 || used + 1 + len > ALPN_LEN_MAX)
            return 0;
        wire[used++] = (uint8_t)len;
        memcpy(wire + used, at, len);
        used += len;
        at += len;
        if (*at == '\0')
            return used;
    }
}

bool stek_audit_alpn_allowed(const char *names)
{
    uint8_t wire[ALPN_LEN_MAX];

    return alpn_wire(names, wire) > 0;
}

static bool set_alpn(SSL_CTX *ctx, const char *names)
{
    uint8_t wire[ALPN_LEN_MAX];
    const size_t len = alpn_wire(names, wire);

    return len > 0 && SSL_CTX_set_alpn_protos(ctx, wire, (unsigned)len) == 0;
}

static bool set_files(SSL_CTX *ctx, const struct stek_audit_client_settings *settings,
                      bool with_cert, char *ret_problem, size_t problem_len)
{
    const bool cas = settings->ca != NULL
                         ? SSL_CTX_load_verify_locations(ctx, settings->ca, NULL) == 1
                         : SSL_CTX_set_default_verify_paths(ctx) == 1;
    if (!cas) {
        explain(&ca_option, settings->ca != NULL ? settings->ca : "(the system's)", ret_problem,
                problem_len);
        return false;
    }
    if (!with_cert || settings->cert == NULL)
        return true;
    if (SSL_CTX_use_certificate_chain_file(ctx, settings->cert) != 1) {
        explain(&cert_option, settings->cert, ret_problem, problem_len);
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, settings->key, SSL_FILETYPE_PEM) != 1) {
        explain(&key_option, settings->key, ret_problem, problem_len);
        return false;
    }
    return true;
}

static SSL_CTX *make_ctx(const struct stek_audit_client_settings *settings, uint16_t version,
                         bool with_cert, char *ret_problem, size_t problem_len)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    (void)snprintf(ret_problem, problem_len, "libssl cannot create a client");
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_cipher_list(ctx, all_suites) != 1)
        goto fail;
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    /* Many servers close the connection after their answer, and some are too old for RFC 5746. */
    (void)SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
    (void)SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    (void)SSL_CTX_set_mode(ctx,
                           SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    stek_audit_talk_watch(ctx);
    if (settings->alpn != NULL && !set_alpn(ctx, settings->alpn)) {
        (void)snprintf(ret_problem, problem_len, "--alpn %s: cannot be offered", settings->alpn);
        goto fail;
    }
    if (!set_files(ctx, settings, with_cert, ret_problem, problem_len))
        goto fail;
    ret_problem[0] = '\0';
    return ctx;
fail:
    SSL_CTX_free(ctx);
    return NULL;
}

enum stek_result stek_audit_client_new(const struct stek_audit_client_settings *settings,
                                       const struct stek_audit_stop *stop,
                                       struct stek_audit_client **ret_client, char *ret_problem,
                                       size_t problem_len)
{
    struct stek_audit_client *client = calloc(1, sizeof *client);

    if (client == NULL)
        return STEK_ERR_MEMORY;
    (void)OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    client->settings = *settings;
    if (stop != NULL)
        client->stop = *stop;
    for (int i = 0; i < 4; i++) {
        client->ctx[i / 2][i % 2] =
            make_ctx(settings, i / 2 == 0 ? STEK_AUDIT_TLS12 : STEK_AUDIT_TLS13, i % 2 == 1,
                     ret_problem, problem_len);
        if (client->ctx[i / 2][i % 2] == NULL) {
            stek_audit_client_free(client);
            return STEK_ERR_CRYPTO;
        }
    }
    *ret_client = client;
    return STEK_OK;
}

void stek_audit_client_free(struct stek_audit_client *client)
{
    if (client == NULL)
        return;
    for (int i = 0; i < 4; i++)
        SSL_CTX_free(client->ctx[i / 2][i % 2]);
    free(client);
}

SSL_CTX *stek_audit_client_ctx(const struct stek_audit_client *client, uint16_t version,
                               bool with_cert)
{
    return client->ctx[version == STEK_AUDIT_TLS13 ? 1 : 0][with_cert ? 1 : 0];
}

static const SSL_CIPHER *find_cipher(const struct stek_audit_client *client, uint16_t cipher)
{
    const STACK_OF(SSL_CIPHER) *known = SSL_CTX_get_ciphers(client->ctx[0][0]);

    for (int i = 0; i < sk_SSL_CIPHER_num(known); i++)
        if (SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(known, i)) == cipher)
            return sk_SSL_CIPHER_value(known, i);
    return NULL;
}

const char *stek_audit_cipher_name(const struct stek_audit_client *client, uint16_t cipher)
{
    const SSL_CIPHER *found = find_cipher(client, cipher);

    return found != NULL ? SSL_CIPHER_get_name(found) : NULL;
}

bool stek_audit_cipher_is_sha384(const struct stek_audit_client *client, uint16_t cipher)
{
    const SSL_CIPHER *found = find_cipher(client, cipher);
    const EVP_MD *hash = found != NULL ? SSL_CIPHER_get_handshake_digest(found) : NULL;

    return hash != NULL && EVP_MD_get_size(hash) == 48;
}
