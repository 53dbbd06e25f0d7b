/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register of early data (src/early/register.h and register.c, same names) for Spin: processes that share it check
 * tickets while further ones are given. A check may be held up or killed before it changes anything.
 *
 * The attacker has every ticket that was ever given, and presents any of them to any process at any time. Whatever comes
 * of that, each is accepted at most once. Nobody waits for anybody.
 *
 * Spin's memory is sequentially consistent. The code needs less: a word is changed by compare-and-swap alone, which sees
 * the newest value. The counter may be read late: here, too, a check may take any former value for the present one.
 *
 * Each MUTANT_… breaks one rule, and a check must then fail: model.py sees to it.
 */
#define FLAGS 2
#define BLOCKS 2
#define WINDOW (FLAGS * BLOCKS)
/* So many serials that both blocks are used a second time. */
#ifndef SERIALS
#define SERIALS 7
#endif
#ifndef PROCESSES
#define PROCESSES 3
#endif

#define PLACE(serial) (((serial) / FLAGS) % BLOCKS)
#define LAP(serial) ((serial) / WINDOW)
#define FLAG(serial) (1 << ((serial) % FLAGS))
/* A word, in two parts that change together. */
#define WORD(lap, flags) (((lap) << 4) | (flags))
#define LAP_OF(word) ((word) >> 4)
#define FLAGS_OF(word) ((word) & 15)

byte issued = WINDOW - 1; /* the first is 1, as in the register */
bit locked = 0; /* of MUTANT_LOCK alone */
byte word[BLOCKS];

/* Not in the register: what the checks need to know. */
byte accepted[SERIALS + 1];

/* stek_register_issue(), by any process: one step. */
active proctype giver()
{
    do
    :: issued < SERIALS ->
        atomic {
            issued++;
#ifdef MUTANT_NO_BLOCK_NUMBER
            /* Then who gives the first serial of a block has to forget the flags of the former ones. */
            if
            :: issued % FLAGS == 0 -> word[PLACE(issued)] = 0
            :: else -> skip
            fi
#endif
        }
    :: else -> break
    od
}

/* stek_register_decide(): `next` is what the word becomes; `allowed`, whether it may. */
inline decide()
{
    d_step {
        allowed = 1;
        next = seen;
#ifndef MUTANT_NO_BLOCK_NUMBER
        if
#ifdef MUTANT_BLOCK_NUMBER_SHRINKS
        :: LAP_OF(seen) != LAP(serial) -> next = WORD(LAP(serial), 0)
#else
        :: LAP_OF(seen) > LAP(serial) -> allowed = 0
        :: LAP_OF(seen) < LAP(serial) -> next = WORD(LAP(serial), 0)
#endif
        :: else -> skip
        fi;
#endif
        if
        :: (FLAGS_OF(next) & FLAG(serial)) != 0 -> allowed = 0
        :: else -> skip
        fi;
#ifndef MUTANT_NO_BIT
        next = next | FLAG(serial)
#endif
    }
}

#ifdef MUTANT_LOCK
#define LOCK !locked -> locked = 1
#define UNLOCK locked = 0
#else
#define LOCK skip
#define UNLOCK skip
#endif

/* The attacker's choice, and a look at the word. A check may have read the counter long ago: so it goes on, or it says
 * STEK_EARLY_TOO_OLD where that is so now. */
inline look()
{
    atomic {
        LOCK;
        select(serial : 1 .. issued);
        seen = word[PLACE(serial)];
        decide();
        if
        :: issued - serial >= WINDOW -> allowed = 0
        :: skip
        fi
    }
}

#define ACCEPT               \
    accepted[serial]++;      \
    assert(accepted[serial] <= 1)

/* stek_register_spend() from there on: the swap, or the next look, until it is through. */
inline spend()
{
    do
    :: !allowed -> break
    :: allowed -> goto end /* it is killed here */
#ifdef MUTANT_NO_SWAP
    :: atomic { allowed -> word[PLACE(serial)] = next; ACCEPT; break }
#else
#ifdef MUTANT_TWO_SWAPS
    /* First the block number, with a look at the flags; then the flag. */
    :: atomic { allowed && LAP_OF(seen) < LAP(serial) && LAP_OF(word[PLACE(serial)]) < LAP(serial) ->
           word[PLACE(serial)] = WORD(LAP(serial), 0) };
       atomic { word[PLACE(serial)] = WORD(LAP(serial), FLAG(serial)); ACCEPT; break }
#endif
    :: atomic { allowed && word[PLACE(serial)] == seen -> word[PLACE(serial)] = next; ACCEPT; break }
    /* Another one was there first, or the swap failed for no reason. */
    :: atomic { allowed && word[PLACE(serial)] != seen -> seen = word[PLACE(serial)]; decide() }
#endif
    od
}

/* One check: a process remembers nothing of a former one, so two in a row are two processes, of which one is late. */
active [PROCESSES] proctype process()
{
    byte serial;
    byte seen;
    byte next;
    bit allowed;

    look();
    spend();
    UNLOCK;
end:
    skip;
    d_step { /* what it remembers now makes no difference */
        serial = 0;
        seen = 0;
        next = 0;
        allowed = 0
    }
    /* Reaching this end, whatever the others do or do not, is what Spin demands of every process: nobody waits. */
}
