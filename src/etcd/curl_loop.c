/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/curl_loop.h"

#include <stdbool.h>
#include <stdlib.h>

#include <event2/event.h>

/*
 * One transfer at a time on a connection: libcurl 7.88 (Debian 12) takes a connection for dead when
 * the answers of two HTTP/2 streams come in one read. So a stream has a connection of its own, and
 * calls share what is left of these.
 */
enum { CONNECTIONS_MAX = 4 };

struct stek_curl_loop {
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    stek_curl_ended_fn on_ended;
    void *arg;
};

/* Hands out the transfers that have ended. A callback may begin others, but not free the loop. */
static void report_ended(struct stek_curl_loop *loop)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        const CURLcode code = message->data.result;
        curl_multi_remove_handle(loop->multi, easy);
        loop->on_ended(loop->arg, easy, code);
    }
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
    struct stek_curl_loop *loop = arg;
    const int action = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
                       ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    int running;

    curl_multi_socket_action(loop->multi, fd, action, &running);
    report_ended(loop);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct stek_curl_loop *loop = arg;
    int running;

    (void)fd;
    (void)what;
    curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    report_ended(loop);
}

static void forget_socket(struct stek_curl_loop *loop, curl_socket_t fd, struct event *event)
{
    curl_multi_assign(loop->multi, fd, NULL);
    if (event != NULL)
        event_free(event);
}

/* libcurl says what it waits for on a socket; `known` is the event that waits for it now, or NULL.
 */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct stek_curl_loop *loop = arg;
    const short wanted = (short)(EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                                 ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));

    (void)easy;
    forget_socket(loop, fd, known);
    if (what == CURL_POLL_REMOVE)
        return 0;
    struct event *event = event_new(loop->base, fd, wanted, on_socket, loop);
    if (event == NULL || event_add(event, NULL) != 0) {
        if (event != NULL)
            event_free(event);
        return -1;
    }
    curl_multi_assign(loop->multi, fd, event);
    return 0;
}

static int set_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct stek_curl_loop *loop = arg;
    const struct timeval after = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

    (void)multi;
    if (timeout_ms < 0)
        return event_del(loop->timer);
    return event_add(loop->timer, &after);
}

static bool set_up(struct stek_curl_loop *loop)
{
    loop->multi = curl_multi_init();
    loop->timer = evtimer_new(loop->base, on_timer, loop);
    return loop->multi != NULL && loop->timer != NULL &&
           curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS_MAX) ==
               CURLM_OK;
}

enum stek_result stek_curl_loop_new(struct event_base *base, stek_curl_ended_fn on_ended, void *arg,
                                    struct stek_curl_loop **ret_loop)
{
    struct stek_curl_loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL)
        return STEK_ERR_MEMORY;
    *loop = (struct stek_curl_loop){.base = base, .on_ended = on_ended, .arg = arg};
    if (!set_up(loop)) {
        stek_curl_loop_free(loop);
        return STEK_ERR_SYSTEM;
    }
    *ret_loop = loop;
    return STEK_OK;
}

void stek_curl_loop_free(struct stek_curl_loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->multi != NULL)
        curl_multi_cleanup(loop->multi); /* takes its sockets' events away through watch_socket() */
    if (loop->timer != NULL)
        event_free(loop->timer);
    free(loop);
}

enum stek_result stek_curl_loop_add(struct stek_curl_loop *loop, CURL *easy)
{
    return curl_multi_add_handle(loop->multi, easy) == CURLM_OK ? STEK_OK : STEK_ERR_SYSTEM;
}

void stek_curl_loop_remove(struct stek_curl_loop *loop, CURL *easy)
{
    curl_multi_remove_handle(loop->multi, easy);
}

bool stek_curl_http_only(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500 /* 7.85 */
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
    const long protocols = CURLPROTO_HTTP | CURLPROTO_HTTPS;

    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, protocols) == CURLE_OK;
#endif
}

bool stek_curl_add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);

    if (longer != NULL)
        *headers = longer;
    return longer != NULL;
}
