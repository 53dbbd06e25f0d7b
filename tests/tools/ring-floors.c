/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches ring files, and prints a line for each one whose floor has risen: its number, the floor,
 * and when it was seen, in microseconds of Unix time. Looks at all of them several times in a
 * millisecond. Ends with its standard input.
 */
#include "ringfile/ring.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { RINGS_MAX = 2048, PAUSE_US = 100 };

struct watched {
    struct stek_ring *ring;
    uint64_t generation;
    uint64_t floor;
};

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void look(struct watched *watched, int number)
{
    static struct stek_ring_state state;
    uint64_t generation;

    if (stek_image_generation(watched->ring->image) == watched->generation ||
        stek_image_read(watched->ring->image, &state, &generation) != STEK_OK)
        return;
    watched->generation = generation;
    if (state.floor <= watched->floor)
        return;
    watched->floor = state.floor;
    printf("%d %" PRIu64 " %" PRId64 "\n", number, state.floor, now_us());
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct watched watched[RINGS_MAX];
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int count = 0;

    for (; count < argc - 1 && count < RINGS_MAX; count++)
        if (stek_ring_open(argv[count + 1], &watched[count].ring) != STEK_OK) {
            fprintf(stderr, "%s: cannot be opened\n", argv[count + 1]);
            return 1;
        }
    while (poll(&input, 1, 0) == 0) {
        for (int i = 0; i < count; i++)
            look(&watched[i], i);
        usleep(PAUSE_US);
    }
    for (int i = 0; i < count; i++)
        stek_ring_free(watched[i].ring);
    return 0;
}
