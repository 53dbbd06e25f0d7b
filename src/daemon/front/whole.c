/* SPDX-License-Identifier: Apache-2.0 */
/* The status of all rings: one text for all that wait for it. */
#include "daemon/front/connection.h"

#include "clock/clock.h"

enum { REST_MAX_MS = 1000 };

static struct stek_text *make(const struct stek_control *control, const struct stek_peer *peer)
{
    const struct stek_request request = {.command = STEK_REQUEST_STATUS};

    return stek_connection_text(control->answer(&request, peer, control->arg));
}

/* Connections may be dropped meanwhile. */
static void answer_all(struct stek_control *control)
{
    struct stek_text *text = NULL;

    for (size_t i = 0; i < STEK_CONTROL_CONNECTIONS_MAX; i++) {
        struct stek_connection *connection = control->connection[i];
        if (connection == NULL || !connection->waits)
            continue;
        if (text == NULL)
            text = make(control, &connection->peer);
        connection->waits = false;
        stek_connection_send_text(connection, text);
    }
    stek_text_drop(text);
}

static void on_whole(evutil_socket_t fd, short what, void *arg)
{
    struct stek_control *control = arg;
    const int64_t begin_ms = stek_clock_cpu_ms();

    (void)fd;
    (void)what;
    answer_all(control);
    const int64_t took_ms = stek_clock_cpu_ms() - begin_ms;
    control->whole_at_ms =
        stek_clock_monotonic_ms() + (took_ms < REST_MAX_MS ? took_ms : REST_MAX_MS);
}

void stek_whole_wait(struct stek_connection *connection)
{
    struct stek_control *control = connection->control;
    const int64_t now_ms = stek_clock_monotonic_ms();
    const int64_t rest_ms = control->whole_at_ms > now_ms ? control->whole_at_ms - now_ms : 0;
    const struct timeval after = {.tv_usec = (suseconds_t)(rest_ms % 1000 * 1000),
                                  .tv_sec = (time_t)(rest_ms / 1000)};

    connection->waits = true;
    (void)bufferevent_disable(connection->stream, EV_READ);
    /* Those that come later do not put it off. */
    if (event_pending(control->whole, EV_TIMEOUT, NULL) == 0 &&
        event_add(control->whole, &after) != 0)
        answer_all(control);
}

bool stek_whole_open(struct stek_control *control)
{
    control->whole = evtimer_new(control->base, on_whole, control);
    return control->whole != NULL;
}

void stek_whole_close(struct stek_control *control)
{
    if (control->whole != NULL)
        event_free(control->whole);
    control->whole = NULL;
}
