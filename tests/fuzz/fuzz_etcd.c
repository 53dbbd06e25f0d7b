/* SPDX-License-Identifier: Apache-2.0 */
/* What an endpoint answers: frames cut anywhere, then each of etcd's messages, whatever the method
 * was. */
#include "driver/fuzz.h"

#include "etcd/message.h"
#include "etcd/grpc.h"

#include <string.h>

struct seen {
    uint64_t sum;
};

static void on_item(void *arg, const struct stek_etcd_answer *head,
                    const struct stek_etcd_item *item)
{
    struct seen *seen = arg;

    (void)head;
    for (size_t i = 0; i < item->key.len; i++)
        seen->sum += item->key.at[i];
    for (size_t i = 0; i < item->value.len; i++)
        seen->sum += item->value.at[i];
}

static void check_text(const char *text, size_t room)
{
    const size_t len = strnlen(text, room);

    FUZZ_MUST(len < room);
    for (size_t i = 0; i < len; i++)
        FUZZ_MUST(text[i] >= ' ' && text[i] <= '~');
}

static bool on_message(void *arg, struct stek_bytes message)
{
    struct stek_etcd_answer answer = {.revision = 42};

    if (stek_etcd_read_range(message, on_item, arg, &answer) != STEK_OK)
        FUZZ_MUST(answer.revision == 42);
    (void)!stek_etcd_read_write(message, &answer);
    (void)!stek_etcd_read_delete(message, &answer);
    (void)!stek_etcd_read_keepalive(message, &answer);
    if (stek_etcd_read_lease(message, &answer) == STEK_OK)
        check_text(answer.text, sizeof answer.text);
    if (stek_etcd_read_watch(message, on_item, arg, &answer) == STEK_OK)
        check_text(answer.text, sizeof answer.text);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    const size_t cut = (size_t)fuzz_take(&input, 1);
    const size_t first = cut < input.left ? cut : input.left;
    struct stek_grpc_frames frames = {0};
    struct stek_grpc_trailers trailers = {.status = STEK_GRPC_NO_STATUS};
    struct seen seen = {0};

    if (stek_grpc_feed(&frames, (struct stek_bytes){input.at, first}, on_message, &seen) == STEK_OK)
        (void)!stek_grpc_feed(&frames, (struct stek_bytes){input.at + first, input.left - first},
                              on_message, &seen);
    stek_grpc_frames_fini(&frames);
    stek_grpc_trailer(&trailers, (const char *)data, size);
    check_text(trailers.text, sizeof trailers.text);
    FUZZ_MUST(trailers.status >= -1 && trailers.status <= 19);
    return 0;
}
