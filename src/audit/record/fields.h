/* SPDX-License-Identifier: Apache-2.0 */
/* Plain structures as JSON objects and back, by a table of their fields. */
#ifndef STEK_AUDIT_RECORD_FIELDS_H
#define STEK_AUDIT_RECORD_FIELDS_H

#include "stek.h"

#include "audit/observation.h"

#include <jansson.h>

enum stek_audit_field_kind {
    STEK_AUDIT_FIELD_U8,
    STEK_AUDIT_FIELD_U16,
    STEK_AUDIT_FIELD_U32,
    STEK_AUDIT_FIELD_I32,
    STEK_AUDIT_FIELD_TIME,  /* int64_t, 0 to 2^40 */
    STEK_AUDIT_FIELD_INDEX, /* uint32_t; null for STEK_AUDIT_NONE */
    STEK_AUDIT_FIELD_BOOL,
    STEK_AUDIT_FIELD_TEXT, /* char[size]: printable ASCII */
    STEK_AUDIT_FIELD_HEX,  /* uint8_t[size], always whole */
    STEK_AUDIT_FIELD_ENUM  /* an enum; its value's name among `names` */
};

struct stek_audit_field {
    const char *name; /* NULL ends a table */
    enum stek_audit_field_kind kind;
    size_t offset, size;
    int64_t min, max; /* of numbers, where they are narrower than the type; max 0: the type's */
    const char *const *names; /* of an enum, `size` of them */
};

extern const struct stek_audit_field stek_audit_plan_fields[];
extern const struct stek_audit_field stek_audit_target_fields[];
extern const struct stek_audit_field stek_audit_handshake_fields[];
extern const struct stek_audit_field
    stek_audit_ticket_fields[]; /* without those of a length of their own */

/* Why no more connections were made to a target. */
struct stek_audit_gave_up {
    uint32_t target;
    char why[sizeof((struct stek_audit_target *)0)->gave_up];
};
extern const struct stek_audit_field stek_audit_gave_up_fields[];

/* Sets the fields of `object`. Returns false when there is no memory. */
bool stek_audit_fields_write(const struct stek_audit_field *fields, const void *from,
                             json_t *object);

/* Reads every field. Returns NULL, or the name of the first that is missing or out of range. */
const char *stek_audit_fields_read(const struct stek_audit_field *fields, const json_t *object,
                                   void *ret_to);

/* Lower-case hex. NULL: no memory. */
json_t *stek_audit_hex_new(const uint8_t *bytes, size_t len);

/* The bytes of a hex text, at most `max`; the caller frees. NULL: bad text, or no memory. */
uint8_t *stek_audit_unhex_new(const json_t *text, size_t max, size_t *ret_len);

#endif
