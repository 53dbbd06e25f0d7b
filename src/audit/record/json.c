/* SPDX-License-Identifier: Apache-2.0 */
/* One line is {"type": "audit" | "target" | "handshake" | "ticket" | "gave-up" | "end", …}; the
 * first is "audit". */
#include "audit/record/record.h"

#include "audit/record/fields.h"
#include "crypto/wipe.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_VERSION = 1, LINE_LEN_MAX = 1 << 20, KINDS = 5 };

struct stek_audit_record_mark stek_audit_record_mark(const struct stek_audit_observation *obs)
{
    return (struct stek_audit_record_mark){true, obs->targets_len, obs->handshakes_len,
                                           obs->tickets_len};
}

/* Takes over `line`; NULL means that there was no memory for it. */
static enum stek_result put_line(FILE *out, json_t *line)
{
    if (line == NULL)
        return STEK_ERR_MEMORY;
    char *text = json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (text == NULL)
        return STEK_ERR_MEMORY;
    const size_t len = strlen(text);
    text[len] = '\n'; /* in place of the end */
    const bool whole = fwrite(text, len + 1, 1, out) == 1;
    stek_wipe(text, len + 1);
    free(text);
    return whole ? STEK_OK : STEK_ERR_SYSTEM;
}

static json_t *new_line(const char *type, const struct stek_audit_field *fields, const void *from)
{
    json_t *line = json_pack("{s:s}", "type", type);

    if (line != NULL && stek_audit_fields_write(fields, from, line))
        return line;
    json_decref(line);
    return NULL;
}

static enum stek_result put_head(FILE *out, const struct stek_audit_observation *obs)
{
    json_t *line = new_line("audit", stek_audit_plan_fields, &obs->plan);

    if (line != NULL && (json_object_set_new(line, "version", json_integer(RECORD_VERSION)) != 0 ||
                         json_object_set_new(line, "started", json_integer(obs->started)) != 0)) {
        json_decref(line);
        line = NULL;
    }
    return put_line(out, line);
}

static enum stek_result put_ticket(FILE *out, const struct stek_audit_ticket *ticket)
{
    json_t *line = new_line("ticket", stek_audit_ticket_fields, ticket);

    if (line != NULL &&
        (json_object_set_new(line, "nonce", stek_audit_hex_new(ticket->nonce, ticket->nonce_len)) !=
             0 ||
         json_object_set_new(line, "secret",
                             stek_audit_hex_new(ticket->secret, ticket->secret_len)) != 0 ||
         json_object_set_new(line, "bytes", stek_audit_hex_new(ticket->bytes, ticket->len)) != 0 ||
         json_object_set_new(line, "session",
                             stek_audit_hex_new(ticket->session, ticket->session_len)) != 0)) {
        json_decref(line);
        line = NULL;
    }
    return put_line(out, line);
}

/* A handshake, and the tickets that it brought. */
static enum stek_result put_handshake(FILE *out, const struct stek_audit_observation *obs,
                                      struct stek_audit_record_mark *mark)
{
    const size_t index = mark->handshakes++;
    const struct stek_audit_handshake *shake = &obs->handshakes[index];
    enum stek_result result = STEK_OK;

    while (result == STEK_OK && mark->targets <= shake->target) /* its address is known by now */
        result = put_line(
            out, new_line("target", stek_audit_target_fields, &obs->targets[mark->targets++]));
    if (result == STEK_OK)
        result = put_line(out, new_line("handshake", stek_audit_handshake_fields, shake));
    while (result == STEK_OK && mark->tickets < obs->tickets_len &&
           obs->tickets[mark->tickets].handshake == index)
        result = put_ticket(out, &obs->tickets[mark->tickets++]);
    return result;
}

enum stek_result stek_audit_record_append(FILE *out, const struct stek_audit_observation *obs,
                                          struct stek_audit_record_mark *mark)
{
    enum stek_result result = mark->begun ? STEK_OK : put_head(out, obs);

    mark->begun = true;
    while (result == STEK_OK && mark->handshakes < obs->handshakes_len)
        result = put_handshake(out, obs, mark);
    if (result == STEK_OK && fflush(out) != 0)
        result = STEK_ERR_SYSTEM;
    return result;
}

/* Such a target has had a handshake, so its line is there. */
static enum stek_result put_gave_up(FILE *out, const struct stek_audit_observation *obs)
{
    enum stek_result result = STEK_OK;

    for (size_t i = 0; i < obs->targets_len && result == STEK_OK; i++)
        if (obs->targets[i].gave_up[0] != '\0')
            result = put_line(out, json_pack("{s:s,s:I,s:s}", "type", "gave-up", "target",
                                             (json_int_t)i, "why", obs->targets[i].gave_up));
    return result;
}

enum stek_result stek_audit_record_end(FILE *out, const struct stek_audit_observation *obs)
{
    enum stek_result result = put_gave_up(out, obs);

    if (result == STEK_OK)
        result = put_line(out, json_pack("{s:s,s:I,s:b}", "type", "end", "ended", obs->ended,
                                         "interrupted", (int)obs->interrupted));
    return result == STEK_OK && fflush(out) != 0 ? STEK_ERR_SYSTEM : result;
}

/* A line that is being read, and what is wrong with it. */
struct reading {
    struct stek_audit_observation *obs;
    bool begun;
    char *problem;
    size_t problem_len;
};

__attribute__((format(printf, 2, 3))) static enum stek_result refuse(struct reading *reading,
                                                                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(reading->problem, reading->problem_len, format, args);
    va_end(args);
    return STEK_ERR_FORMAT;
}

static enum stek_result take_head(struct reading *reading, const json_t *line)
{
    const json_t *started = json_object_get(line, "started");
    const char *bad = stek_audit_fields_read(stek_audit_plan_fields, line, &reading->obs->plan);

    if (json_integer_value(json_object_get(line, "version")) != RECORD_VERSION)
        return refuse(reading, "not a recording of version %d", RECORD_VERSION);
    if (bad == NULL && (!json_is_integer(started) || json_integer_value(started) < 0 ||
                        json_integer_value(started) > INT64_C(1) << 40))
        bad = "started";
    if (bad != NULL)
        return refuse(reading, "'%s' is missing or out of range", bad);
    reading->obs->started = reading->obs->ended = json_integer_value(started);
    reading->begun = true;
    return STEK_OK;
}

static enum stek_result take_target(struct reading *reading, const json_t *line)
{
    struct stek_audit_target target = {0};
    const char *bad = stek_audit_fields_read(stek_audit_target_fields, line, &target);

    if (bad != NULL)
        return refuse(reading, "'%s' is missing or out of range", bad);
    const enum stek_result result = stek_audit_add_target(reading->obs, &target);
    return result == STEK_ERR_ARGUMENT ? refuse(reading, "too many targets") : result;
}

static enum stek_result take_handshake(struct reading *reading, const json_t *line)
{
    struct stek_audit_handshake shake = {0};
    const char *bad = stek_audit_fields_read(stek_audit_handshake_fields, line, &shake);

    if (bad != NULL)
        return refuse(reading, "'%s' is missing or out of range", bad);
    const enum stek_result result = stek_audit_add_handshake(reading->obs, &shake);
    if (result == STEK_OK && shake.at > reading->obs->ended)
        reading->obs->ended = shake.at;
    return result == STEK_ERR_ARGUMENT
               ? refuse(reading, "a handshake with a target or ticket that does not exist")
               : result;
}

/* The fields of a ticket that have a length of their own. Returns the name of the first that is
 * wrong. */
static const char *take_bytes(const json_t *line, struct stek_audit_ticket *ticket)
{
    size_t nonce_len = 0, secret_len = 0;
    uint8_t *nonce =
        stek_audit_unhex_new(json_object_get(line, "nonce"), sizeof ticket->nonce, &nonce_len);
    uint8_t *secret =
        stek_audit_unhex_new(json_object_get(line, "secret"), sizeof ticket->secret, &secret_len);
    const char *bad = nonce == NULL ? "nonce" : secret == NULL ? "secret" : NULL;

    if (nonce != NULL)
        memcpy(ticket->nonce, nonce, nonce_len);
    if (secret != NULL) {
        memcpy(ticket->secret, secret, secret_len);
        stek_wipe(secret, secret_len);
    }
    ticket->nonce_len = (uint8_t)nonce_len;
    ticket->secret_len = (uint8_t)secret_len;
    free(nonce);
    free(secret);
    ticket->bytes = stek_audit_unhex_new(json_object_get(line, "bytes"), STEK_AUDIT_TICKET_LEN_MAX,
                                         &ticket->len);
    ticket->session = stek_audit_unhex_new(json_object_get(line, "session"),
                                           STEK_AUDIT_SESSION_LEN_MAX, &ticket->session_len);
    if (bad == NULL && (ticket->bytes == NULL || ticket->len == 0))
        bad = "bytes";
    return bad == NULL && ticket->session == NULL ? "session" : bad;
}

static void ticket_wipe(struct stek_audit_ticket *ticket)
{
    if (ticket->session != NULL)
        stek_wipe(ticket->session, ticket->session_len);
    free(ticket->session);
    free(ticket->bytes);
    stek_wipe(ticket, sizeof *ticket);
}

static enum stek_result take_ticket(struct reading *reading, const json_t *line)
{
    STEK_SECRET(ticket) struct stek_audit_ticket ticket = {0};
    const char *bad = stek_audit_fields_read(stek_audit_ticket_fields, line, &ticket);

    if (bad == NULL)
        bad = take_bytes(line, &ticket);
    if (bad != NULL)
        return refuse(reading, "'%s' is missing or out of range", bad);
    const enum stek_result result = stek_audit_add_ticket(reading->obs, &ticket);
    return result == STEK_ERR_ARGUMENT
               ? refuse(reading, "a ticket with a handshake or target that does not exist")
               : result;
}

static enum stek_result take_gave_up(struct reading *reading, const json_t *line)
{
    struct stek_audit_gave_up gave_up = {0};
    const char *bad = stek_audit_fields_read(stek_audit_gave_up_fields, line, &gave_up);

    if (bad == NULL && gave_up.target >= reading->obs->targets_len)
        bad = "target";
    if (bad != NULL)
        return refuse(reading, "'%s' is missing or out of range", bad);
    memcpy(reading->obs->targets[gave_up.target].gave_up, gave_up.why, sizeof gave_up.why);
    return STEK_OK;
}

static enum stek_result take_end(struct reading *reading, const json_t *line)
{
    const json_int_t ended = json_integer_value(json_object_get(line, "ended"));

    if (ended < 0 || ended > INT64_C(1) << 40 ||
        !json_is_boolean(json_object_get(line, "interrupted")))
        return refuse(reading, "'ended' or 'interrupted' is missing or out of range");
    if (ended > reading->obs->ended)
        reading->obs->ended = ended;
    reading->obs->interrupted = json_is_true(json_object_get(line, "interrupted"));
    return STEK_OK;
}

static enum stek_result take_line(struct reading *reading, const char *text, size_t len)
{
    static const struct {
        const char *type;
        enum stek_result (*take)(struct reading *reading, const json_t *line);
    } kinds[KINDS] = {{"target", take_target},
                      {"handshake", take_handshake},
                      {"ticket", take_ticket},
                      {"gave-up", take_gave_up},
                      {"end", take_end}};
    json_error_t error;
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
    const char *type = json_string_value(json_object_get(line, "type"));
    enum stek_result result = STEK_ERR_FORMAT;

    if (line == NULL)
        result = refuse(reading, "not JSON: %s%s", error.text,
                        reading->begun ? "" : ": give a file that --record wrote");
    else if (!reading->begun && (type == NULL || strcmp(type, "audit") != 0))
        result = refuse(
            reading,
            "a recording begins with a line of the type 'audit': give a file that --record wrote");
    else if (!reading->begun)
        result = take_head(reading, line);
    else {
        size_t i = 0;
        while (type != NULL && i < KINDS && strcmp(kinds[i].type, type) != 0)
            i++;
        result = type != NULL && i < KINDS ? kinds[i].take(reading, line)
                                           : refuse(reading, "a line of unknown type");
    }
    json_decref(line);
    return result;
}

/* A line with its end, or as much as there is room for: an endless one takes no memory. */
static size_t read_line(FILE *in, char text[LINE_LEN_MAX])
{
    size_t len = 0;
    int byte = 0;

    while (len < LINE_LEN_MAX && byte != '\n' && (byte = getc(in)) != EOF)
        text[len++] = (char)byte;
    return len;
}

enum stek_result stek_audit_record_read(FILE *in, struct stek_audit_observation *obs,
                                        long *ret_good_len, char *ret_problem, size_t problem_len)
{
    char why[160] = "";
    struct reading reading = {obs, false, why, sizeof why};
    enum stek_result result = STEK_OK;
    char *text = malloc(LINE_LEN_MAX);
    long good = 0, number = 0;
    size_t len;

    if (text == NULL)
        return STEK_ERR_MEMORY;
    while (result == STEK_OK && (len = read_line(in, text)) > 0 &&
           (text[len - 1] == '\n' || len == LINE_LEN_MAX)) {
        number++;
        result = text[len - 1] == '\n' ? take_line(&reading, text, len - 1)
                                       : refuse(&reading, "longer than 1 MiB");
        good += result == STEK_OK ? (long)len : 0;
    }
    stek_wipe(text, LINE_LEN_MAX);
    free(text);
    if (result == STEK_OK && ferror(in))
        result = STEK_ERR_SYSTEM;
    if (result == STEK_OK && !reading.begun)
        result = refuse(
            &reading,
            "a recording begins with a line of the type 'audit': give a file that --record wrote");
    if (result == STEK_ERR_FORMAT)
        (void)snprintf(ret_problem, problem_len, "line %ld: %s", number > 0 ? number : 1, why);
    if (result == STEK_OK)
        *ret_good_len = good;
    return result;
}
