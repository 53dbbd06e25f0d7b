/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/request.h"

#include "core/record.h"
#include "core/ringname.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* The members that each command may have, beside "command"; NULL ends them. */
static const struct {
    const char *name;
    const char *members[6];
    const char *problem; /* when there is another member, or a needed one is missing */
} commands[] = {
    [STEK_REQUEST_STATUS] = {"status", {"ring"}, "status takes \"ring\": NAME, or nothing"},
    [STEK_REQUEST_ROTATE] = {"rotate", {"ring"}, "rotate takes \"ring\": NAME"},
    [STEK_REQUEST_REVOKE] = {"revoke",
                             {"ring", "all", "key", "before", "this_host"},
                             "revoke takes \"ring\": NAME, one of \"all\": true, \"key\": ID, "
                             "\"before\": UNIX TIME, and perhaps \"this_host\": true"},
    [STEK_REQUEST_INSPECT] = {"inspect",
                              {"ring", "ticket"},
                              "inspect takes \"ring\": NAME and \"ticket\": BASE64"},
    [STEK_REQUEST_FLEET] = {"fleet", {"read"}, "fleet takes \"read\": true, or nothing"},
    [STEK_REQUEST_REKEY] = {"rekey", {NULL}, "rekey takes nothing"},
    [STEK_REQUEST_REPORT] = {"report",
                             {"ring", "since"},
                             "report takes \"since\": UNIX TIME, and perhaps \"ring\": NAME"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static bool is_member(const char *const *members, const char *name)
{
    if (strcmp(name, "command") == 0)
        return true;
    for (size_t i = 0; members[i] != NULL; i++)
        if (strcmp(members[i], name) == 0)
            return true;
    return false;
}

static bool has_only(json_t *object, const char *const *members)
{
    const char *name;
    json_t *value;

    json_object_foreach(object, name, value) if (!is_member(members, name)) return false;
    return true;
}

/* A member that is text of at most `max` bytes; absent is false too. */
static bool get_text(const json_t *object, const char *name, char *ret_text, size_t max)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (text == NULL || text[0] == '\0' || strlen(text) > max)
        return false;
    memcpy(ret_text, text, strlen(text) + 1);
    return true;
}

/* Sets the ring; none is fine where `needed` is false. */
static bool get_ring(const json_t *object, bool needed, struct stek_request *request)
{
    if (json_object_get(object, "ring") == NULL)
        return !needed;
    return get_text(object, "ring", request->ring, STEK_RING_NAME_MAX) &&
           stek_ring_name_is_valid(request->ring);
}

static bool get_time(const json_t *value, int64_t *ret_time)
{
    *ret_time = json_integer_value(value);
    return json_is_integer(value) && *ret_time > -STEK_TIME_MAX && *ret_time < STEK_TIME_MAX;
}

/* Exactly one of the three must be there. */
static bool get_which(const json_t *object, struct stek_request *request)
{
    const json_t *all = json_object_get(object, "all");
    const json_t *key = json_object_get(object, "key");
    const json_t *before = json_object_get(object, "before");

    if ((all != NULL) + (key != NULL) + (before != NULL) != 1)
        return false;
    if (all != NULL) {
        request->which = STEK_REQUEST_ALL;
        return json_is_true(all);
    }
    if (key != NULL) {
        request->which = STEK_REQUEST_KEY;
        return get_text(object, "key", request->key, STEK_KEY_ID_MAX);
    }
    request->which = STEK_REQUEST_BEFORE;
    return get_time(before, &request->before);
}

static bool get_this_host(const json_t *object, struct stek_request *request)
{
    const json_t *this_host = json_object_get(object, "this_host");

    request->this_host = json_is_true(this_host);
    return this_host == NULL || json_is_boolean(this_host);
}

static bool get_ticket(const json_t *object, struct stek_request *request)
{
    const char *ticket = json_string_value(json_object_get(object, "ticket"));

    if (ticket == NULL || ticket[0] == '\0')
        return false;
    request->ticket = strdup(ticket);
    return request->ticket != NULL;
}

static bool get_arguments(const json_t *object, struct stek_request *request)
{
    const json_t *read = json_object_get(object, "read");

    if (request->command == STEK_REQUEST_FLEET || request->command == STEK_REQUEST_REKEY) {
        request->read = json_is_true(read);
        return read == NULL || json_is_boolean(read);
    }
    const bool needs_ring =
        request->command != STEK_REQUEST_STATUS && request->command != STEK_REQUEST_REPORT;
    if (!get_ring(object, needs_ring, request))
        return false;
    if (request->command == STEK_REQUEST_REPORT)
        return get_time(json_object_get(object, "since"), &request->since);
    if (request->command == STEK_REQUEST_REVOKE)
        return get_this_host(object, request) && get_which(object, request);
    return request->command != STEK_REQUEST_INSPECT || get_ticket(object, request);
}

static const char *read_object(json_t *object, struct stek_request *request)
{
    const char *name = json_string_value(json_object_get(object, "command"));
    size_t command = 0;

    while (name != NULL && command < COMMANDS && strcmp(name, commands[command].name) != 0)
        command++;
    if (name == NULL || command == COMMANDS)
        return "\"command\" must be status, rotate, revoke, inspect, fleet, rekey or report";
    request->command = (enum stek_request_command)command;
    if (!has_only(object, commands[command].members) || !get_arguments(object, request))
        return commands[command].problem;
    return NULL;
}

const char *stek_request_parse(const char *line, size_t len, struct stek_request *ret_request)
{
    struct stek_request request = {.ticket = NULL};
    json_t *object =
        len <= STEK_REQUEST_LEN_MAX ? json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *problem = json_is_object(object) ? read_object(object, &request)
                                                 : "a request is one JSON object on a line";

    json_decref(object);
    if (problem == NULL)
        *ret_request = request;
    else
        stek_request_fini(&request);
    return problem;
}

void stek_request_fini(struct stek_request *request)
{
    free(request->ticket);
    request->ticket = NULL;
}
