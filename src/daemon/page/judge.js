// SPDX-License-Identifier: Apache-2.0
// Whether all is well and, if not, what to type. Pure: it reads what stekd has answered.

import {duration, several, time} from './words.js';

// From well to ill.
export const LEVELS = ['fine', 'note', 'warning', 'fault'];

const LOG = ['journalctl -u stekd -n 50', "stekd's log says why"];
const CHECK = ['stekd --check-config', 'checks the configuration and its files'];
const FLEET = ['stek fleet status', 'what the store and the other hosts have'];

// The word for a ring's health, in one line of the list.
export const HEALTH = {
  'fine': 'fine',
  'continuation': 'DEGRADED',
  'no-key': 'NO KEY',
  'unreadable': 'UNREADABLE',
  'not-kept': 'NOT KEPT',
};

function active(ring) {
  return (ring.keys || []).find((key) => key.state === 'active');
}

function orphan(ring, now) {
  const when = ring.removed_at ?
    ` stekd wipes and removes it in ${duration(Math.max(0, ring.removed_at - now))}.` : '';
  return {
    level: 'warning',
    word: 'ORPHAN',
    what: `No configuration names it, and its keys still open tickets.${when}` +
      (ring.problem ? ` ${ring.problem}` : ''),
    type: [[`stek revoke ${ring.name} --all`, 'wipes and removes it now']],
  };
}

// What ends continuations: a published key that is waiting.
function continued(ring, now) {
  const next = (ring.keys || []).find(
    (key) => key.state === 'pending' && key.origin === 'published');
  const since = ring.continued_since ? ` for ${duration(now - ring.continued_since)}` : '';
  const point = {
    level: 'warning',
    word: HEALTH.continuation,
    what: `On continuations${since}: no keys were published in time, so each is derived from ` +
      'the one before it. Resumption works, but who learns one key knows all later ones.',
    type: [LOG],
  };
  if (ring.source === 'fleet')
    point.type = [FLEET, LOG];
  else if (next) {
    point.what += ` A fresh key seals in ${duration(next.active_from - now)}.`;
    point.type = [[`stek rotate ${ring.name}`, 'has it seal now'], LOG];
  }
  if (ring.problem)
    point.what += ` ${ring.problem}`;
  return point;
}

function seeded(ring) {
  return {
    level: ring.problem ? 'warning' : 'fine',
    word: 'fine',
    what: ring.problem || '',
    type: ring.problem ? [LOG] : [],
  };
}

function unkept(ring) {
  return {
    level: 'fault',
    word: HEALTH['not-kept'],
    what: `${ring.problem || 'stekd cannot keep it'}. stekd tries again by itself. Servers that ` +
      'have the ring continue it.',
    type: [LOG, CHECK],
  };
}

// What to type when no key seals.
function keylessTyping(source) {
  if (source === 'fleet')
    return [FLEET, LOG];
  return source === 'seed' ? [LOG, CHECK] : [['timedatectl', 'is the clock right?'], LOG];
}

function keyless(ring) {
  return {
    level: 'fault',
    word: HEALTH['no-key'],
    what: 'No key seals: clients get full handshakes and no tickets.' +
      (ring.source === 'fleet' && ring.problem ? ` ${ring.problem}` : ''),
    type: keylessTyping(ring.source),
  };
}

// A ring that serves. What is only worth a note does not make it less well.
function serving(ring) {
  const consumers = ring.consumers;
  if (ring.problem)
    return {level: 'warning', word: 'fine', what: ring.problem, type: [FLEET]};
  if (consumers && consumers.processes === 0 && !consumers.incomplete)
    return {
      level: 'note',
      word: 'fine, unused',
      what: 'No process uses it now.',
      type: [[`stek enable SERVICE --ring ${ring.name}`, 'has a service use it'],
        ['stek doctor SERVICE', 'says what keeps a service from using it']],
    };
  return {level: 'fine', word: 'fine', what: '', type: []};
}

export function judgeRing(ring, now) {
  if (ring.orphan)
    return orphan(ring, now);
  switch (ring.health) {
    case 'fine':
      return serving(ring);
    case 'continuation':
      return ring.source === 'seed' ? seeded(ring) : continued(ring, now);
    case 'not-kept':
      return unkept(ring);
    case 'no-key':
      return keyless(ring);
    default:
      return {
        level: 'fault',
        word: HEALTH[ring.health] || String(ring.health),
        what: `Its file is refused: ${ring.problem || 'no reason is given'}.`,
        type: [['systemctl restart stekd', 'replaces a file that cannot be used'], LOG],
      };
  }
}

function clockPoint(problem) {
  return {
    level: 'warning',
    name: 'The clock',
    what: problem,
    type: [['timedatectl', 'is the time right, and synchronized?']],
  };
}

function emptyPoint() {
  return {
    level: 'warning',
    name: 'No rings',
    what: 'stekd has nothing to keep. Add a section [ring NAME] to /etc/stek/stekd.conf: ' +
      'stekd.conf(5).',
    type: [['stekd --check-config && systemctl reload stekd', 'when the section is there']],
  };
}

export function storePoint(fleet) {
  if (!fleet || !fleet.configured || fleet.online)
    return null;
  return {
    level: 'warning',
    name: "The fleet's store",
    what: `${fleet.endpoint} is unreachable since ${time(fleet.since)}` +
      `${fleet.problem ? ': ' + fleet.problem : ''}. Hosts go on in step by themselves.`,
    type: [['stekd --check-config --connect', 'tries endpoints, certificates and permissions'],
      FLEET],
  };
}

function headline(status, points) {
  const rings = status.rings.length;
  const ill = points.filter((point) => point.ring).length;
  if (points.length === 0)
    return rings === 1 ? 'All is well: a fresh key seals tickets.' :
      `All is well: ${rings} rings, and a fresh key of each seals tickets.`;
  if (ill === 0)
    return points.map((point) => point.name).join(' and ') + (points.length === 1 ?
      ' needs a look.' : ' need a look.');
  return `${ill} of ${several(rings, 'ring')} ${ill === 1 ? 'needs' : 'need'} a look.`;
}

// The worst first.
function gravestFirst(a, b) {
  return LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level);
}

// Whether all is well, and the points that are not: each with a name, what is wrong, and what to
// type.
export function judge(status, fleet) {
  const points = [];
  if (status.stekd && status.stekd.clock_problem)
    points.push(clockPoint(status.stekd.clock_problem));
  if (status.rings.length === 0)
    points.push(emptyPoint());
  const store = storePoint(fleet);
  if (store)
    points.push(store);
  for (const ring of status.rings) {
    const found = judgeRing(ring, status.time);
    if (found.level === 'warning' || found.level === 'fault')
      points.push({...found, name: `Ring ${ring.name}`, ring: ring.name});
  }
  points.sort(gravestFirst);
  return {
    level: points.length > 0 ? points[0].level : 'fine',
    headline: headline(status, points),
    points,
  };
}

export {active};
