/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl's multi interface driven by a libevent loop: sockets and one timer. */
#ifndef STEK_FLEET_CURL_LOOP_H
#define STEK_FLEET_CURL_LOOP_H

#include "stek.h"

#include <stdbool.h>

#include <curl/curl.h>

struct event_base;
struct stek_curl_loop;

/* Called from the loop when a transfer has ended; it has left the multi handle already. */
typedef void (*stek_curl_ended_fn)(void *arg, CURL *easy, CURLcode code);

/*
 * Makes a multi handle with its own connections. Errors: STEK_ERR_MEMORY, STEK_ERR_SYSTEM.
 * Everything belongs to the loop's thread.
 */
STEK_MUST_USE enum stek_result stek_curl_loop_new(struct event_base *base,
                                                  stek_curl_ended_fn on_ended, void *arg,
                                                  struct stek_curl_loop **ret_loop);

/* Closes the connections. The caller has removed its transfers. Not from within a callback of
 * libcurl's. */
void stek_curl_loop_free(struct stek_curl_loop *loop);

/* Begins a transfer; it stays the caller's. Errors: STEK_ERR_SYSTEM. */
STEK_MUST_USE enum stek_result stek_curl_loop_add(struct stek_curl_loop *loop, CURL *easy);

/* Ends it without a callback. */
void stek_curl_loop_remove(struct stek_curl_loop *loop, CURL *easy);

/* Lets a transfer use HTTP and HTTPS, and no other protocol of libcurl's. */
bool stek_curl_http_only(CURL *easy);

/* Adds a line to the headers of a request. False: no memory, and they are as before. */
bool stek_curl_add_header(struct curl_slist **headers, const char *line);

#endif
