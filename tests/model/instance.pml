/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the processes of a program agree on its random id (src/early/register.c: draw_instance(), read_instance()) for
 * Spin. The id is longer than a word, and a process may be killed when it has drawn one word of two.
 *
 * Whoever reads an id reads the same one as all others, at any time, and nobody waits. Else a ticket could be taken for
 * another program's where it is this one's, which is harmless, or a former id could come back, which is not.
 *
 * Each MUTANT_… breaks one rule, and a check must then fail: model.py sees to it.
 */
#define WORDS 2
#define PROCESSES 3

byte instance[WORDS]; /* 0: not drawn yet */

/* Not in the register: what was read first. */
byte known[WORDS];

active [PROCESSES] proctype process()
{
    byte i;
    bit whole;
    byte copy[WORDS];

again:
    /* read_instance() */
    whole = 1;
    i = 0;
    do
    :: i < WORDS ->
        copy[i] = instance[i];
        if
        :: copy[i] == 0 -> whole = 0
        :: else -> skip
        fi;
        i++
    :: else -> break
    od;
#ifdef MUTANT_HALF_AN_ID
    whole = (copy[0] != 0);
#endif
    if
    :: whole ->
        skip;
        d_step {
            i = 0;
            do
            :: i < WORDS ->
                if
                :: known[i] == 0 -> known[i] = copy[i]
                :: else -> skip
                fi;
                assert(copy[i] != 0 && copy[i] == known[i]);
                i++
            :: else -> break
            od
        };
        goto end
    :: else -> skip
    fi;
    /* draw_instance(): bytes of its own, which no other process has. */
    i = 0;
    do
    :: i < WORDS ->
        if
        :: goto end /* it is killed here */
        :: skip
        fi;
#ifdef MUTANT_NO_SWAP
        if
        :: instance[i] == 0 -> instance[i] = _pid + 1
        :: else -> skip
        fi;
#else
        atomic {
            if
            :: instance[i] == 0 -> instance[i] = _pid + 1
            :: else -> skip
            fi
        }
#endif
        i++
    :: else -> break
    od;
#ifdef MUTANT_FIRST_DRAWS_ALL
    instance[0] == instance[1]; /* waits until one has drawn both, which is never when it has died between */
#endif
    goto again;
end:
    skip
}
