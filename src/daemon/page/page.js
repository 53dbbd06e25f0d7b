// SPDX-License-Identifier: Apache-2.0
// Asks stekd again and again, and shows what it says; and says so when it says nothing.

import {charts} from './charts.js';
import {el, keep} from './dom.js';
import {showFleet} from './fleet.js';
import {Histories} from './history.js';
import {judge} from './judge.js';
import {RingList, typing} from './rings.js';
import {clock, duration, several, time} from './words.js';

const EVERY_MS = 2000;
const EVERY_MANY_MS = 5000; // with many rings
const MANY = 50;
const PATIENCE_MS = 10000; // for one answer
const POINTS_MAX = 12; // named in the verdict

const part = (id) => document.getElementById(id);
const histories = new Histories();
const list = new RingList(part('ring-list'), part('find'));
const last = {status: null, fleet: null, at: 0, gone: null};

function seconds() {
  return performance.now() / 1000;
}

async function ask(name) {
  const answer = await fetch(name, {
    cache: 'no-store', credentials: 'same-origin', redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!answer.ok)
    throw new Error(`it answered ${answer.status}: ${(await answer.text()).trim()}`);
  return answer.json();
}

function point(found) {
  return el('li', {class: found.level}, el('strong', null, found.name), ': ',
    el('span', null, found.what), typing(found.type));
}

function verdict(level, headline, points) {
  const rest = points.length - POINTS_MAX;
  part('verdict').dataset.level = level;
  document.title = `${level === 'fine' ? '' : '! '}${headline} stek`;
  keep(part('verdict'), [level, headline, points], () => [
    el('p', {class: 'headline'}, headline),
    points.length > 0 ? el('ul', {class: 'points'}, ...points.slice(0, POINTS_MAX).map(point)) :
      null,
    rest > 0 ? el('p', null, `And ${several(rest, 'more', 'more')}: the list of rings begins ` +
      'with them.') : null,
  ]);
}

function self(status) {
  const stekd = status.stekd;
  return `stekd ${stekd.version} on ${location.host || 'this host'}, process ${stekd.pid}, ` +
    `up ${duration(status.time - stekd.since)}. Seen at ${clock(status.time)} UTC.`;
}

function showStatus() {
  const {status, fleet} = last;
  const found = judge(status, fleet);
  document.body.classList.remove('old');
  verdict(found.level, found.headline, found.points);
  keep(part('self'), self(status), (text) => text);
  part('rings').hidden = status.rings.length === 0;
  part('tickets').hidden = status.rings.length < 2;
  list.update(status, histories);
  if (status.rings.length >= 2)
    keep(part('tickets-charts'), histories.all.points, 
      () => charts(histories.all.points, status.time));
  showFleet(part('fleet'), fleet);
}

// What was seen last stays, and is called old.
function showGone(why) {
  const since = last.status ? `since ${time(last.gone)}` : '';
  document.body.classList.add('old');
  verdict('fault', `stekd does not answer ${since}`.trim() + '.', [{
    level: 'fault',
    name: 'stekd',
    what: `${why}. Servers go on: they rotate the keys of their rings by themselves.` +
      (last.status ? ` What follows was seen at ${time(last.status.time)}.` : ''),
    type: [['systemctl status stekd', 'does it run?'],
      ['journalctl -u stekd -n 50', 'its log says why it ended'],
      ['stek status', 'reads the ring files while stekd is away']],
  }]);
}

// The time at stekd's host, as far as the last answer tells.
function hostTime() {
  return Math.round(last.status.time + seconds() - last.at);
}

async function turn() {
  try {
    const status = await ask('status.json');
    const fleet = status.rings.some((ring) => ring.source === 'fleet') || last.fleet ?
      await ask('fleet.json') : null;
    Object.assign(last, {status, fleet, at: seconds(), gone: null});
    histories.add(status, last.at);
    showStatus();
  } catch (error) {
    if (last.status && last.gone === null)
      last.gone = hostTime();
    showGone(error instanceof TypeError ? 'The connection is refused or breaks off' :
      error.name === 'TimeoutError' ? 'It takes no time to answer' : error.message);
  }
}

function pauseMs() {
  const many = last.status && last.status.rings.length > MANY;
  return many && last.gone === null ? EVERY_MANY_MS : EVERY_MS;
}

// A page that nobody sees asks nothing.
function whenSeen() {
  return new Promise((resolve) => {
    if (!document.hidden)
      resolve();
    else
      document.addEventListener('visibilitychange', resolve, {once: true});
  });
}

async function run() {
  for (;;) {
    await whenSeen();
    await turn();
    await new Promise((resolve) => setTimeout(resolve, pauseMs()));
  }
}

run();
