// SPDX-License-Identifier: Apache-2.0
// The list of rings: a line for each, which opens.

import {charts} from './charts.js';
import {command, el, keep} from './dom.js';
import {active, judgeRing} from './judge.js';
import {refusedOf} from './history.js';
import {timeline} from './timeline.js';
import {HINTS, REFUSALS, count, duration, percent, setting, several, short, time} from './words.js';

const OPEN_MAX = 3; // so many rings are open at first; of more, none is

// What to type, each with what it does.
export function typing(commands) {
  return commands.length === 0 ? null : el('ul', {class: 'type'},
    ...commands.map(([text, why]) => el('li', null, command(text), ' ', el('span', null, why))));
}

function nextKey(ring, now) {
  const key = active(ring);
  return key ? `in ${duration(Math.max(0, key.active_until - now))}` : '–';
}

function ticketsPerMinute(history) {
  const rate = history.perMinute(60);
  return rate === null ? '–' : `${short(rate)}/min`;
}

function resumed(ring) {
  if (!ring.tickets)
    return '–';
  return percent(ring.tickets.opened, ring.tickets.opened + refusedOf(ring.tickets));
}

function cell(name, text) {
  return el('span', {class: 'cell'}, el('span', {class: 'label'}, name), text);
}

function summary(ring, judged, now, history) {
  const known = ring.keys !== undefined;
  return [
    el('span', {class: 'name'}, ring.name),
    el('span', {class: `badge ${judged.level}`}, judged.word),
    ...(known ? [
      cell('next key ', nextKey(ring, now)),
      cell('processes ', ring.consumers ? count(ring.consumers.processes) : '–'),
      cell('tickets ', ticketsPerMinute(history)),
      cell('resumed ', resumed(ring)),
    ] : [el('span', {class: 'cell problem'}, ring.problem || '')]),
  ];
}

function result(name, number, presented, words) {
  return el('tr', null,
    el('th', {scope: 'row'}, el('code', null, name), ' ', el('span', {class: 'quiet'}, words)),
    el('td', null, count(number)),
    el('td', null, percent(number, presented)));
}

// Each presented ticket once, by what became of it.
function results(tickets) {
  const refused = Object.entries(tickets.refused).filter(([, number]) => number > 0);
  const presented = tickets.opened + refusedOf(tickets);
  return [
    el('p', null, `${count(presented)} presented by clients` +
      `${refused.length === 0 && presented > 0 ? ', and none refused' : ''}:`),
    el('table', {class: 'results'}, el('tbody', null,
      result('opened', tickets.opened, presented, 'its session resumed'),
      ...refused.map(([name, number]) => result(name, number, presented, REFUSALS[name] || '')))),
  ];
}

function hints(tickets) {
  const all = {...tickets, ...tickets.refused};
  const found = Object.keys(HINTS).filter((name) => all[name] > 0);
  return found.length === 0 ? null : el('ul', {class: 'hints'}, ...found.map((name) =>
    el('li', null, `${name}: ${count(all[name])}. ${HINTS[name]}`)));
}

function given(tickets) {
  const early = ['early_replayed', 'early_foreign', 'early_too_old'].reduce(
    (sum, name) => sum + (tickets[name] || 0), 0);
  const texts = [`${count(tickets.sealed)} given to clients (${count(tickets.renewed)} of them ` +
    `renewals), ${count(tickets.not_sealed)} not given`];
  if (tickets.resumed_by_id > 0)
    texts.push(`${count(tickets.resumed_by_id)} resumed by session id, without a ticket`);
  if (tickets.early_accepted + early > 0)
    texts.push(`early data: ${count(tickets.early_accepted)} accepted, ${count(early)} refused`);
  return el('p', null, texts.join('; ') + '.');
}

function ticketsPart(ring) {
  if (!ring.tickets)
    return el('p', null, 'Counters cannot be read.');
  return [given(ring.tickets), ...results(ring.tickets), hints(ring.tickets)];
}

function processes(consumers, now) {
  if (!consumers)
    return 'not known';
  const latest = (consumers.list || [])[0];
  return `${several(consumers.processes, 'process', 'processes')}, ${count(consumers.used)} of ` +
    'them with tickets' + (latest && latest.last_use > 0 ?
    `; the latest ${duration(now - latest.last_use)} ago (${latest.pid})` : '');
}

function facts(ring, now) {
  const policy = ring.policy;
  const rows = [
    ['policy', `rotate ${setting(policy.rotate_s)}, accept ${setting(policy.accept_s)}, ahead ` +
      `${policy.ahead}, max_session_age ${setting(policy.max_session_age_s)}`],
    ['source', ring.source],
    ['published', ring.published_until > now ? `keys until ${time(ring.published_until)} (for ` +
      `${duration(ring.published_until - now)})` : 'no key for now or later'],
    ['consumers', processes(ring.consumers, now)],
  ];
  return el('dl', null, ...rows.flatMap(([name, text]) =>
    [el('dt', null, name), el('dd', null, text)]));
}

// A ring in the list. Its parts stay, and only what changes in them is built anew.
class Entry {
  constructor(name, open) {
    this.head = el('summary', null);
    this.advice = el('div', {class: 'advice'});
    this.keys = el('div', {class: 'part'});
    this.charts = el('div', {class: 'part'});
    this.tickets = el('div', {class: 'part'});
    this.facts = el('div', {class: 'part facts'});
    this.node = el('details', {'class': 'ring', 'data-ring': name, 'open': open}, this.head,
      this.advice, this.keys, this.tickets, this.charts, this.facts);
    this.node.addEventListener('toggle', () => this.redraw());
  }

  update(ring, now, history) {
    this.redraw = () => this.draw(ring, now, history);
    this.draw(ring, now, history);
  }

  draw(ring, now, history) {
    const judged = judgeRing(ring, now);
    this.node.dataset.level = judged.level;
    keep(this.head, summary(ring, judged, now, history).map((part) => [part.className,
      part.textContent]), () => summary(ring, judged, now, history));
    if (!this.node.open)
      return;
    keep(this.advice, judged, () => [judged.what ? el('p', null, judged.what) : null,
      typing(judged.type)]);
    if (ring.keys === undefined) {
      for (const part of [this.keys, this.charts, this.tickets, this.facts])
        keep(part, null, () => null);
      return;
    }
    keep(this.keys, [ring.keys, now], () => [el('h3', null, 'Keys'), ...timeline(ring.keys, now)]);
    keep(this.charts, history.points, () => charts(history.points, now));
    keep(this.tickets, ring.tickets, () => [el('h3', null, 'Tickets'), ticketsPart(ring)].flat());
    keep(this.facts, [ring.policy, ring.consumers, now], () => facts(ring, now));
  }
}

const ORDER = {fault: 0, warning: 1, note: 2, fine: 2};

function inOrder(rings, now) {
  const rank = (ring) => ORDER[judgeRing(ring, now).level];
  return [...rings].sort((a, b) => rank(a) - rank(b) ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export class RingList {
  constructor(list, find) {
    this.list = list;
    this.find = find;
    this.input = find.querySelector('input');
    this.found = find.querySelector('span');
    this.entries = new Map();
    this.input.addEventListener('input', () => this.filter());
  }

  update(status, histories) {
    const rings = inOrder(status.rings, status.time);
    const nodes = rings.map((ring) => {
      const entry = this.entries.get(ring.name) ||
        new Entry(ring.name, rings.length <= OPEN_MAX);
      this.entries.set(ring.name, entry);
      entry.update(ring, status.time, histories.of(ring.name));
      return entry.node;
    });
    for (const [name, entry] of this.entries)
      if (!nodes.includes(entry.node))
        this.entries.delete(name);
    this.arrange(nodes);
    this.find.hidden = rings.length <= 8;
    this.filter();
  }

  // Nodes are moved only when their order has changed: a moved one loses the focus.
  arrange(nodes) {
    const there = [...this.list.children];
    if (there.length !== nodes.length || there.some((node, i) => node !== nodes[i]))
      this.list.replaceChildren(...nodes);
  }

  filter() {
    const wanted = this.find.hidden ? '' : this.input.value.toLowerCase();
    let shown = 0;
    for (const [name, entry] of this.entries) {
      entry.node.hidden = !name.toLowerCase().includes(wanted);
      shown += entry.node.hidden ? 0 : 1;
    }
    const text = wanted === '' ? '' : `${shown} of ${several(this.entries.size, 'ring')}`;
    if (this.found.textContent !== text)
      this.found.textContent = text;
  }
}
