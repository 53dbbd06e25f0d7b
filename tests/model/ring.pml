/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of a ring's image (src/ringfile/image.h and image.c, same names, same order of stores) for Spin: one
 * writer, which may die before any store and be started again, or not; two readers, who never wait.
 *
 * A state is a number, written into every word of a side, so that a copy is torn when its words differ. A state that was
 * followed by another stands for its retired secret: when the writer is through, no word may hold it any more.
 *
 * Spin's memory is sequentially consistent. The code gets the order that matters here from release stores and acquire
 * loads: words before the generation that publishes them, and words before the second look at the generation.
 *
 * Each MUTANT_… breaks one rule, and a check must then fail: model.py sees to it.
 */
#define WORDS 2
/* Two changes bring the first side into use again while a slow reader still copies it. */
#ifndef CHANGES
#define CHANGES 2
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define TRIES 2
#define FIRST_GENERATION 2
#define GENERATIONS (FIRST_GENERATION + CHANGES + 1)

typedef side_t { byte word[WORDS] };

side_t side[2];
byte generation = FIRST_GENERATION;
byte clean = FIRST_GENERATION;

/* Not in the image: what the checks need to know. */
byte published[GENERATIONS]; /* the state of each generation */
byte states = 0;             /* the latest that the writer has thought of; 0 is what the image begins with */
byte deaths = 0;
byte changes = 0;

/* Before each store the writer may die: what it has in mind is lost, what is in the image stays. */
#define MAY_DIE if :: deaths < DEATHS -> deaths++; goto dead :: skip fi

/* stek_image_scrub(): overwrites the side that does not hold with the one that does. */
#define SCRUB                                                              \
    i = 0;                                                                 \
    do                                                                     \
    :: i < WORDS ->                                                        \
        MAY_DIE;                                                           \
        side[(generation + 1) & 1].word[i] = side[generation & 1].word[i]; \
        i++                                                                \
    :: else -> break                                                       \
    od;                                                                    \
    MAY_DIE;                                                               \
    clean = generation

/* Puts the new state on the side that does not hold. */
#define FILL                                            \
    i = 0;                                              \
    do                                                  \
    :: i < WORDS ->                                     \
        MAY_DIE;                                        \
        side[(target) & 1].word[i] = states;            \
        i++                                             \
    :: else -> break                                    \
    od

#define SWITCH                                          \
    MAY_DIE;                                            \
    atomic {                                            \
        generation = target;                            \
        published[target] = states;                     \
        changes++                                       \
    }

/* Nothing of an earlier state is anywhere, and nothing of one that was never published. */
inline check_that_nothing_is_left()
{
    d_step {
        i = 0;
        do
        :: i < WORDS ->
            assert(side[0].word[i] == published[generation]);
            assert(side[1].word[i] == published[generation]);
            i++
        :: else -> break
        od;
        assert(clean == generation)
    }
}

active proctype writer()
{
    byte i;
    byte target;

start:
    /* stek_writer_open(): whoever takes over scrubs in any case, since a dead one may have left half a state. */
#ifndef MUTANT_TAKE_OVER_WITHOUT_SCRUB
    SCRUB;
#endif
    check_that_nothing_is_left();
    do
    :: changes < CHANGES ->
        /* stek_image_write() */
        states++;
        target = generation + 1;
#ifdef MUTANT_GENERATION_FIRST
        SWITCH;
        FILL;
#else
        FILL;
        SWITCH;
#endif
#ifndef MUTANT_OLD_SIDE_STAYS
        SCRUB;
#else
        clean = generation;
#endif
        check_that_nothing_is_left()
    :: break
    od;
    goto end;
dead:
    i = 0;
    target = 0;
    if
    :: goto start
    :: skip /* it is never started again */
    fi;
end:
    skip
}

/* stek_image_read(), once and at any time: a reader remembers nothing from one time to the next. */
active [2] proctype reader()
{
    byte i;
    byte tries = 0;
    byte seen;
    byte copy[WORDS];

again:
#ifdef MUTANT_READER_WAITS
    clean == generation; /* blocks until it is so, which is never when the writer has died for good */
#endif
    seen = generation;
    i = 0;
    do
    :: i < WORDS ->
        copy[i] = side[seen & 1].word[i];
        i++
    :: else -> break
    od;
    if
#ifndef MUTANT_ONE_LOOK
    :: generation != seen ->
        tries++;
        if
        :: tries < TRIES -> goto again
        :: else -> skip /* STEK_ERR_BUSY: without keys this time, and without waiting */
        fi
    :: else ->
#else
    :: true ->
#endif
        d_step {
            i = 0;
            do
            :: i < WORDS ->
                assert(copy[i] == published[seen]);
                i++
            :: else -> break
            od
        }
    fi;
    d_step { /* what it remembers now makes no difference, so it shall make no states */
        copy[0] = 0;
        copy[1] = 0;
        i = 0;
        seen = 0;
        tries = 0
    }
    /* Reaching this end, whatever the writer does or does not, is what Spin demands of every process: nobody waits. */
}
