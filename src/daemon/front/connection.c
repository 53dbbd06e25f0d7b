/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/connection.h"

#include <event2/buffer.h>

#include <stdlib.h>
#include <string.h>

enum { UNREAD_LEN_MAX = 16 * 1024 * 1024 }; /* of all answers that are not read yet */

void stek_connection_drop(struct stek_connection *connection)
{
    struct stek_control *control = connection->control;

    for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++)
        if (control->connection[i] == connection)
            control->connection[i] = NULL;
    bufferevent_free(connection->stream);
    free(connection);
}

static bool has_unread(const struct stek_connection *connection)
{
    return connection != NULL &&
           evbuffer_get_length(bufferevent_get_output(connection->stream)) > 0;
}

/* Whether one of the first `count` connections has this text, too. */
static bool is_counted(const struct stek_control *control, size_t count,
                       const struct stek_text *text)
{
    for (size_t i = 0; i < count; i++)
        if (has_unread(control->connection[i]) && control->connection[i]->text == text)
            return true;
    return false;
}

/* How much memory the texts take that somebody has not read. */
static size_t unread_len(const struct stek_control *control)
{
    size_t len = 0;

    for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++) {
        const struct stek_connection *connection = control->connection[i];
        if (has_unread(connection) && !is_counted(control, i, connection->text))
            len += connection->text->len;
    }
    return len;
}

/* The one that has taken the longest to read. NULL: there is none. */
static struct stek_connection *find_slowest(const struct stek_control *control)
{
    struct stek_connection *found = NULL;

    for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++) {
        struct stek_connection *connection = control->connection[i];
        if (has_unread(connection) && (found == NULL || connection->last_use < found->last_use))
            found = connection;
    }
    return found;
}

/* Clients that ask much and read nothing lose their connections. */
static void make_room_for(const struct stek_control *control, size_t len)
{
    struct stek_connection *slowest;

    while (unread_len(control) + len > UNREAD_LEN_MAX && (slowest = find_slowest(control)) != NULL)
        stek_connection_drop(slowest);
}

/* With the end of the line. Takes `bytes` over. */
static char *end_line(char *bytes)
{
    const size_t len = bytes != NULL ? strlen(bytes) : 0;
    char *line = bytes != NULL ? realloc(bytes, len + sizeof "\n") : NULL;

    if (line != NULL)
        memcpy(line + len, "\n", sizeof "\n");
    else
        free(bytes);
    return line;
}

struct stek_text *stek_connection_text(json_t *answer)
{
    char *bytes = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

    json_decref(answer);
    if (bytes != NULL && strlen(bytes) >= STEK_ANSWER_LEN_MAX) {
        free(bytes);
        bytes =
            strdup("{\"ok\":false,\"kind\":\"failed\",\"error\":\"the answer is over 16 MiB: ask "
                   "for one ring\"}");
    }
    return stek_text_new(end_line(bytes));
}

/* Nothing else is in the buffer: so the text lives for as long as something is. */
static bool add_text(struct stek_connection *connection, struct stek_text *text)
{
    if (text == NULL)
        return false;
    if (!is_counted(connection->control, STEK_CONTROL_CONNECTIONS_MAX, text))
        make_room_for(connection->control, text->len);
    connection->text = text;
    /* Libevent does not tell when it could not begin to write: so again. */
    return stek_text_add(text, bufferevent_get_output(connection->stream)) &&
           bufferevent_enable(connection->stream, EV_WRITE) == 0;
}

void stek_connection_send_text(struct stek_connection *connection, struct stek_text *text)
{
    (void)bufferevent_disable(connection->stream, EV_READ);
    if (!add_text(connection, text)) {
        connection->ending = true;
        bufferevent_trigger(connection->stream, EV_WRITE,
                            BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
    }
}

bool stek_connection_listen(struct stek_connection *connection)
{
    for (int tries = 0; tries < 2; tries++)
        if (bufferevent_enable(connection->stream, EV_READ) == 0)
            return true;
    return false;
}

void stek_connection_send(struct stek_connection *connection, json_t *answer)
{
    struct stek_text *text = stek_connection_text(answer);

    stek_connection_send_text(connection, text);
    stek_text_drop(text);
}
