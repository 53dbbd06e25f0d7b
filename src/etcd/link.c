/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/link.h"

#include "etcd/curl_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

enum kind { CALL, EXCHANGE, STREAM, DATE };

/* A call, an exchange, a stream, or a question for the date, from its beginning to its end. */
struct stek_etcd_transfer {
    struct stek_etcd_link *link;
    struct stek_etcd_transfer *next;
    enum kind kind;
    CURL *easy;
    struct curl_slist *headers;
    struct evbuffer *out; /* frames that are to be sent */
    bool paused;          /* libcurl was told that there is nothing to send */
    struct stek_grpc_frames in;
    struct stek_bytes answer; /* of a call: lies in `answer_at` */
    uint8_t *answer_at;
    struct stek_grpc_trailers trailers;
    enum stek_result body_result; /* why the body was given up */
    int64_t date;
    struct stek_etcd_ear ear;
    stek_etcd_date_fn on_date;
    char url[512];
    char error[CURL_ERROR_SIZE];
};

struct stek_etcd_link {
    const struct stek_etcd_place *place;
    struct stek_curl_loop *loop;
    struct stek_etcd_transfer *transfers;
};

static void transfer_free(struct stek_etcd_transfer *transfer)
{
    if (transfer->easy != NULL)
        curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    if (transfer->out != NULL)
        evbuffer_free(transfer->out);
    stek_grpc_frames_fini(&transfer->in);
    free(transfer->answer_at);
    free(transfer);
}

static void unlink_transfer(struct stek_etcd_transfer *transfer)
{
    struct stek_etcd_transfer **at = &transfer->link->transfers;

    while (*at != transfer)
        at = &(*at)->next;
    *at = transfer->next;
}

/* There is something to send again, or an end. */
static void go_on(struct stek_etcd_transfer *transfer)
{
    if (!transfer->paused)
        return;
    transfer->paused = false;
    curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

/* A call has one answer; a second one is against the protocol. */
static bool keep_answer(struct stek_etcd_transfer *transfer, struct stek_bytes message)
{
    if (transfer->answer_at != NULL)
        return false;
    transfer->answer_at = malloc(message.len + 1);
    if (transfer->answer_at == NULL)
        return false;
    if (message.len > 0)
        memcpy(transfer->answer_at, message.at, message.len);
    transfer->answer = (struct stek_bytes){transfer->answer_at, message.len};
    go_on(transfer); /* an exchange may end now */
    return true;
}

static bool on_message(void *arg, struct stek_bytes message)
{
    struct stek_etcd_transfer *transfer = arg;

    if (transfer->kind != STREAM)
        return keep_answer(transfer, message);
    return transfer->ear.on_message(transfer->ear.arg, message);
}

static size_t take_body(const char *at, size_t size, size_t count, void *arg)
{
    struct stek_etcd_transfer *transfer = arg;
    const struct stek_bytes piece = {(const uint8_t *)at, size * count};
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (transfer->kind == DATE || status != 200)
        return piece.len;
    transfer->body_result = stek_grpc_feed(&transfer->in, piece, on_message, transfer);
    /* To libcurl any other length is an error; it has a name for that since 7.87. */
    return transfer->body_result == STEK_OK ? piece.len : piece.len + 1;
}

static size_t take_header(const char *at, size_t size, size_t count, void *arg)
{
    struct stek_etcd_transfer *transfer = arg;
    char line[80] = "";

    stek_grpc_trailer(&transfer->trailers, at, size * count);
    if (size * count > 6 && size * count < sizeof line && strncasecmp(at, "date: ", 6) == 0) {
        memcpy(line, at + 6, size * count - 6);
        transfer->date = (int64_t)curl_getdate(line, NULL);
    }
    return size * count;
}

/* Gives libcurl the queued bytes. With none a stream pauses, and a call has sent everything. */
static size_t give_body(char *at, size_t size, size_t count, void *arg)
{
    struct stek_etcd_transfer *transfer = arg;
    const int taken = evbuffer_remove(transfer->out, at, size * count);

    if (taken > 0)
        return (size_t)taken;
    if (transfer->kind == CALL || (transfer->kind == EXCHANGE && transfer->answer_at != NULL))
        return 0;
    transfer->paused = true;
    return CURL_READFUNC_PAUSE;
}

static bool queue_message(struct stek_etcd_transfer *transfer, struct stek_bytes message)
{
    uint8_t head[STEK_GRPC_HEAD_LEN];

    stek_grpc_head(message.len, head);
    return evbuffer_expand(transfer->out, sizeof head + message.len) == 0 &&
           evbuffer_add(transfer->out, head, sizeof head) == 0 &&
           (message.len == 0 || evbuffer_add(transfer->out, message.at, message.len) == 0);
}

#define SET(option, value) (curl_easy_setopt(easy, option, value) == CURLE_OK)

/*
 * The address, and the certificates that count. No proxy and no CA of the system's: what is
 * configured, and nothing else. In the clear each call has a connection of its own: libcurl 7.88
 * cannot send a second request on one whose HTTP/2 it was told of
 * (CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE).
 */
static bool set_connection(CURL *easy, const struct stek_etcd_transfer *transfer)
{
    const struct stek_etcd_place *place = transfer->link->place;
    const bool tls = strncmp(place->endpoint, "https:", 6) == 0;
    const long version = tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;

    return SET(CURLOPT_URL, transfer->url) && stek_curl_http_only(easy) && SET(CURLOPT_PROXY, "") &&
           SET(CURLOPT_HTTP_VERSION, version) && SET(CURLOPT_NOSIGNAL, 1L) &&
           SET(CURLOPT_CONNECTTIMEOUT_MS, place->timeout_ms) && SET(CURLOPT_TCP_KEEPALIVE, 1L) &&
           SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) && SET(CURLOPT_CAPATH, NULL) &&
           SET(CURLOPT_CAINFO, place->ca) && SET(CURLOPT_SSLCERT, place->cert) &&
           SET(CURLOPT_SSLKEY, place->key) &&
           (transfer->kind == STREAM || SET(CURLOPT_TIMEOUT_MS, place->timeout_ms)) &&
           SET(CURLOPT_FRESH_CONNECT, tls ? 0L : 1L);
}

static bool set_callbacks(CURL *easy, struct stek_etcd_transfer *transfer)
{
    return SET(CURLOPT_PRIVATE, transfer) && SET(CURLOPT_ERRORBUFFER, transfer->error) &&
           SET(CURLOPT_WRITEFUNCTION, take_body) && SET(CURLOPT_WRITEDATA, transfer) &&
           SET(CURLOPT_HEADERFUNCTION, take_header) && SET(CURLOPT_HEADERDATA, transfer) &&
           SET(CURLOPT_USERAGENT, "stek/" STEK_VERSION);
}

/* What makes it gRPC. `hasleader` has etcd end calls and streams of a member that has no leader. */
static bool set_grpc(CURL *easy, struct stek_etcd_transfer *transfer)
{
    return stek_curl_add_header(&transfer->headers, "content-type: application/grpc") &&
           stek_curl_add_header(&transfer->headers, "te: trailers") &&
           stek_curl_add_header(&transfer->headers, "hasleader: true") &&
           stek_curl_add_header(&transfer->headers, "Expect:") &&
           SET(CURLOPT_HTTPHEADER, transfer->headers) && SET(CURLOPT_UPLOAD, 1L) &&
           SET(CURLOPT_CUSTOMREQUEST, "POST") && SET(CURLOPT_READFUNCTION, give_body) &&
           SET(CURLOPT_READDATA, transfer);
}

#undef SET

static struct stek_etcd_transfer *transfer_new(struct stek_etcd_link *link, enum kind kind,
                                               const char *path)
{
    struct stek_etcd_transfer *transfer = calloc(1, sizeof *transfer);

    if (transfer == NULL)
        return NULL;
    transfer->link = link;
    transfer->kind = kind;
    transfer->trailers.status = STEK_GRPC_NO_STATUS;
    transfer->date = -1;
    transfer->easy = curl_easy_init();
    transfer->out = evbuffer_new();
    const int len =
        snprintf(transfer->url, sizeof transfer->url, "%s/%s", link->place->endpoint, path);
    if (transfer->easy != NULL && transfer->out != NULL && len > 0 &&
        (size_t)len < sizeof transfer->url && set_connection(transfer->easy, transfer) &&
        set_callbacks(transfer->easy, transfer) &&
        (kind == DATE || set_grpc(transfer->easy, transfer)))
        return transfer;
    transfer_free(transfer);
    return NULL;
}

static enum stek_result begin(struct stek_etcd_transfer *transfer)
{
    struct stek_etcd_link *link = transfer->link;
    enum stek_result result = stek_curl_loop_add(link->loop, transfer->easy);

    if (result != STEK_OK) {
        transfer_free(transfer);
        return result;
    }
    transfer->next = link->transfers;
    link->transfers = transfer;
    return STEK_OK;
}

/* What libcurl calls a failure to write was ours to give up the body. */
static void judge_body(const struct stek_etcd_transfer *transfer,
                       struct stek_etcd_problem *ret_problem)
{
    const char *endpoint = transfer->link->place->endpoint;

    if (transfer->body_result == STEK_ERR_ARGUMENT)
        stek_etcd_problem_set(ret_problem, STEK_ETCD_TOO_LARGE, endpoint,
                              "an answer larger than 4 MiB");
    else if (transfer->body_result == STEK_ERR_MEMORY)
        stek_etcd_problem_set(ret_problem, STEK_ETCD_LOCAL, endpoint, "no memory for an answer");
    else
        stek_etcd_problem_set(ret_problem, STEK_ETCD_PROTOCOL, endpoint,
                              "an answer that is not from etcd");
}

static void judge(const struct stek_etcd_transfer *transfer, CURLcode code,
                  struct stek_etcd_problem *ret_problem)
{
    const bool answered = transfer->answer_at != NULL;
    struct stek_etcd_outcome outcome = {.endpoint = transfer->link->place->endpoint,
                                        .curl_code = (int)code,
                                        .curl_text = transfer->error,
                                        .trailers = transfer->trailers};

    if (transfer->body_result != STEK_OK) {
        judge_body(transfer, ret_problem);
        return;
    }
    if (transfer->kind == EXCHANGE && answered) { /* how it is taken down does not matter then */
        *ret_problem = (struct stek_etcd_problem){STEK_ETCD_OK, ""};
        return;
    }
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &outcome.http_status);
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &outcome.os_error);
    stek_etcd_judge(&outcome, ret_problem);
    if (ret_problem->fault == STEK_ETCD_OK && transfer->kind != STREAM && !answered)
        stek_etcd_problem_set(ret_problem, STEK_ETCD_PROTOCOL, outcome.endpoint,
                              "an answer without a message");
}

static void on_ended(void *arg, CURL *easy, CURLcode code)
{
    struct stek_etcd_transfer *transfer = NULL;
    struct stek_etcd_problem problem;

    (void)arg;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
    unlink_transfer(transfer);
    if (transfer->kind == DATE) {
        transfer->on_date(transfer->ear.arg, transfer->date);
    } else {
        judge(transfer, code, &problem);
        transfer->ear.on_end(transfer->ear.arg, &problem, transfer->answer);
    }
    transfer_free(transfer);
}

enum stek_result stek_etcd_link_open(struct event_base *base, const struct stek_etcd_place *place,
                                     struct stek_etcd_link **ret_link)
{
    struct stek_etcd_link *link = calloc(1, sizeof *link);

    if (link == NULL)
        return STEK_ERR_MEMORY;
    link->place = place;
    enum stek_result result = stek_curl_loop_new(base, on_ended, link, &link->loop);
    if (result != STEK_OK) {
        free(link);
        return result;
    }
    *ret_link = link;
    return STEK_OK;
}

void stek_etcd_link_close(struct stek_etcd_link *link)
{
    if (link == NULL)
        return;
    while (link->transfers != NULL) {
        struct stek_etcd_transfer *transfer = link->transfers;
        link->transfers = transfer->next;
        stek_curl_loop_remove(link->loop, transfer->easy);
        transfer_free(transfer);
    }
    stek_curl_loop_free(link->loop);
    free(link);
}

/*
 * A body whose length is known ends with its last frame. With one that ends by a frame of its own
 * libcurl 7.88 loses the head of an answer that is whole by the time that this frame goes out,
 * which is often so with a proxy that answers from its cache.
 */
static bool announce_length(struct stek_etcd_transfer *transfer)
{
    const curl_off_t len = (curl_off_t)evbuffer_get_length(transfer->out);

    return curl_easy_setopt(transfer->easy, CURLOPT_INFILESIZE_LARGE, len) == CURLE_OK;
}

static enum stek_result ask(struct stek_etcd_link *link, enum kind kind, const char *method,
                            struct stek_bytes message, const struct stek_etcd_ear *ear)
{
    char path[64];

    snprintf(path, sizeof path, "etcdserverpb.%s", method);
    struct stek_etcd_transfer *transfer = transfer_new(link, kind, path);
    if (transfer == NULL)
        return STEK_ERR_MEMORY;
    transfer->ear = *ear;
    if (!queue_message(transfer, message) || (kind == CALL && !announce_length(transfer))) {
        transfer_free(transfer);
        return STEK_ERR_MEMORY;
    }
    return begin(transfer);
}

enum stek_result stek_etcd_call(struct stek_etcd_link *link, const char *method,
                                struct stek_bytes message, const struct stek_etcd_ear *ear)
{
    return ask(link, CALL, method, message, ear);
}

enum stek_result stek_etcd_exchange(struct stek_etcd_link *link, const char *method,
                                    struct stek_bytes message, const struct stek_etcd_ear *ear)
{
    return ask(link, EXCHANGE, method, message, ear);
}

enum stek_result stek_etcd_stream_open(struct stek_etcd_link *link, const char *method,
                                       const struct stek_etcd_ear *ear,
                                       struct stek_etcd_transfer **ret_stream)
{
    char path[64];

    snprintf(path, sizeof path, "etcdserverpb.%s", method);
    struct stek_etcd_transfer *transfer = transfer_new(link, STREAM, path);
    if (transfer == NULL)
        return STEK_ERR_MEMORY;
    transfer->ear = *ear;
    enum stek_result result = begin(transfer);
    if (result == STEK_OK)
        *ret_stream = transfer;
    return result;
}

enum stek_result stek_etcd_stream_send(struct stek_etcd_transfer *stream, struct stek_bytes message)
{
    if (!queue_message(stream, message))
        return STEK_ERR_MEMORY;
    go_on(stream);
    return STEK_OK;
}

enum stek_result stek_etcd_ask_date(struct stek_etcd_link *link, const char *path, bool http_1_1,
                                    stek_etcd_date_fn on_date, void *arg)
{
    struct stek_etcd_transfer *transfer = transfer_new(link, DATE, path);

    if (transfer == NULL)
        return STEK_ERR_MEMORY;
    if (http_1_1 && curl_easy_setopt(transfer->easy, CURLOPT_HTTP_VERSION,
                                     (long)CURL_HTTP_VERSION_1_1) != CURLE_OK) {
        transfer_free(transfer);
        return STEK_ERR_MEMORY;
    }
    transfer->on_date = on_date;
    transfer->ear.arg = arg;
    return begin(transfer);
}
