/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/record/fields.h"
#include "core/hex.h"

#include "crypto/wipe.h"

#include <stdlib.h>
#include <string.h>

static const char *const purposes[STEK_AUDIT_PURPOSES] = {
    "offer",        "resume",        "reuse",   "psk-only", "unknown",    "tamper",
    "other-cipher", "other-version", "control", "matrix",   "other-name", "early-first",
    "early-replay", "early-again",   "sample",  "life",     "chain"};
static const char *const outcomes[STEK_AUDIT_OUTCOMES] = {"done",    "alert",    "closed",
                                                          "timeout", "rejected", "unreachable"};
static const char *const early[3] = {"not-sent", "refused", "accepted"};

#define AT(type, member) offsetof(struct type, member), sizeof((struct type *)0)->member
#define NUMBER(type, member, kind, min, max)                                                       \
    {                                                                                              \
#member, STEK_AUDIT_FIELD_##kind, AT(type, member), min, max, NULL                         \
    }
#define FIELD(type, member, kind) NUMBER(type, member, kind, 0, 0)
#define ENUM(type, member, values, names)                                                          \
    {                                                                                              \
#member, STEK_AUDIT_FIELD_ENUM, offsetof(struct type, member), values, 0, 0, names         \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, STEK_AUDIT_FIELD_U8, 0, 0, 0, 0, NULL                                                \
    }

const struct stek_audit_field stek_audit_plan_fields[] = {FIELD(stek_audit_plan, tickets, U32),
                                                          FIELD(stek_audit_plan, rate, U32),
                                                          FIELD(stek_audit_plan, over_s, TIME),
                                                          FIELD(stek_audit_plan, watch_s, TIME),
                                                          FIELD(stek_audit_plan, sample_s, TIME),
                                                          FIELD(stek_audit_plan, starttls, TEXT),
                                                          END};

const struct stek_audit_field stek_audit_target_fields[] = {
    FIELD(stek_audit_target, host, TEXT), FIELD(stek_audit_target, port, U16),
    FIELD(stek_audit_target, sni, TEXT), FIELD(stek_audit_target, address, TEXT), END};

const struct stek_audit_field stek_audit_handshake_fields[] = {
    ENUM(stek_audit_handshake, purpose, STEK_AUDIT_PURPOSES, purposes),
    FIELD(stek_audit_handshake, target, U32),
    FIELD(stek_audit_handshake, ticket, INDEX),
    FIELD(stek_audit_handshake, at, TIME),
    FIELD(stek_audit_handshake, took_ms, U32),
    FIELD(stek_audit_handshake, sni, TEXT),
    NUMBER(stek_audit_handshake, version_offered, U16, STEK_AUDIT_TLS12, STEK_AUDIT_TLS13),
    NUMBER(stek_audit_handshake, flip_at, I32, -1, STEK_AUDIT_TICKET_LEN_MAX),
    ENUM(stek_audit_handshake, outcome, STEK_AUDIT_OUTCOMES, outcomes),
    FIELD(stek_audit_handshake, alert, U8),
    FIELD(stek_audit_handshake, finished, BOOL),
    FIELD(stek_audit_handshake, resumed, BOOL),
    FIELD(stek_audit_handshake, version, U16),
    FIELD(stek_audit_handshake, cipher, U16),
    FIELD(stek_audit_handshake, dhe, BOOL),
    FIELD(stek_audit_handshake, cert_requested, BOOL),
    FIELD(stek_audit_handshake, cert_sent, BOOL),
    FIELD(stek_audit_handshake, cert_seen, BOOL),
    FIELD(stek_audit_handshake, cert_fits, BOOL),
    FIELD(stek_audit_handshake, cert_trusted, BOOL),
    FIELD(stek_audit_handshake, cert_sha256, HEX),
    FIELD(stek_audit_handshake, tickets, U32),
    ENUM(stek_audit_handshake, early, 3, early),
    FIELD(stek_audit_handshake, answer, TEXT),
    FIELD(stek_audit_handshake, problem, TEXT),
    END};

const struct stek_audit_field stek_audit_ticket_fields[] = {
    FIELD(stek_audit_ticket, handshake, U32),
    FIELD(stek_audit_ticket, target, U32),
    FIELD(stek_audit_ticket, sni, TEXT),
    FIELD(stek_audit_ticket, received, TIME),
    NUMBER(stek_audit_ticket, version, U16, STEK_AUDIT_TLS12, STEK_AUDIT_TLS13),
    FIELD(stek_audit_ticket, cipher, U16),
    FIELD(stek_audit_ticket, hint_s, U32),
    FIELD(stek_audit_ticket, max_early_data, U32),
    FIELD(stek_audit_ticket, cert_sent, BOOL),
    END};

const struct stek_audit_field stek_audit_gave_up_fields[] = {
    FIELD(stek_audit_gave_up, target, U32), FIELD(stek_audit_gave_up, why, TEXT), END};

json_t *stek_audit_hex_new(const uint8_t *bytes, size_t len)
{
    char *text = malloc(2 * len + 1);

    if (text == NULL)
        return NULL;
    stek_hex_digits(bytes, len, text);
    json_t *value = json_stringn(text, 2 * len);
    stek_wipe(text, 2 * len);
    free(text);
    return value;
}

uint8_t *stek_audit_unhex_new(const json_t *text, size_t max, size_t *ret_len)
{
    const char *digits = json_string_value(text);
    const size_t len = digits != NULL ? json_string_length(text) / 2 : 0;
    uint8_t *bytes =
        digits != NULL && len <= max && json_string_length(text) % 2 == 0 ? malloc(len + 1) : NULL;

    if (bytes != NULL && !stek_hex_read(digits, len, bytes)) {
        stek_wipe(bytes, len);
        free(bytes);
        return NULL;
    }
    if (bytes != NULL)
        *ret_len = len;
    return bytes;
}

static uint64_t load(const struct stek_audit_field *field, const char *at)
{
    uint64_t value = 0;

    memcpy(&value, at, field->size); /* little-endian or not, see store() */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value >>= 8 * (sizeof value - field->size);
#endif
    return value;
}

static void store(const struct stek_audit_field *field, char *at, uint64_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value <<= 8 * (sizeof value - field->size);
#endif
    memcpy(at, &value, field->size);
}

static json_t *write_value(const struct stek_audit_field *field, const char *at)
{
    unsigned value;
    bool flag;

    switch (field->kind) {
    case STEK_AUDIT_FIELD_I32:
        return json_integer((int32_t)load(field, at));
    case STEK_AUDIT_FIELD_INDEX:
        return load(field, at) == STEK_AUDIT_NONE ? json_null()
                                                  : json_integer((json_int_t)load(field, at));
    case STEK_AUDIT_FIELD_BOOL:
        memcpy(&flag, at, sizeof flag);
        return json_boolean(flag);
    case STEK_AUDIT_FIELD_TEXT:
        return json_stringn(at, strnlen(at, field->size - 1));
    case STEK_AUDIT_FIELD_HEX:
        return stek_audit_hex_new((const uint8_t *)at, field->size);
    case STEK_AUDIT_FIELD_ENUM:
        memcpy(&value, at, sizeof value);
        return value < field->size ? json_string(field->names[value]) : NULL;
    default:
        return json_integer((json_int_t)load(field, at));
    }
}

bool stek_audit_fields_write(const struct stek_audit_field *fields, const void *from,
                             json_t *object)
{
    for (; fields->name != NULL; fields++)
        if (json_object_set_new(object, fields->name,
                                write_value(fields, (const char *)from + fields->offset)) != 0)
            return false;
    return true;
}

static bool read_number(const struct stek_audit_field *field, const json_t *value, char *at)
{
    static const int64_t maximum[] = {
        [STEK_AUDIT_FIELD_U8] = UINT8_MAX,          [STEK_AUDIT_FIELD_U16] = UINT16_MAX,
        [STEK_AUDIT_FIELD_U32] = UINT32_MAX,        [STEK_AUDIT_FIELD_I32] = INT32_MAX,
        [STEK_AUDIT_FIELD_TIME] = INT64_C(1) << 40, [STEK_AUDIT_FIELD_INDEX] = UINT32_MAX - 1};
    const int64_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < field->min ||
        number > (field->max != 0 ? field->max : maximum[field->kind]))
        return false;
    store(field, at, (uint64_t)number);
    return true;
}

static bool read_text(const struct stek_audit_field *field, const json_t *value, char *at)
{
    const char *text = json_string_value(value);
    const size_t len = text != NULL ? json_string_length(value) : field->size;

    for (size_t i = 0; len < field->size && i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    if (len >= field->size)
        return false;
    memset(at, 0, field->size);
    memcpy(at, text, len);
    return true;
}

static bool read_hex(const struct stek_audit_field *field, const json_t *value, char *at)
{
    size_t len = 0;
    uint8_t *bytes = stek_audit_unhex_new(value, field->size, &len);
    const bool ok = bytes != NULL && len == field->size;

    if (ok)
        memcpy(at, bytes, len);
    free(bytes);
    return ok;
}

static bool read_enum(const struct stek_audit_field *field, const json_t *value, char *at)
{
    const char *text = json_string_value(value);

    for (unsigned i = 0; text != NULL && i < field->size; i++)
        if (strcmp(text, field->names[i]) == 0) {
            memcpy(at, &i, sizeof i);
            return true;
        }
    return false;
}

static bool read_value(const struct stek_audit_field *field, const json_t *value, char *at)
{
    const bool flag = json_is_true(value);

    switch (field->kind) {
    case STEK_AUDIT_FIELD_BOOL:
        memcpy(at, &flag, sizeof flag);
        return json_is_boolean(value);
    case STEK_AUDIT_FIELD_TEXT:
        return read_text(field, value, at);
    case STEK_AUDIT_FIELD_HEX:
        return read_hex(field, value, at);
    case STEK_AUDIT_FIELD_ENUM:
        return read_enum(field, value, at);
    case STEK_AUDIT_FIELD_INDEX:
        if (!json_is_null(value))
            return read_number(field, value, at);
        store(field, at, STEK_AUDIT_NONE);
        return true;
    default:
        return read_number(field, value, at);
    }
}

const char *stek_audit_fields_read(const struct stek_audit_field *fields, const json_t *object,
                                   void *ret_to)
{
    for (; fields->name != NULL; fields++)
        if (!read_value(fields, json_object_get(object, fields->name),
                        (char *)ret_to + fields->offset))
            return fields->name;
    return NULL;
}
