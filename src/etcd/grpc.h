/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's framing of messages in an HTTP/2 body, and its status. Pure but for the heap.
 *
 *     offset  bytes  field
 *          0      1  compressed: 0 (we ask for none, and refuse others)
 *          1      4  length of the message, big-endian
 *          5      .  the message (protobuf)
 *
 * The attacker is a server that we connected to, or a machine that answers in its place. Bytes may
 * be cut anywhere, and say anything. A length is believed only up to a limit.
 */
#ifndef STEK_FLEET_GRPC_H
#define STEK_FLEET_GRPC_H

#include "stek.h"

#include "crypto/aead.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_GRPC_HEAD_LEN = 5, STEK_GRPC_MESSAGE_MAX = 4 << 20 };

/* Assembles frames from pieces. Start with zeros; end it with stek_grpc_frames_fini(). */
struct stek_grpc_frames {
    uint8_t *at;
    size_t len;
    size_t room;
};

/* Called with each whole message; the bytes are borrowed. Returns false to stop feeding. */
typedef bool (*stek_grpc_message_fn)(void *arg, struct stek_bytes message);

/*
 * Takes the next piece of a body and hands out the messages that it completes, in order.
 * Errors: STEK_ERR_FORMAT (a compressed message), STEK_ERR_ARGUMENT (one over
 * STEK_GRPC_MESSAGE_MAX), STEK_ERR_MEMORY, STEK_ERR_BUSY (the callback stopped it). After an error
 * the body cannot go on.
 */
STEK_MUST_USE enum stek_result stek_grpc_feed(struct stek_grpc_frames *frames,
                                              struct stek_bytes piece,
                                              stek_grpc_message_fn on_message, void *arg);
void stek_grpc_frames_fini(struct stek_grpc_frames *frames);

/* Writes the head of a frame for a message of this length. */
void stek_grpc_head(size_t message_len, uint8_t ret_head[STEK_GRPC_HEAD_LEN]);

/* Status numbers that are told apart (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
enum stek_grpc_status {
    STEK_GRPC_OK = 0,
    STEK_GRPC_INVALID_ARGUMENT = 3,
    STEK_GRPC_DEADLINE_EXCEEDED = 4,
    STEK_GRPC_NOT_FOUND = 5,
    STEK_GRPC_PERMISSION_DENIED = 7,
    STEK_GRPC_RESOURCE_EXHAUSTED = 8,
    STEK_GRPC_FAILED_PRECONDITION = 9,
    STEK_GRPC_OUT_OF_RANGE = 11,
    STEK_GRPC_UNIMPLEMENTED = 12,
    STEK_GRPC_UNAVAILABLE = 14,
    STEK_GRPC_UNAUTHENTICATED = 16,
    STEK_GRPC_NO_STATUS = -1 /* the answer ended without one */
};

enum { STEK_GRPC_TEXT_MAX = 160 };

/* The content of a call's trailers. */
struct stek_grpc_trailers {
    int status;
    char text[STEK_GRPC_TEXT_MAX];
};

/*
 * Takes one header or trailer line, as HTTP has it ("grpc-status: 7"); other lines than status and
 * message are ignored. The text is percent-decoded and cut; what is not printable ASCII becomes
 * '?'.
 */
void stek_grpc_trailer(struct stek_grpc_trailers *trailers, const char *line, size_t len);

#endif
