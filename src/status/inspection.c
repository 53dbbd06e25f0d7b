/* SPDX-License-Identifier: Apache-2.0 */
#include "status/inspection.h"
#include "core/hex.h"

#include "status/status.h"

#include <stdio.h>
#include <string.h>

const char *stek_inspection_verdict_name(enum stek_inspect_verdict verdict)
{
    static const char *const names[] = {[STEK_INSPECT_TOO_SHORT] = "no-ticket",
                                        [STEK_INSPECT_UNKNOWN] = "unknown",
                                        [STEK_INSPECT_DAMAGED] = "damaged",
                                        [STEK_INSPECT_UNREADABLE] = "unreadable",
                                        [STEK_INSPECT_SOUND] = "sound"};

    return names[verdict];
}

static bool add(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static json_t *hex_json(const uint8_t *bytes, size_t len)
{
    char hex[2 * STEK_CONTEXT_MAX + 1];

    stek_hex_digits(bytes, len, hex);
    return json_stringn(hex, 2 * len);
}

/* A label as it is; the 32 bytes of an auto context, which are no text, as "auto:" and digits. */
static json_t *context_json(const struct stek_context *context)
{
    bool text = true;

    for (size_t i = 0; i < context->len; i++)
        text &= context->bytes[i] >= ' ' && context->bytes[i] <= '~';
    if (text)
        return json_stringn((const char *)context->bytes, context->len);
    json_t *hex = hex_json(context->bytes, context->len);
    json_t *labelled = hex != NULL ? json_sprintf("auto:%.16s", json_string_value(hex)) : NULL;
    json_decref(hex);
    return labelled;
}

static bool add_key(json_t *object, const struct stek_inspection *inspection)
{
    return add(object, "seq", json_integer((json_int_t)inspection->seq)) &&
           add(object, "fingerprint",
               hex_json(inspection->fingerprint.bytes, sizeof inspection->fingerprint.bytes)) &&
           add(object, "state", json_string(stek_state_name(inspection->state))) &&
           add(object, "active_from", json_integer((json_int_t)inspection->active_from)) &&
           add(object, "active_until", json_integer((json_int_t)inspection->active_until)) &&
           add(object, "accept_until", json_integer((json_int_t)inspection->accept_until)) &&
           add(object, "context", context_json(&inspection->context));
}

/* What a client sent: not always text that JSON can hold. */
static json_t *name_json(const char *name)
{
    json_t *text = json_string(name);

    return text != NULL ? text : json_string("");
}

static bool add_session(json_t *object, const struct stek_inspection *inspection)
{
    const json_int_t origin = (json_int_t)inspection->origin;

    return (inspection->sealed_at == 0 ||
            add(object, "sealed_at", json_integer((json_int_t)inspection->sealed_at))) &&
           add(object, "timeout_s", json_integer((json_int_t)inspection->timeout_s)) &&
           add(object, "full_handshake_at",
               inspection->has_origin ? json_integer(origin) : json_null()) &&
           add(object, "tls_version", json_integer(inspection->tls_version)) &&
           add(object, "client_certificate", json_boolean(inspection->has_cert)) &&
           add(object, "server_name", name_json(inspection->server_name));
}

json_t *stek_inspection_json(const struct stek_inspection *inspection)
{
    json_t *object = json_object();
    const enum stek_inspect_verdict verdict = inspection->verdict;

    if (object != NULL &&
        add(object, "verdict", json_string(stek_inspection_verdict_name(verdict))) &&
        (verdict == STEK_INSPECT_TOO_SHORT ||
         add(object, "name", hex_json(inspection->name, STEK_NAME_LEN))) &&
        (verdict < STEK_INSPECT_DAMAGED || add_key(object, inspection)) &&
        (verdict < STEK_INSPECT_SOUND || add_session(object, inspection)))
        return object;
    json_decref(object);
    return NULL;
}
