/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/control.h"

#include "daemon/front/connection.h"
#include "daemon/front/socket.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    DENIED_APART_S = 60,
    BACKLOG = 1024,        /* a full one would refuse clients that do not wait for a place in it */
    WRITE_MAX = 256 * 1024 /* libevent's own limit is 16 KiB, and takes a turn for each */
};

static void end_with(struct stek_connection *connection, const char *kind, const char *words)
{
    connection->ending = true;
    stek_connection_send(connection, stek_control_error(kind, "%s", words));
}

static void carry_out(struct stek_connection *connection, const char *line, size_t len)
{
    struct stek_control *control = connection->control;
    struct stek_request request;
    const char *problem = stek_request_parse(line, len, &request);

    if (problem != NULL) {
        stek_connection_send(connection, stek_control_error("usage", "%s", problem));
        return;
    }
    if (request.command == STEK_REQUEST_STATUS && request.ring[0] == '\0')
        stek_whole_wait(connection);
    else
        stek_connection_send(connection,
                             control->answer(&request, &connection->peer, control->arg));
    stek_request_fini(&request);
}

/* One line a minute at most: any user that can connect may try as often as it likes. */
static void log_denied(struct stek_control *control, const struct stek_peer *peer)
{
    const int64_t now = (int64_t)time(NULL);

    if (now >= control->denied_at && now < control->denied_at + DENIED_APART_S)
        return;
    control->denied_at = now;
    stek_log(STEK_LOG_NOTICE,
             "refused: user %ld may not command stekd: event=refused what=connect uid=%ld pid=%ld",
             (long)peer->uid, (long)peer->uid, (long)peer->pid);
}

/* At most one request. The next waits for this answer and for other connections' turns. */
static void on_readable(struct bufferevent *stream, void *arg)
{
    struct stek_connection *connection = arg;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t len;

    if (connection->ending || connection->waits ||
        evbuffer_get_length(bufferevent_get_output(stream)) > 0)
        return;
    if (connection->denied) {
        log_denied(connection->control, &connection->peer);
        end_with(connection, "denied",
                 "only root and members of the administrators' group may command stekd");
        return;
    }
    char *line = evbuffer_readln(input, &len, EVBUFFER_EOL_LF);
    if (line == NULL) {
        if (connection->half_closed)
            stek_connection_drop(connection);
        else if (evbuffer_get_length(input) > STEK_REQUEST_LEN_MAX)
            end_with(connection, "usage", "a request is one line of at most 64 KiB");
        return;
    }
    connection->last_use = ++connection->control->uses;
    carry_out(connection, line, len);
    free(line);
}

/* The answer is gone. */
static void on_written(struct bufferevent *stream, void *arg)
{
    struct stek_connection *connection = arg;

    if (connection->ending) {
        stek_connection_drop(connection);
        return;
    }
    if (!connection->half_closed && !stek_connection_listen(connection)) {
        stek_connection_drop(connection);
        return;
    }
    /* What came meanwhile waits in the buffer, and no event tells of it. */
    if (connection->half_closed || evbuffer_get_length(bufferevent_get_input(stream)) > 0)
        bufferevent_trigger(stream, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

/* It hung up, failed, or was idle for too long. */
static void on_event(struct bufferevent *stream, short what, void *arg)
{
    struct stek_connection *connection = arg;

    /* A client that sends requests and shuts down its side still gets the answers. */
    if ((what & BEV_EVENT_EOF) != 0 && (what & BEV_EVENT_READING) != 0 && !connection->ending &&
        evbuffer_get_length(bufferevent_get_input(stream)) > 0) {
        connection->half_closed = true;
        bufferevent_trigger(stream, EV_READ, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
    } else {
        stek_connection_drop(connection);
    }
}

/* How many connections a user has. */
static size_t count_of(const struct stek_control *control, uid_t uid)
{
    size_t count = 0;

    for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++)
        if (control->connection[i] != NULL && control->connection[i]->peer.uid == uid)
            count++;
    return count;
}

/* The one to lose its place: of the user with the most connections the one that was idle longest.
 * All are taken. */
static struct stek_connection *find_victim(const struct stek_control *control)
{
    struct stek_connection *victim = control->connection[0];
    size_t most = count_of(control, victim->peer.uid);

    for (size_t i = 1; i < STEK_CONTROL_CONNECTIONS_MAX; i++) {
        struct stek_connection *other = control->connection[i];
        const bool same = other->peer.uid == victim->peer.uid;
        const size_t count = same ? most : count_of(control, other->peer.uid);
        if (count < most || (count == most && other->last_use > victim->last_use))
            continue;
        victim = other;
        most = count;
    }
    return victim;
}

static struct stek_connection **find_place(struct stek_control *control)
{
    for (int tries = 0; tries < 2; tries++) {
        for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++)
            if (control->connection[i] == NULL)
                return &control->connection[i];
        stek_connection_drop(find_victim(control));
    }
    return NULL;
}

/* Takes the descriptor over, also on failure. */
static struct stek_connection *connection_new(struct stek_control *control, evutil_socket_t fd)
{
    const struct timeval idle = {.tv_sec = STEK_CONTROL_IDLE_MAX_S};
    struct stek_connection *connection = calloc(1, sizeof *connection);
    struct bufferevent *stream = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);

    if (connection == NULL || stream == NULL ||
        bufferevent_set_timeouts(stream, &idle, &idle) != 0) {
        if (stream != NULL)
            bufferevent_free(stream);
        else
            (void)evutil_closesocket(fd);
        free(connection);
        return NULL;
    }
    *connection =
        (struct stek_connection){.control = control, .stream = stream, .last_use = ++control->uses};
    bufferevent_setcb(stream, on_readable, on_written, on_event, connection);
    /* One byte more than a request: so one that is too long shows. */
    bufferevent_setwatermark(stream, EV_READ, 0, STEK_REQUEST_LEN_MAX + 1);
    (void)bufferevent_set_max_single_write(stream, WRITE_MAX);
    return connection;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int len, void *arg)
{
    struct stek_control *control = arg;
    struct stek_connection **place = find_place(control);
    struct stek_peer peer;

    stek_pace_count(&control->pace);
    (void)listener;
    (void)address;
    (void)len;
    if (place == NULL || !stek_peer_read(fd, control->admin, &peer)) {
        (void)evutil_closesocket(fd);
        return;
    }
    struct stek_connection *connection = connection_new(control, fd);
    if (connection == NULL)
        return;
    connection->peer = peer;
    connection->denied = !stek_peer_may_command(&peer, geteuid());
    *place = connection;
    if (!stek_connection_listen(connection))
        stek_connection_drop(connection);
}

/* stek_pace_fn */
static bool set_listening(void *arg, bool on)
{
    struct stek_control *control = arg;

    return (on ? evconnlistener_enable(control->listener)
               : evconnlistener_disable(control->listener)) == 0;
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct stek_control *control = arg;

    (void)listener;
    stek_pace_rest(&control->pace);
}

gid_t stek_control_admin(const struct stek_control *control)
{
    return control->admin;
}

bool stek_control_set_admin(struct stek_control *control, gid_t admin)
{
    if (!stek_socket_let_in(control->path, admin))
        return false;
    control->admin = admin;
    return true;
}

struct stek_control *stek_control_open(struct event_base *base, const char *path, gid_t admin,
                                       stek_control_fn answer, void *arg)
{
    const int fd = stek_socket_bind(path);
    struct stek_control *control = fd >= 0 ? calloc(1, sizeof *control) : NULL;

    if (control == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    *control =
        (struct stek_control){.base = base, .admin = (gid_t)-1, .answer = answer, .arg = arg};
    memcpy(control->path, path, strlen(path) + 1);
    if (!stek_control_set_admin(control, admin) && admin != (gid_t)-1)
        stek_log(
            STEK_LOG_WARNING,
            "%s: cannot be given to the administrators' group (%s): only root and stekd's user "
            "can connect",
            path, stek_failure_name(errno).text);
    errno = 0;
    const bool paced =
        stek_pace_open(&control->pace, base, set_listening, control) && stek_whole_open(control);
    control->listener =
        evconnlistener_new(base, on_accept, control, LEV_OPT_CLOSE_ON_FREE, BACKLOG, fd);
    /* Libevent does not tell when it could not enable a new listener: so again. */
    if (!paced || control->listener == NULL || evconnlistener_enable(control->listener) != 0) {
        const int error = errno != 0 ? errno : ENOMEM;
        if (control->listener == NULL)
            (void)close(fd);
        stek_control_close(control);
        errno = error;
        return NULL;
    }
    evconnlistener_set_error_cb(control->listener, on_accept_error);
    return control;
}

void stek_control_close(struct stek_control *control)
{
    if (control == NULL)
        return;
    for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++)
        if (control->connection[i] != NULL)
            stek_connection_drop(control->connection[i]);
    if (control->listener != NULL)
        evconnlistener_free(control->listener);
    stek_pace_close(&control->pace);
    stek_whole_close(control);
    (void)unlink(control->path);
    free(control);
}
