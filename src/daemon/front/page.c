/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/page.h"

#include "clock/clock.h"
#include "daemon/front/asset.h"
#include "daemon/front/host.h"

#include <event2/bufferevent.h>
#include <event2/keyvalq_struct.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct stek_page {
    struct stek_answer *status;
    struct stek_answer *fleet;
    char host[256]; /* this host's name; empty: unknown */
};

/* Fetch, HTML, CSP 3, Trusted Types: each of these headers holds without the others. */
static const struct {
    const char *name;
    const char *value;
} headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
     "require-trusted-types-for 'script'; trusted-types 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
};

static void reply(struct evhttp_request *request, int code, const char *type, struct evbuffer *text)
{
    struct evkeyvalq *out = evhttp_request_get_output_headers(request);

    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        (void)evhttp_add_header(out, headers[i].name, headers[i].value);
    (void)evhttp_add_header(out, "Content-Type", type);
    evhttp_send_reply(request, code, NULL, text);
}

static void reply_line(struct evhttp_request *request, int code, const char *line)
{
    struct evbuffer *text = evbuffer_new();

    if (text != NULL)
        (void)evbuffer_add_printf(text, "%s\n", line);
    reply(request, code, "text/plain; charset=utf-8", text);
    if (text != NULL)
        evbuffer_free(text);
}

/* No browser connects to a Unix socket by itself: what does is a proxy or curl. */
static bool is_unix(struct evhttp_request *request)
{
    struct bufferevent *connection =
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof address;

    return getsockname(bufferevent_getfd(connection), (struct sockaddr *)&address, &len) == 0 &&
           address.ss_family == AF_UNIX;
}

/* Answers those that may not ask. */
static bool may_ask(const struct stek_page *page, struct evhttp_request *request)
{
    if (stek_host_is_ours(evhttp_request_get_host(request), page->host) || is_unix(request))
        return true;
    reply_line(request, 403,
               "Ask for this page by an address, as localhost, or by this host's own name.");
    return false;
}

static const struct stek_asset *find_asset(const char *path)
{
    const struct stek_asset *asset = stek_assets;

    while (asset->path != NULL && (path == NULL || strcmp(asset->path, path) != 0))
        asset++;
    return asset;
}

static void on_asset(struct evhttp_request *request, void *arg)
{
    const struct stek_asset *asset =
        find_asset(evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request)));
    struct evbuffer *text = evbuffer_new();

    if (asset->path == NULL || text == NULL ||
        evbuffer_add_reference(text, asset->bytes, asset->len, NULL, NULL) != 0)
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
    else if (may_ask(arg, request))
        reply(request, HTTP_OK, asset->type, text);
    if (text != NULL)
        evbuffer_free(text);
}

static void send_answer(struct stek_page *page, struct stek_answer *answer,
                        struct evhttp_request *request)
{
    if (!may_ask(page, request))
        return;
    struct evbuffer *text = evbuffer_new();
    if (text != NULL && stek_answer_add(answer, stek_clock_monotonic_ms(), text))
        reply(request, HTTP_OK, "application/json", text);
    else
        reply_line(request, HTTP_SERVUNAVAIL, "Too many are reading, or there is no memory.");
    if (text != NULL)
        evbuffer_free(text);
}

static void on_status(struct evhttp_request *request, void *arg)
{
    struct stek_page *page = arg;

    send_answer(page, page->status, request);
}

static void on_fleet(struct evhttp_request *request, void *arg)
{
    struct stek_page *page = arg;

    send_answer(page, page->fleet, request);
}

static bool serve(struct stek_page *page, struct evhttp *server)
{
    for (const struct stek_asset *asset = stek_assets; asset->path != NULL; asset++)
        if (evhttp_set_cb(server, asset->path, on_asset, page) != 0)
            return false;
    return evhttp_set_cb(server, "/status.json", on_status, page) == 0 &&
           evhttp_set_cb(server, "/fleet.json", on_fleet, page) == 0;
}

struct stek_page *stek_page_open(struct evhttp *server, const struct stek_page_sources *sources,
                                 void *arg)
{
    static const struct stek_answer_limits limits = {.texts_max = STEK_ANSWER_TEXTS_MAX,
                                                     .fresh_ms = STEK_ANSWER_FRESH_MS};
    struct stek_page *page = calloc(1, sizeof *page);

    if (page == NULL)
        return NULL;
    page->status = stek_answer_new(sources->status, arg, &limits);
    page->fleet = stek_answer_new(sources->fleet, arg, &limits);
    if (gethostname(page->host, sizeof page->host - 1) != 0)
        page->host[0] = '\0';
    if (page->status != NULL && page->fleet != NULL && serve(page, server))
        return page;
    stek_page_close(page);
    return NULL;
}

void stek_page_close(struct stek_page *page)
{
    if (page == NULL)
        return;
    stek_answer_free(page->status);
    stek_answer_free(page->fleet);
    free(page);
}
