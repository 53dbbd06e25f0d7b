// SPDX-License-Identifier: Apache-2.0
// The life of each key of a ring as a line over time: not used yet (dotted), sealing (a full bar),
// only opening (a hollow bar), with a mark where now is.

import {el, svg} from './dom.js';
import {clock, duration, time} from './words.js';

const WIDTH = 1000;
const HEIGHT = 16;

function extent(keys, now) {
  const from = Math.min(now, ...keys.map((key) => key.active_from));
  const until = Math.max(now + 1, ...keys.map((key) => key.accept_until));
  return {from, until};
}

function place(at, whole) {
  return ((at - whole.from) / (whole.until - whole.from)) * WIDTH;
}

function bar(from, until, top, name) {
  return svg('rect', {
    'x': from.toFixed(1), 'y': top, 'width': Math.max(1, until - from).toFixed(1),
    'height': HEIGHT - 2 * top, 'class': name, 'vector-effect': 'non-scaling-stroke',
  });
}

function line(from, until, name) {
  return svg('line', {
    'x1': from.toFixed(1), 'x2': until.toFixed(1), 'y1': HEIGHT / 2, 'y2': HEIGHT / 2,
    'class': name, 'vector-effect': 'non-scaling-stroke',
  });
}

function drawing(key, whole, now) {
  const begin = place(key.active_from, whole);
  const middle = place(key.active_until, whole);
  const end = place(key.accept_until, whole);
  const at = place(now, whole);
  return svg('svg', {
    'viewBox': `0 0 ${WIDTH} ${HEIGHT}`, 'preserveAspectRatio': 'none', 'class': 'life',
    'aria-hidden': 'true',
  },
  key.active_from > now ? line(at, begin, 'waits') : null,
  bar(middle, end, 4, 'opens'),
  bar(begin, middle, 1, key.origin === 'superseded' ? 'opens' : 'seals'),
  svg('line', {
    'x1': at.toFixed(1), 'x2': at.toFixed(1), 'y1': 0, 'y2': HEIGHT, 'class': 'now',
    'vector-effect': 'non-scaling-stroke',
  }));
}

// What the line of a key says, in words.
export function lifeText(key, now) {
  if (key.state === 'active')
    return `seals for ${duration(key.active_until - now)} more`;
  if (key.state === 'pending')
    return `seals in ${duration(key.active_from - now)}`;
  return `opens for ${duration(key.accept_until - now)} more`;
}

function originText(key) {
  return key.origin === 'published' ? '' : `, ${key.origin}`;
}

function row(key, whole, now) {
  return el('li', {
    'class': key.state,
    'title': `seals ${time(key.active_from)} to ${time(key.active_until)}, ` +
      `opens until ${time(key.accept_until)}`,
  },
  el('span', {class: 'key'}, `${key.seq} `, el('code', null, key.fingerprint.slice(0, 8))),
  el('span', {class: 'state'}, `${key.state}${originText(key)}: ${lifeText(key, now)}`),
  drawing(key, whole, now));
}

function sample(shape) {
  return svg('svg', {'viewBox': '0 0 28 16', 'class': 'legend wide', 'aria-hidden': 'true'}, shape);
}

function legend() {
  return el('p', {class: 'quiet'},
    sample(line(1, 27, 'waits')), ' not used yet ',
    sample(bar(1, 27, 1, 'seals')), ' seals and opens ',
    sample(bar(1, 27, 4, 'opens')), ' only opens ',
    sample(svg('line', {x1: 14, x2: 14, y1: 0, y2: 16, class: 'now'})), ' now');
}

export function timeline(keys, now) {
  const whole = extent(keys, now);
  const days = whole.until - whole.from > 86400;
  const name = days ? time : clock;
  return [
    el('ol', {class: 'keys'}, ...keys.map((key) => row(key, whole, now))),
    el('p', {class: 'times'}, el('span', null, name(whole.from)), el('span', null,
      days ? name(whole.until) : `${name(whole.until)} UTC`)),
    legend(),
  ];
}
