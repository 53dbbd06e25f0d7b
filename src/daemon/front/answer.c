/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/answer.h"

#include <stdlib.h>
#include <string.h>

enum { FRESH_MS = 1000 };

struct text {
    struct stek_answer *answer;
    unsigned holders; /* replies, and the answer itself while it is its latest */
    size_t len;
    char *bytes;
};

struct stek_answer {
    stek_answer_fn compose;
    void *arg;
    struct text *latest;
    int64_t composed_ms;
    unsigned texts;  /* alive */
    bool given_back; /* it goes with its last text */
};

struct stek_answer *stek_answer_new(stek_answer_fn compose, void *arg)
{
    struct stek_answer *answer = calloc(1, sizeof *answer);

    if (answer != NULL)
        *answer = (struct stek_answer){.compose = compose, .arg = arg};
    return answer;
}

static void let_go(struct text *text)
{
    struct stek_answer *answer = text->answer;

    if (--text->holders > 0)
        return;
    free(text->bytes);
    free(text);
    answer->texts--;
    if (answer->given_back && answer->texts == 0)
        free(answer);
}

/* evbuffer_ref_cleanup_cb; connections may end after stek_answer_free(). */
static void on_sent(const void *bytes, size_t len, void *arg)
{
    (void)bytes, (void)len;
    let_go(arg);
}

void stek_answer_free(struct stek_answer *answer)
{
    if (answer == NULL)
        return;
    struct text *latest = answer->latest;

    answer->latest = NULL;
    answer->given_back = answer->texts > 0;
    if (latest != NULL)
        let_go(latest);
    else if (!answer->given_back)
        free(answer);
}

static struct text *text_new(struct stek_answer *answer)
{
    json_t *composed = answer->compose(answer->arg);
    char *bytes = composed != NULL ? json_dumps(composed, JSON_COMPACT) : NULL;
    struct text *text = bytes != NULL ? calloc(1, sizeof *text) : NULL;

    json_decref(composed);
    if (text == NULL) {
        free(bytes);
        return NULL;
    }
    *text = (struct text){.answer = answer, .holders = 1, .len = strlen(bytes), .bytes = bytes};
    answer->texts++;
    return text;
}

/* The latest text, composed anew when it is old. */
static struct text *find_text(struct stek_answer *answer, int64_t now_ms)
{
    if (answer->latest != NULL && now_ms - answer->composed_ms < FRESH_MS)
        return answer->latest;
    if (answer->latest != NULL)
        let_go(answer->latest);
    answer->latest = answer->texts < STEK_ANSWER_TEXTS_MAX ? text_new(answer) : NULL;
    answer->composed_ms = now_ms;
    return answer->latest;
}

bool stek_answer_add(struct stek_answer *answer, int64_t now_ms, struct evbuffer *reply)
{
    struct text *text = find_text(answer, now_ms);

    if (text == NULL || evbuffer_add_reference(reply, text->bytes, text->len, on_sent, text) != 0)
        return false;
    text->holders++;
    return true;
}
