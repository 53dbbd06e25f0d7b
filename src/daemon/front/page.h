/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status page over HTTP: its files, and the two answers in JSON that it shows. Whatever it is
 * asked, it changes nothing.
 *
 * The attacker is any local user, any host that the configured address lets in, and any web page in
 * the browser of an administrator. Headers keep other sites from framing, embedding and reading the
 * page, and have the browser refuse what is not stekd's (no inline script or style, no outside
 * file). host.h says by which names it may be asked for.
 */
#ifndef STEK_DAEMON_PAGE_H
#define STEK_DAEMON_PAGE_H

#include "daemon/front/answer.h"

#include <event2/http.h>

/* What the page shows. */
struct stek_page_sources {
    stek_answer_fn status; /* as `stek status --json`; NULL: no page is served */
    stek_answer_fn fleet;  /* as `stek fleet status --json` */
};

struct stek_page;

/* Serves it; `arg` is for the sources. NULL: no memory. It has to outlive the server. */
struct stek_page *stek_page_open(struct evhttp *server, const struct stek_page_sources *sources,
                                 void *arg);

/* NULL is fine. */
void stek_page_close(struct stek_page *page);

#endif
