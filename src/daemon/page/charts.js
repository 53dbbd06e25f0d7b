// SPDX-License-Identifier: Apache-2.0
// Charts over the time since the page was opened. Shapes differ, not only colours: resumed tickets
// are filled, refused ones hollow.

import {el, svg} from './dom.js';
import {clock, duration, percent, short} from './words.js';

const WIDTH = 600;
const HEIGHT = 80;
const EDGE = 3; // so that the line of 0 % and of 100 % is seen as a whole

function span(points) {
  return {from: points[0].from, until: points[points.length - 1].until};
}

function place(at, whole) {
  return ((at - whole.from) / (whole.until - whole.from)) * WIDTH;
}

function rect(x, y, width, height, name) {
  return svg('rect', {
    'x': x.toFixed(2), 'y': y.toFixed(2), 'width': Math.max(0, width).toFixed(2),
    'height': Math.max(0, height).toFixed(2), 'class': name,
    'vector-effect': 'non-scaling-stroke',
  });
}

function canvas(label, ...shapes) {
  return svg('svg', {
    'viewBox': `0 0 ${WIDTH} ${HEIGHT}`, 'preserveAspectRatio': 'none', 'role': 'img',
    'aria-label': label, 'class': 'chart',
  }, ...shapes);
}

function perMinute(point) {
  return ((point.opened + point.refused) * 60) / (point.until - point.from);
}

function columns(points, top) {
  const whole = span(points);
  return points.flatMap((point) => {
    const x = place(point.from, whole);
    const width = place(point.until, whole) - x;
    const scale = (HEIGHT * 60) / ((point.until - point.from) * top);
    const opened = point.opened * scale;
    const refused = point.refused * scale;
    return [
      opened > 0 ? rect(x, HEIGHT - opened, width, opened, 'opened') : null,
      refused > 0 ? rect(x, HEIGHT - opened - refused, width, refused, 'refused') : null,
    ];
  });
}

// Lines of the share that resumed; a point without tickets interrupts them.
function ratePath(points) {
  const whole = span(points);
  let path = '';
  let pen = 'M';
  for (const point of points) {
    const presented = point.opened + point.refused;
    if (presented === 0) {
      pen = 'M';
      continue;
    }
    const y = (HEIGHT - EDGE - (point.opened / presented) * (HEIGHT - 2 * EDGE)).toFixed(2);
    path += `${pen}${place(point.from, whole).toFixed(2)},${y}` +
      `L${place(point.until, whole).toFixed(2)},${y}`;
    pen = 'L';
  }
  return path;
}

function figure(title, top, bottom, drawing, times) {
  return el('figure', null,
    el('figcaption', null, title),
    el('div', {class: 'axis', 'aria-hidden': 'true'}, el('span', null, top),
      el('span', null, bottom)),
    drawing,
    el('div', {class: 'times', 'aria-hidden': 'true'}, ...times.map((at) => el('span', null, at))));
}

function sums(points) {
  return points.reduce((sum, point) => ({
    opened: sum.opened + point.opened, refused: sum.refused + point.refused,
  }), {opened: 0, refused: 0});
}

// Tickets by result and the resumption rate, up to `now`; or a line, as long as there is nothing to
// draw.
export function charts(points, now) {
  const sum = points.length > 0 ? sums(points) : {opened: 0, refused: 0};
  const presented = sum.opened + sum.refused;
  if (points.length < 2)
    return el('p', {class: 'quiet'}, 'The charts begin with the next answers of stekd.');
  const whole = span(points);
  const ago = duration(whole.until - whole.from);
  if (presented === 0)
    return el('p', {class: 'quiet'}, `No client has presented a ticket in the ${ago} since this ` +
      'page was opened.');
  const top = Math.max(...points.map(perMinute));
  const rate = percent(sum.opened, presented);
  const times = [clock(now - (whole.until - whole.from)), `${clock(now)} UTC`];
  return el('div', {class: 'charts'},
    figure([legend('opened'), ' resumed ', legend('refused'), ' refused, for each minute'],
      short(top), '0', canvas(`Tickets in the last ${ago}: ${sum.opened} resumed, ` +
        `${sum.refused} refused`, columns(points, top)), times),
    figure(`Share that resumed: ${rate}`, '100 %', '0 %', canvas(
      `Share of tickets that resumed in the last ${ago}: ${rate}`,
      svg('path', {'d': ratePath(points), 'class': 'rate', 'vector-effect': 'non-scaling-stroke'}),
    ), times));
}

export function legend(name) {
  return svg('svg', {'viewBox': '0 0 12 12', 'class': 'legend', 'aria-hidden': 'true'},
    svg('rect', {'x': 1, 'y': 1, 'width': 10, 'height': 10, 'class': name}));
}
