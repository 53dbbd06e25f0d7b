/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/session_edit.h"

#include "crypto/wipe.h"

#include <openssl/asn1.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIXED_FIELDS = 5,
    FIELD_VERSION = 1,
    FIELD_CIPHER = 2,
    TAG_HINT = 9,
    TAG_TICKET = 10,
    HEADER_LEN_MAX = 8
};

/* The number of an optional field, or -1. */
static int tag_of(const ASN1_TYPE *field)
{
    if (field->type != V_ASN1_OTHER || ASN1_STRING_length(field->value.asn1_string) < 2)
        return -1;
    return ASN1_STRING_get0_data(field->value.asn1_string)[0] & 0x1f;
}

/* Wraps the DER of a value as [tag] EXPLICIT. NULL: no memory. */
static ASN1_TYPE *wrapped(int tag, const uint8_t *inner, int inner_len)
{
    uint8_t *der = malloc((size_t)inner_len + HEADER_LEN_MAX);
    ASN1_TYPE *field = ASN1_TYPE_new();
    ASN1_STRING *text = ASN1_STRING_type_new(V_ASN1_OTHER);
    uint8_t *at = der;

    if (der == NULL || field == NULL || text == NULL)
        goto fail;
    ASN1_put_object(&at, 1, inner_len, tag, V_ASN1_CONTEXT_SPECIFIC);
    memcpy(at, inner, (size_t)inner_len);
    if (ASN1_STRING_set(text, der, (int)(at - der) + inner_len) != 1)
        goto fail;
    ASN1_TYPE_set(field, V_ASN1_OTHER, text);
    free(der);
    return field;
fail:
    free(der);
    ASN1_TYPE_free(field);
    ASN1_STRING_free(text);
    return NULL;
}

/* Inserts the field, or replaces one with the same number. Takes ownership if it succeeds. */
static bool put_field(ASN1_SEQUENCE_ANY *fields, int tag, ASN1_TYPE *field)
{
    int at = FIXED_FIELDS;

    while (at < sk_ASN1_TYPE_num(fields) && tag_of(sk_ASN1_TYPE_value(fields, at)) < tag)
        at++;
    if (at < sk_ASN1_TYPE_num(fields) && tag_of(sk_ASN1_TYPE_value(fields, at)) == tag) {
        ASN1_TYPE_free(sk_ASN1_TYPE_value(fields, at));
        (void)sk_ASN1_TYPE_set(fields, at, field);
        return true;
    }
    return sk_ASN1_TYPE_insert(fields, field, at) > 0;
}

static bool put_encoded(ASN1_SEQUENCE_ANY *fields, int tag, uint8_t *inner, int inner_len)
{
    ASN1_TYPE *field = inner_len > 0 ? wrapped(tag, inner, inner_len) : NULL;
    const bool ok = field != NULL && put_field(fields, tag, field);

    if (!ok)
        ASN1_TYPE_free(field);
    OPENSSL_free(inner);
    return ok;
}

static bool put_ticket(ASN1_SEQUENCE_ANY *fields, const uint8_t *ticket, size_t len)
{
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    uint8_t *inner = NULL;
    int inner_len = -1;

    if (value != NULL && ASN1_OCTET_STRING_set(value, ticket, (int)len) == 1)
        inner_len = i2d_ASN1_OCTET_STRING(value, &inner);
    ASN1_OCTET_STRING_free(value);
    return put_encoded(fields, TAG_TICKET, inner, inner_len);
}

static bool put_hint(ASN1_SEQUENCE_ANY *fields, uint32_t hint_s)
{
    ASN1_INTEGER *value = ASN1_INTEGER_new();
    uint8_t *inner = NULL;
    int inner_len = -1;

    if (value != NULL && ASN1_INTEGER_set_uint64(value, hint_s) == 1)
        inner_len = i2d_ASN1_INTEGER(value, &inner);
    ASN1_INTEGER_free(value);
    return put_encoded(fields, TAG_HINT, inner, inner_len);
}

static bool put_version(ASN1_SEQUENCE_ANY *fields, uint16_t version, uint16_t cipher)
{
    const uint8_t suite[2] = {(uint8_t)(cipher >> 8), (uint8_t)cipher};

    return ASN1_INTEGER_set(sk_ASN1_TYPE_value(fields, FIELD_VERSION)->value.integer, version) ==
               1 &&
           ASN1_STRING_set(sk_ASN1_TYPE_value(fields, FIELD_CIPHER)->value.octet_string, suite,
                           sizeof suite) == 1;
}

static bool is_session(const ASN1_SEQUENCE_ANY *fields)
{
    return fields != NULL && sk_ASN1_TYPE_num(fields) >= FIXED_FIELDS &&
           sk_ASN1_TYPE_value(fields, FIELD_VERSION)->type == V_ASN1_INTEGER &&
           sk_ASN1_TYPE_value(fields, FIELD_CIPHER)->type == V_ASN1_OCTET_STRING;
}

/* OpenSSL 4 shows the bytes to read only; they are this file's own all the same. */
static void wipe_string(const ASN1_OCTET_STRING *text)
{
    const uintptr_t bytes = (uintptr_t)ASN1_STRING_get0_data(text);

    stek_wipe((void *)bytes, (size_t)ASN1_STRING_length(text));
}

static void wipe_and_free(ASN1_SEQUENCE_ANY *fields)
{
    for (int i = 0; i < sk_ASN1_TYPE_num(fields); i++) {
        const ASN1_TYPE *field = sk_ASN1_TYPE_value(fields, i);
        if (field->type == V_ASN1_OCTET_STRING)
            wipe_string(field->value.octet_string);
    }
    sk_ASN1_TYPE_pop_free(fields, ASN1_TYPE_free);
}

static enum stek_result encode(const ASN1_SEQUENCE_ANY *fields, uint8_t **ret_session,
                               size_t *ret_len)
{
    const int len = i2d_ASN1_SEQUENCE_ANY(fields, NULL);
    uint8_t *der = len > 0 ? malloc((size_t)len) : NULL;
    uint8_t *at = der;

    if (der == NULL)
        return STEK_ERR_MEMORY;
    *ret_len = (size_t)i2d_ASN1_SEQUENCE_ANY(fields, &at);
    *ret_session = der;
    return STEK_OK;
}

enum stek_result stek_audit_session_edit(const uint8_t *session, size_t session_len,
                                         const struct stek_audit_edit *edit, uint8_t **ret_session,
                                         size_t *ret_len)
{
    const uint8_t *at = session;
    ASN1_SEQUENCE_ANY *fields = d2i_ASN1_SEQUENCE_ANY(NULL, &at, (long)session_len);
    enum stek_result result = STEK_ERR_FORMAT;

    if (is_session(fields)) {
        const bool ok =
            (edit->ticket == NULL || put_ticket(fields, edit->ticket, edit->ticket_len)) &&
            (edit->hint_s == 0 || put_hint(fields, edit->hint_s)) &&
            (edit->version == 0 || put_version(fields, edit->version, edit->cipher));
        result = ok ? encode(fields, ret_session, ret_len) : STEK_ERR_MEMORY;
    }
    wipe_and_free(fields);
    return result;
}
