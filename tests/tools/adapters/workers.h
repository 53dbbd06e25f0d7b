/* SPDX-License-Identifier: Apache-2.0 */
/* Two processes that answer on one port, for servers of other TLS libraries. */
#ifndef TOOLS_ADAPTERS_WORKERS_H
#define TOOLS_ADAPTERS_WORKERS_H

#include <stddef.h>

enum { ANSWER_LEN = 256 };

/* The HTTP answer that names this process; its length. */
size_t workers_answer(char ret_answer[ANSWER_LEN]);

/* Listens on a port of loopback, and has two forks call `serve` for each connection, which closes
 * it. Returns only when it fails. */
void workers_run(int port, void (*serve)(int fd));

#endif
