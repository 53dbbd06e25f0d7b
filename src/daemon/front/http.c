/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/http.h"

#include "clock/clock.h"
#include "daemon/front/pace.h"
#include "daemon/front/visitors.h"
#include "daemon/system/failure.h"

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* libevent's own limit of a write is 16 KiB, and takes a turn for each. */
enum { BACKLOG = 1024, WRITE_MAX = 256 * 1024 };

struct stek_http {
    struct event_base *base;
    struct evhttp *server;
    struct stek_pace pace;
    struct stek_visitors visitors;
    struct stek_http_pages pages;
    struct stek_answer *metrics;
    struct stek_page *page; /* NULL: none is served */
    struct evconnlistener *listener[STEK_CONFIG_LISTENS_MAX];
    char *socket[STEK_CONFIG_LISTENS_MAX]; /* paths of Unix sockets, to be removed in the end */
    size_t count;
};

static void reply(struct evhttp_request *request, struct evbuffer *text, int code, const char *type)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

    (void)evhttp_add_header(headers, "Content-Type", type);
    (void)evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_send_reply(request, code, NULL, text);
}

static void on_metrics(struct evhttp_request *request, void *arg)
{
    struct stek_http *http = arg;
    struct evbuffer *text = evbuffer_new();

    if (text != NULL && stek_answer_add(http->metrics, stek_clock_monotonic_ms(), text))
        reply(request, text, HTTP_OK, "text/plain; version=0.0.4; charset=utf-8");
    else
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    if (text != NULL)
        evbuffer_free(text);
}

static void on_health(struct evhttp_request *request, void *arg)
{
    struct stek_http *http = arg;
    struct evbuffer *text = evbuffer_new();

    if (text != NULL) {
        const bool well = http->pages.health(text, http->pages.arg);
        reply(request, text, well ? HTTP_OK : HTTP_SERVUNAVAIL, "text/plain; charset=utf-8");
        evbuffer_free(text);
    } else {
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    }
}

/* stek_pace_fn */
static bool set_listening(void *arg, bool on)
{
    const struct stek_http *http = arg;
    bool done = true;

    for (size_t i = 0; i < http->count; i++)
        done = (on ? evconnlistener_enable(http->listener[i])
                   : evconnlistener_disable(http->listener[i])) == 0 &&
               done;
    return done;
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct stek_http *http = arg;

    (void)listener;
    stek_pace_rest(&http->pace);
}

/* For each connection that was accepted. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
    struct stek_http *http = arg;
    struct bufferevent *visitor = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    stek_pace_count(&http->pace);
    if (visitor != NULL)
        (void)bufferevent_set_max_single_write(visitor, WRITE_MAX);
    if (visitor != NULL)
        stek_visitors_add(&http->visitors, visitor);
    return visitor;
}

static bool fail(struct stek_config_problem *ret_problem, const char *listen)
{
    const char *advice =
        errno == EADDRINUSE      ? ": another process listens there, and 'ss -lntxp' names it"
        : errno == EADDRNOTAVAIL ? ": give an address of this host"
        : errno == ENOENT        ? ": make the directory of the socket"
        : errno == EACCES        ? ": stekd's user may not use it; ports from 1024 on are "
                                   "for all"
                                 : "";

    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "listen = %s: %s%s", listen,
                   stek_failure_name(errno).text, advice);
    return false;
}

/* Whether nobody listens at a socket any more. Else errno says why it is not known, or
 * EADDRINUSE. */
static bool is_left(const struct stek_config_listen *listen)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    const bool taken = connect(fd, (const struct sockaddr *)&listen->address, listen->len) == 0;
    const int error = taken || errno == EAGAIN || errno == EPROTOTYPE ? EADDRINUSE : errno;
    (void)close(fd);
    errno = error;
    return error == ECONNREFUSED;
}

/* A socket that an earlier stekd left is in the way; anything else is not ours to remove, nor is
 * the socket of a program that runs. */
static bool make_way(const struct stek_config_listen *listen, const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return errno == ENOENT;
    if (S_ISSOCK(status.st_mode))
        return is_left(listen) && unlink(path) == 0;
    errno = EEXIST;
    return false;
}

static bool listen_on(struct stek_http *http, const struct stek_config_listen *listen,
                      struct stek_config_problem *ret_problem)
{
    const struct sockaddr *address = (const struct sockaddr *)&listen->address;
    const bool is_unix = address->sa_family == AF_UNIX;
    const char *path = is_unix ? ((const struct sockaddr_un *)&listen->address)->sun_path : NULL;
    const unsigned options =
        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | (is_unix ? 0 : LEV_OPT_REUSEABLE);

    if (is_unix && !make_way(listen, path))
        return fail(ret_problem, listen->text);
    /* For everybody from the start: a chmod() could meet what another user put in its place. */
    const mode_t mask = umask(0111);
    struct evconnlistener *listener = evconnlistener_new_bind(http->base, NULL, NULL, options,
                                                              BACKLOG, address, (int)listen->len);
    (void)umask(mask);
    if (listener == NULL)
        return fail(ret_problem, listen->text);
    if (evhttp_bind_listener(http->server, listener) == NULL) {
        evconnlistener_free(listener);
        return fail(ret_problem, listen->text);
    }
    evconnlistener_set_error_cb(listener, on_accept_error);
    (void)evconnlistener_enable(listener); /* again: a failure of the first time is not told */
    http->socket[http->count] = is_unix ? strdup(path) : NULL;
    http->listener[http->count++] = listener;
    return true;
}

static bool serve_page(struct stek_http *http)
{
    if (http->pages.page.status == NULL)
        return true;
    http->page = stek_page_open(http->server, &http->pages.page, http->pages.arg);
    return http->page != NULL;
}

static struct stek_http *http_new(struct event_base *base, const struct stek_http_pages *pages)
{
    /* As many texts as there can be visitors: one that reads slowly keeps the others from nothing.
     */
    static const struct stek_answer_limits limits = {.texts_max = STEK_VISITORS_ROOM};
    struct stek_http *http = calloc(1, sizeof *http);

    if (http == NULL)
        return NULL;
    *http = (struct stek_http){.base = base, .pages = *pages};
    http->metrics = stek_answer_new(pages->metrics, pages->arg, &limits);
    http->server = evhttp_new(base);
    if (http->metrics == NULL || http->server == NULL ||
        !stek_pace_open(&http->pace, base, set_listening, http) ||
        !stek_visitors_open(&http->visitors, base) ||
        evhttp_set_cb(http->server, "/metrics", on_metrics, http) != 0 ||
        evhttp_set_cb(http->server, "/healthz", on_health, http) != 0 || !serve_page(http)) {
        stek_http_close(http);
        return NULL;
    }
    evhttp_set_allowed_methods(http->server, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(http->server, 8192);
    evhttp_set_max_body_size(http->server, 1024);
    evhttp_set_timeout(http->server, STEK_HTTP_IDLE_MAX_S);
    evhttp_set_bevcb(http->server, on_connection, http);
    return http;
}

struct stek_http *stek_http_open(struct event_base *base, const struct stek_config_listen *listen,
                                 size_t count, const struct stek_http_pages *pages,
                                 struct stek_config_problem *ret_problem)
{
    struct stek_http *http = http_new(base, pages);

    if (http == NULL) {
        errno = ENOMEM;
        (void)fail(ret_problem, count > 0 ? listen[0].text : "");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (!listen_on(http, &listen[i], ret_problem)) {
            stek_http_close(http);
            return NULL;
        }
    return http;
}

void stek_http_close(struct stek_http *http)
{
    if (http == NULL)
        return;
    if (http->server != NULL)
        evhttp_free(http->server); /* with its listeners */
    stek_answer_free(http->metrics);
    stek_page_close(http->page);
    stek_visitors_close(&http->visitors);
    stek_pace_close(&http->pace);
    for (size_t i = 0; i < http->count; i++)
        if (http->socket[i] != NULL) {
            (void)unlink(http->socket[i]);
            free(http->socket[i]);
        }
    free(http);
}
