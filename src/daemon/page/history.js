// SPDX-License-Identifier: Apache-2.0
// What servers have counted since this page was opened: a point for each answer. When there are too
// many, each two become one: so the page can stay open for days.

export const POINTS_MAX = 240;

export function refusedOf(tickets) {
  return Object.values(tickets.refused || {}).reduce((sum, number) => sum + number, 0);
}

function merge(points) {
  const merged = [];
  for (let i = 0; i < points.length; i += 2) {
    const one = points[i];
    const two = points[i + 1] || {until: one.until, opened: 0, refused: 0};
    merged.push({
      from: one.from,
      until: two.until,
      opened: one.opened + two.opened,
      refused: one.refused + two.refused,
    });
  }
  return merged;
}

export class History {
  constructor() {
    this.points = [];
    this.last = null;
  }

  // `at` in seconds, of any clock that goes forwards. A count that fell was taken back by a server.
  add(at, opened, refused) {
    const last = this.last;
    this.last = {at, opened, refused};
    if (last === null || at <= last.at)
      return;
    this.points.push({
      from: last.at,
      until: at,
      opened: Math.max(0, opened - last.opened),
      refused: Math.max(0, refused - last.refused),
    });
    if (this.points.length > POINTS_MAX)
      this.points = merge(this.points);
  }

  // Tickets that were presented in the last seconds, for one minute; null: nothing is known yet.
  perMinute(seconds) {
    if (this.points.length === 0)
      return null;
    const until = this.points[this.points.length - 1].until;
    const late = this.points.filter((point) => point.until > until - seconds);
    const presented = late.reduce((sum, point) => sum + point.opened + point.refused, 0);
    return (presented * 60) / (until - late[0].from);
  }
}

// The histories of the rings, by name, and of all together.
export class Histories {
  constructor() {
    this.all = new History();
    this.rings = new Map();
  }

  add(status, at) {
    let opened = 0;
    let refused = 0;
    for (const ring of status.rings) {
      if (!ring.tickets)
        continue;
      const no = refusedOf(ring.tickets);
      this.of(ring.name).add(at, ring.tickets.opened, no);
      opened += ring.tickets.opened;
      refused += no;
    }
    this.all.add(at, opened, refused);
    const names = new Set(status.rings.map((ring) => ring.name));
    for (const name of this.rings.keys())
      if (!names.has(name))
        this.rings.delete(name);
  }

  of(name) {
    if (!this.rings.has(name))
      this.rings.set(name, new History());
    return this.rings.get(name);
  }
}
