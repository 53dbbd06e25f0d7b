/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two hosts, a store, and one seq of a ring: put-if-absent, publishing ahead, and the floor, with messages that are lost,
 * late or repeated, and hosts that crash, with and without their ring file. src/fleet/ is the code.
 *
 * Time has three parts: EARLY, when the seq may get fresh bytes; LATE, when it is as good as settled; BEGUN, when hosts
 * seal under it. A put carries the revision of the floor that its sender saw, and counts only if that is the floor's still.
 */
#define EARLY 0
#define LATE  1
#define BEGUN 2

/* Secrets of the seq. Each host has fresh bytes of its own; the continuation is the same for all. */
#define NOTHING   0
#define FRESH(i)  (1 + (i))
#define CONTINUED 3
#define BIT(secret) (1 << (secret))

#define HOSTS 2
#define PUTS  2 /* of one host, on their way at once: it gave up on the first */

#define FREE (way[0].kind == idle || way[1].kind == idle)

mtype = { idle, put, raise }
typedef Message { mtype kind; byte value; byte expects };

byte clock = EARLY;
byte stored = NOTHING; /* what is published under the seq */
byte ever = NOTHING;   /* what was first published under it */
byte floor = 0;        /* 0: the seq may be used; 1 and 2: it is revoked, and seqs after it begin */
byte revision = 1;     /* of the floor */

/* A host: what it knows of the store, what it holds to open with, and what it sealed under. */
byte known[HOSTS], knows_floor[HOSTS], knows_revision[HOSTS], held[HOSTS], sealed[HOSTS];

/* What a host learns replaces its own continuation; what it sealed under it goes on holding. */
inline learn(i) {
    if
    :: floor > knows_floor[i] -> knows_floor[i] = floor; known[i] = NOTHING; held[i] = 0; sealed[i] = 0
    :: else
    fi;
    knows_revision[i] = revision;
    if
    :: knows_floor[i] == 0 && stored != NOTHING && known[i] != stored ->
#ifdef MUTANT_OWN_WINS
       if :: known[i] == NOTHING && (sealed[i] & BIT(CONTINUED)) -> known[i] = CONTINUED :: else -> known[i] = stored fi;
#else
       known[i] = stored;
#endif
#ifdef MUTANT_FORGETS
       held[i] = 0;
#endif
       held[i] = held[i] | BIT(known[i])
    :: else
    fi
}

proctype Host(byte i) {
    Message way[PUTS];
    byte j, secret;
    way[0].kind = idle;
    way[1].kind = idle;

    do
    :: atomic { learn(i) } /* a watch, a read, or the answer to a put */

    /* Something is published, ahead of time or late. */
    :: atomic { FREE && known[i] == NOTHING && knows_floor[i] == 0 && knows_revision[i] > 0 ->
           if
           :: way[0].kind == idle -> j = 0
           :: way[1].kind == idle -> j = 1
           fi;
           way[j].kind = put;
           way[j].expects = knows_revision[i];
           if :: clock == EARLY -> way[j].value = FRESH(i) :: else -> way[j].value = CONTINUED fi
#ifdef MUTANT_BEFORE_YES
           ; known[i] = way[j].value; held[i] = held[i] | BIT(way[j].value)
#endif
       }

    /* An operator revokes: host 0 up to 1, host 1 up to 2. */
    :: atomic { FREE && knows_revision[i] > 0 && knows_floor[i] < i + 1 ->
           if
           :: way[0].kind == idle -> j = 0
           :: way[1].kind == idle -> j = 1
           fi;
           way[j].kind = raise;
           way[j].value = i + 1;
           way[j].expects = knows_revision[i];
           j = 0 }

    /* A message arrives at the store, perhaps long after; and perhaps once more. */
    :: atomic { way[0].kind != idle || way[1].kind != idle ->
           if
           :: way[0].kind != idle -> j = 0
           :: way[1].kind != idle -> j = 1
           fi;
           if
           :: way[j].kind == put &&
#ifndef MUTANT_NO_IF_ABSENT
              stored == NOTHING &&
#endif
#ifndef MUTANT_FLOOR_NOT_COMPARED
              way[j].expects == revision ->
#else
              true ->
#endif
              assert(floor == 0);                                   /* nothing is put below the floor */
              assert(ever == NOTHING || ever == way[j].value);      /* one secret for a published seq */
              stored = way[j].value;
              ever = way[j].value
           :: way[j].kind == raise &&
#ifndef MUTANT_FLOOR_NOT_COMPARED
              way[j].expects == revision ->
#else
              true ->
#endif
              assert(way[j].value > floor);                         /* the floor never falls */
              floor = way[j].value;
              revision++;
              stored = NOTHING
           :: else /* a comparison failed */
           fi;
           if :: way[j].kind = idle; way[j].value = 0; way[j].expects = 0 :: skip fi;
           j = 0 }
    :: atomic { way[0].kind != idle -> way[0].kind = idle; way[0].value = 0; way[0].expects = 0 } /* lost */
    :: atomic { way[1].kind != idle -> way[1].kind = idle; way[1].value = 0; way[1].expects = 0 }

    /* The seq has begun. */
    :: atomic { clock == BEGUN && knows_floor[i] == 0 ->
           if :: known[i] == NOTHING -> secret = CONTINUED :: else -> secret = known[i] fi;
           held[i] = held[i] | BIT(secret);
           sealed[i] = sealed[i] | BIT(secret);
           /* It is published, or it is what every host continues with. */
           assert(secret == CONTINUED || ever == secret);
           /* A host that knows as much as this one opens it. */
           if
           :: known[1 - i] == stored && known[i] == stored && knows_floor[1 - i] == 0 && floor == 0 && stored != NOTHING ->
              assert(held[1 - i] & BIT(secret))
           :: stored != NOTHING && knows_revision[i] == revision && known[i] != NOTHING ->
              assert(secret == stored)
           :: else
           fi;
           secret = NOTHING }
    :: atomic { (sealed[i] & held[i]) != sealed[i] -> assert(false) } /* what it sealed it opens */

    /* A crash: what is on its way stays on its way; the ring file stays, or goes. */
    :: atomic { knows_revision[i] > 0 -> knows_revision[i] = 0 }
    :: atomic { knows_revision[i] > 0 ->
           knows_revision[i] = 0;
           known[i] = NOTHING; knows_floor[i] = 0; held[i] = 0; sealed[i] = 0 }
    od
}

proctype Clock() {
    clock = LATE;
    clock = BEGUN
}

init {
    atomic { run Host(0); run Host(1); run Clock() }
}
