/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_stack.h"

#include "ring_fixture.h"

#include <pthread.h>
#include <string.h>

enum { STACK_LEN = 512 * 1024, ROOM_LEN = 1024, KEYS_MAX = 256 };

static _Alignas(64) uint8_t stack[STACK_LEN];

static uint8_t copy[STACK_LEN];
static size_t copy_len;

static size_t key_count;
static uint8_t keys[KEYS_MAX][32];

void stack_look_for(const uint8_t key[32])
{
    CHECK(key_count < KEYS_MAX);
    memcpy(keys[key_count++], key, 32);
}

void stack_look_for_nothing(void)
{
    key_count = 0;
}

__attribute__((noinline)) static void copy_stack(void)
{
    copy_len = (size_t)((uint8_t *)__builtin_frame_address(0) - stack);
    memcpy(copy, stack, copy_len);
}

size_t stack_found(void)
{
    size_t found = 0;

    CHECK(key_count > 0);
    for (size_t i = 0; i < key_count; i++)
        found += ring_area_holds(copy, copy_len, keys[i]);
    return found;
}

size_t stack_found_below(void)
{
    copy_stack();
    return stack_found();
}

struct call {
    void *(*run)(void *arg);
    void *arg;
};

/* The frame of copy_stack() takes the place of this room, and not of what is looked at. */
__attribute__((noinline)) static void run_below_room(const struct call *call)
{
    volatile uint8_t room[ROOM_LEN];

    room[0] = 0;
    (void)call->run(call->arg);
    room[ROOM_LEN - 1] = room[0];
}

static void *run_and_copy(void *call)
{
    run_below_room(call);
    copy_stack();
    return NULL;
}

void stack_run(void *(*run)(void *arg), void *arg)
{
    struct call call = {run, arg};
    pthread_attr_t attributes;
    pthread_t thread;

    memset(stack, 0, sizeof stack);
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstack(&attributes, stack, sizeof stack) == 0);
    CHECK(pthread_create(&thread, &attributes, run_and_copy, &call) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(pthread_attr_destroy(&attributes) == 0);
}
