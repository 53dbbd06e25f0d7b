/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line on standard error, in a program that may not expect anybody to write there. Its standard
 * error may be a pipe that nobody reads any more, or the connection to its client (inetd(8)). It
 * may have closed it, and have something else under that number by now.
 */
#ifndef STEK_TLS_MODULE_SAY_H
#define STEK_TLS_MODULE_SAY_H

/* Notes what standard error is. Called when the module is loaded; only the first call counts. Not
 * thread-safe against stek_say(). */
void stek_say_prepare(void);

/*
 * Like printf(3), with the line's end in the format. Says nothing where standard error is a network
 * connection, or neither what it was when the module was loaded, nor a terminal or another device,
 * nor a file that is appended to. Never blocks, raises no signal, keeps errno. A longer line than
 * 1023 bytes is cut. Thread-safe.
 */
void stek_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
