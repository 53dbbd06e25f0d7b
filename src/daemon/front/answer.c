/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/answer.h"

#include "clock/clock.h"
#include "daemon/front/text.h"

#include <stdlib.h>
#include <string.h>

struct stek_answer {
    stek_answer_fn compose;
    void *arg;
    struct stek_answer_limits limits;
    int64_t fresh_from_ms, fresh_until_ms; /* the last of these: */
    size_t count;
    struct stek_text *texts[];
};

struct stek_answer *stek_answer_new(stek_answer_fn compose, void *arg,
                                    const struct stek_answer_limits *limits)
{
    struct stek_answer *answer =
        calloc(1, sizeof *answer + limits->texts_max * sizeof(struct stek_text *));

    if (answer != NULL) {
        answer->compose = compose;
        answer->arg = arg;
        answer->limits = *limits;
    }
    return answer;
}

void stek_answer_free(struct stek_answer *answer)
{
    for (size_t i = 0; answer != NULL && i < answer->count; i++)
        stek_text_drop(answer->texts[i]);
    free(answer);
}

/* Lets those go that no reply sends any more. */
static void forget_sent(struct stek_answer *answer)
{
    size_t left = 0;

    for (size_t i = 0; i < answer->count; i++) {
        if (answer->texts[i]->holders == 1)
            stek_text_drop(answer->texts[i]);
        else
            answer->texts[left++] = answer->texts[i];
    }
    answer->count = left;
}

/* The latest text, composed anew when it is old. */
static struct stek_text *find_text(struct stek_answer *answer, int64_t now_ms)
{
    if (answer->count > 0 && now_ms >= answer->fresh_from_ms && now_ms < answer->fresh_until_ms)
        return answer->texts[answer->count - 1];
    forget_sent(answer);
    answer->fresh_until_ms = answer->fresh_from_ms;
    if (answer->count == answer->limits.texts_max)
        return NULL;
    const int64_t begin_ms = stek_clock_cpu_ms();
    struct stek_text *text = stek_text_new(answer->compose(answer->arg));
    const int64_t took_ms = stek_clock_cpu_ms() - begin_ms;
    if (text == NULL)
        return NULL;
    answer->texts[answer->count++] = text;
    answer->fresh_from_ms = now_ms;
    answer->fresh_until_ms =
        now_ms + (2 * took_ms > answer->limits.fresh_ms ? 2 * took_ms : answer->limits.fresh_ms);
    return text;
}

bool stek_answer_add(struct stek_answer *answer, int64_t now_ms, struct evbuffer *reply)
{
    struct stek_text *text = find_text(answer, now_ms);

    return text != NULL && stek_text_add(text, reply);
}
