/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When two hosts of a fleet destroy the secrets of epochs (src/fleet/rules/epoch.c, src/fleet/epochs.c) for Spin.
 *
 * No host destroys a secret that a sealed value still needs: a record until it retires, the floor while it counts. And
 * whoever takes a host, and has recorded the store, opens no record that had retired before that day. One record is
 * followed; which one, and when it is put, Spin tries out. Here "an hour" is one step of time and a day is three. A clock
 * differs from the time by an hour: that of host 0 is ahead, that of host 1 behind.
 *
 * One thing at a time is wrong: nothing; the clock of host 0, by a day more; the store, which says what it likes of the
 * time, hides the floor and brings old ones back; or the key of host 1, which was made for a day that is to come.
 * A floor that is put is late, repeated or lost on its way. Hosts crash, also between disk and memory, and host 1 comes
 * back from an image of the first day.
 *
 * Each MUTANT_… breaks one rule, and a check must then fail: model.py sees to it.
 */
#define HOUR  1
#define DAY_OF(time) ((time) / 3)
#define BEGIN 1
#define END   5 /* the last hour of the second day */
#define FAR   2
#define WRONG 3

#define CLOCK_WRONG (trouble == 1)
#define STORE_LIES  (trouble == 2)
#define KEY_AHEAD   (trouble == 3)

#define LATER(a, b)   ((a) > (b) -> (a) : (b))
#define EARLIER(a, b) ((a) < (b) -> (a) : (b))

byte trouble;
byte time = BEGIN;
byte clock[2]; /* of each host; they go on with the time */

/* The store: whose the floor is that stands there, and under which epoch it is sealed. */
#define NOBODYS 0
#define A_HOSTS 1
#define ENEMYS  2
byte whose = NOBODYS;
byte floor;

/* The record that is followed: when it retires, at the end of that day, and under which epoch it is sealed. */
bool there;
byte retires, sealed_under;

/* A host: the oldest epoch that its disk and its memory have; the epoch of the floor that it saw, whether that opens, and
 * whether the floor is the same since. Then its transaction that is on its way: a floor. It counts while the floor is the
 * one that the host knew. */
byte disk[2], memory[2], seen[2];
bool good[2], current[2];
bool way[2], way_counts[2];
byte way_epoch[2];

#ifdef MUTANT_OWN_CLOCK
#define CONFIRMED(i) true
#else
#define CONFIRMED(i) (clock[i] <= says + HOUR && says <= clock[i] + HOUR)
#endif

#ifdef MUTANT_STORES_CLOCK
#define OVER(i) DAY_OF(says)
#else
#ifdef MUTANT_NO_HOUR
#define OVER(i) DAY_OF(clock[i])
#else
#define OVER(i) DAY_OF((clock[i] > HOUR -> clock[i] - HOUR : 0))
#endif
#endif

#ifdef MUTANT_FLOOR_NOT_ASKED
#define NEEDED(i) OVER(i)
#else
#define NEEDED(i) EARLIER(OVER(i), seen[i])
#endif

#ifdef MUTANT_FLOOR_STAYS
#define FLOOR_IS_OLD(i) false
#else
#define FLOOR_IS_OLD(i) (seen[i] < least)
#endif

#ifdef MUTANT_SEALED_TODAY
#define EPOCH_FOR(day) least
#else
#ifdef MUTANT_BELOW_THE_FLOOR
#define EPOCH_FOR(day) (day)
#else
#define EPOCH_FOR(day) LATER(day, least)
#endif
#endif

/* What the store says of the time, and the epoch to seal under then, at least. */
inline ask_time(i) {
    if
    :: says = time
    :: STORE_LIES -> says = clock[i] + HOUR
    :: STORE_LIES -> says = 0
    fi;
    least = LATER(seen[i], memory[i]);
    if :: CONFIRMED(i) -> least = LATER(least, DAY_OF(clock[i])) :: else fi
}

/* Whatever must open opens on each host. A key that is ahead of its time opens nothing until its host has put a floor. */
inline all_open() {
    if
    :: KEY_AHEAD && floor < FAR -> skip
    :: else ->
        assert(whose != A_HOSTS || STORE_LIES || (floor >= memory[0] && floor >= memory[1]));
        assert(!there || retires < DAY_OF(time) ||
               (sealed_under >= memory[0] && sealed_under >= memory[1] && sealed_under >= disk[0] && sealed_under >= disk[1]))
    fi
}

inline floor_changed() {
#ifndef MUTANT_NOT_COMPARED
    way_counts[0] = false;
    way_counts[1] = false;
#endif
    current[0] = false;
    current[1] = false
}

/* It begins with what is on its disk, and knows nothing of the store. */
inline start(i) {
    memory[i] = disk[i];
    seen[i] = 0;
    good[i] = false;
    current[i] = false
}

proctype Host(byte i) {
    byte says, least;

    do
    /* It looks at the store. A floor that does not open counts as absent. */
    :: atomic { !current[i] ->
           current[i] = true;
           if
           :: whose != NOBODYS && floor >= memory[i] -> good[i] = true; seen[i] = floor
           :: whose == NOBODYS || floor < memory[i] || STORE_LIES -> good[i] = false; seen[i] = 0
           fi }

    /* It puts the floor, where there is none or that is old. */
    :: atomic { !way[i] && current[i] ->
           ask_time(i);
           if
           :: !good[i] || FLOOR_IS_OLD(i) -> way[i] = true; way_epoch[i] = least; way_counts[i] = true
           :: else
           fi;
           says = 0; least = 0 }
    :: atomic { way[i] ->
           if
           :: way_counts[i] -> floor = way_epoch[i]; whose = A_HOSTS; floor_changed()
           :: else
           fi;
           if :: way[i] = false; way_epoch[i] = 0; way_counts[i] = false :: true fi; /* it may arrive once more */
           all_open() }
    :: atomic { way[i] -> way[i] = false; way_epoch[i] = 0; way_counts[i] = false }

    /* It puts the record. That demands the same floor, too. Before the fleet knows of a key that is ahead, none is followed;
     * and none that retires within the hour. */
    :: atomic { !there && current[i] && !(KEY_AHEAD && floor < FAR) ->
           ask_time(i);
           if
           :: retires = DAY_OF(clock[i])
           :: retires = DAY_OF(clock[i]) + 1
           fi;
           there = DAY_OF(time + HOUR) <= retires;
           sealed_under = EPOCH_FOR(retires);
           if :: !there -> retires = 0; sealed_under = 0 :: else fi;
           says = 0; least = 0;
           all_open() }

    /* Three witnesses agree that epochs are over: first the disk forgets, then the memory. */
    :: atomic { good[i] && disk[i] == memory[i] ->
           ask_time(i);
           if
           :: CONFIRMED(i) && NEEDED(i) > memory[i] ->
#ifdef MUTANT_MEMORY_FIRST
               memory[i] = NEEDED(i)
#else
               disk[i] = NEEDED(i)
#endif
           :: else
           fi;
           says = 0; least = 0;
           all_open() }
    :: atomic { disk[i] != memory[i] ->
           disk[i] = LATER(disk[i], memory[i]);
           memory[i] = disk[i];
           all_open() }

    /* A crash. What the memory had forgotten does not come back. */
    :: atomic { assert(disk[i] >= memory[i]); start(i) }
    :: atomic { i == 1 && !KEY_AHEAD && disk[i] > 0 -> disk[i] = 0; start(i) }

    /* It is taken when it has done what is to do. */
    :: atomic { trouble == 0 && good[i] && current[i] && disk[i] == memory[i] ->
           ask_time(i);
           if
           :: !FLOOR_IS_OLD(i) && NEEDED(i) <= memory[i] ->
              assert(!there || retires >= DAY_OF(clock[i] - HOUR) || sealed_under < memory[i])
           :: else
           fi;
           says = 0; least = 0 }
    od
}

proctype Time() {
    do
    :: atomic { time < END -> time++; clock[0]++; clock[1]++ }
    :: time == END -> break
    od
}

/* Who owns the store brings a floor of an earlier day back, or deletes it. */
proctype Enemy() {
    do
    :: atomic { STORE_LIES && floor > 0 ->
           floor--;
           if :: whose = ENEMYS :: whose = NOBODYS fi;
           floor_changed() }
    od
}

init {
    atomic {
        clock[0] = BEGIN + HOUR;
        clock[1] = BEGIN - HOUR;
        if
        :: trouble = 0
        :: trouble = 1; clock[0] = clock[0] + WRONG
        :: trouble = 2
        :: trouble = 3; disk[1] = FAR; memory[1] = FAR
        fi;
        run Host(0); run Host(1); run Time(); run Enemy()
    }
}
