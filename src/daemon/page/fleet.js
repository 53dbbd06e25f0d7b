// SPDX-License-Identifier: Apache-2.0
// The hosts of the fleet. What they announce comes from the store, in which others can write: so
// nothing is believed of its form.

import {el, keep} from './dom.js';
import {count, several, time} from './words.js';

const HOSTS_MAX = 200; // rows; the command shows all

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hostsOf(fleet) {
  const hosts = isObject(fleet.members) ? fleet.members.hosts : null;
  return isObject(hosts) ? Object.entries(hosts) : [];
}

// Rings of which a host does not hold the next key yet.
function lagging(fleet, said) {
  if (!isObject(said.rings))
    return null;
  return fleet.rings.filter((ring) => {
    const there = said.rings[ring.name];
    return ring.next > 0 && isObject(there) && !(there.held >= ring.next);
  }).map((ring) => ring.name);
}

function keysText(lag) {
  if (lag === null)
    return 'not told';
  return lag.length === 0 ? 'has every next key' : `LAGS: ${lag.slice(0, 5).join(', ')}` +
    (lag.length > 5 ? ` and ${lag.length - 5} more` : '');
}

function clockText(ahead) {
  if (typeof ahead !== 'number')
    return '?';
  return `${ahead > 0 ? '+' : ''}${ahead} s`;
}

function describe(fleet, [name, said]) {
  const facts = isObject(said) ? said : {};
  const lag = lagging(fleet, facts);
  return {
    name,
    own: name === fleet.host,
    version: typeof facts.version === 'string' ? facts.version.slice(0, 20) : '?',
    clock: clockText(facts.clock_ahead_s),
    keys: keysText(lag),
    late: lag === null || lag.length > 0,
  };
}

function inOrder(a, b) {
  return b.late - a.late || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function row(host) {
  return el('tr', {class: host.late ? 'late' : null},
    el('th', {scope: 'row'}, host.name, host.own ? ' (this host)' : null),
    el('td', null, host.version),
    el('td', null, host.clock),
    el('td', null, host.keys));
}

function table(hosts) {
  if (hosts.length === 0)
    return el('p', null, 'No hosts are known: the store has not been reached yet.');
  const rows = hosts.slice(0, HOSTS_MAX).map(row);
  return [
    el('table', null,
      el('thead', null, el('tr', null, ...['host', 'version', 'clock', 'keys'].map(
        (name) => el('th', {scope: 'col'}, name)))),
      el('tbody', null, ...rows)),
    hosts.length > HOSTS_MAX ? el('p', null, `and ${count(hosts.length - HOSTS_MAX)} more: ` +
      "'stek fleet status' lists all.") : null,
  ];
}

function storeText(fleet) {
  const state = fleet.online ? 'connected' : 'UNREACHABLE';
  return `Store ${fleet.endpoint}: ${state} since ${time(fleet.since)}.` +
    (fleet.problem ? ` ${fleet.problem}` : '');
}

function standing(ring) {
  return el('li', null, el('strong', null, ring.name), `: ${ring.text}, since ` +
    `${time(ring.since)}.${ring.problem ? ' ' + ring.problem : ''}`);
}

function state(fleet, hosts) {
  const late = hosts.filter((host) => host.late).length;
  const known = hosts.length === 0 ? null : el('p', null, late === 0 ?
    `All ${several(hosts.length, 'host')} have every next key.` :
    `${late} of ${several(hosts.length, 'host')} ${late === 1 ? 'lags' : 'lag'}.`);
  return [
    el('p', null, storeText(fleet)),
    known,
    el('ul', {class: 'standings'}, ...fleet.rings.map(standing)),
  ];
}

export function showFleet(section, fleet) {
  section.hidden = !(isObject(fleet) && fleet.configured);
  if (section.hidden)
    return;
  const hosts = hostsOf(fleet).map((entry) => describe(fleet, entry)).sort(inOrder);
  keep(section.querySelector('#fleet-state'), [fleet.online, fleet.since, fleet.endpoint,
    fleet.problem, fleet.rings, hosts.length, hosts.filter((host) => host.late).length],
  () => state(fleet, hosts));
  keep(section.querySelector('#fleet-hosts'), hosts, () => table(hosts));
}
