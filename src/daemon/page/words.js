// SPDX-License-Identifier: Apache-2.0
// Numbers and times in words, as `stek status` has them.

export function duration(seconds) {
  const s = Math.abs(Math.trunc(seconds));
  const minutes = Math.trunc(s / 60);
  const hours = Math.trunc(s / 3600);
  const days = Math.trunc(s / 86400);
  if (s < 100)
    return `${s}s`;
  if (minutes < 100)
    return `${minutes}m`;
  if (hours < 48)
    return `${hours}h${minutes % 60}m`;
  return days < 100 ? `${days}d${hours % 24}h` : `${days}d`;
}

// A length of time as it is set: 1h, 15m, 90s.
export function setting(seconds) {
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['m', 60]])
    if (seconds >= size && seconds % size === 0)
      return `${seconds / size}${unit}`;
  return `${seconds}s`;
}

// "2026-11-24 23:00:00 UTC"
export function time(when) {
  const date = new Date(when * 1000);
  if (typeof when !== 'number' || Number.isNaN(date.getTime()))
    return '?';
  return date.toISOString().slice(0, 19).replace('T', ' ') + ' UTC';
}

// "23:00:00"
export function clock(when) {
  return time(when).slice(11, 19);
}

export function count(number) {
  return Math.round(number).toLocaleString('en');
}

// At most five columns: 940, 12.3k, 4.5M.
export function short(number) {
  for (const [unit, size] of [['G', 1e9], ['M', 1e6], ['k', 1e3]])
    if (number >= 10 * size)
      return `${(number / size).toFixed(number >= 100 * size ? 0 : 1)}${unit}`;
  return count(number);
}

// Rounded down, so that 100 % means all.
export function percent(part, whole) {
  return whole > 0 ? `${(Math.floor((part / whole) * 1000) / 10).toFixed(1)} %` : '–';
}

// "1 ring", "3 rings"
export function several(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many || one + 's'}`;
}

// Why a presented ticket did not resume.
export const REFUSALS = {
  unknown: 'its key is not in the ring: retired, revoked, or of another server',
  damaged: 'its bytes were changed',
  max_session_age: 'its session began too long ago',
  server_name: 'it was made for another server name',
  cert_expired: 'the client certificate has expired since',
  cert_missing: 'it has no client certificate, and one is demanded',
  id_context: "the program's session-id context was another one when it was sealed",
};

// What else is worth knowing about a ring: counter, and what it means.
export const HINTS = {
  id_context: "'session_id_context = ring' in stek-openssl(5) helps against id_context.",
  verified_peers: 'SSL_CTXs share tickets as OpenSSL does and no further, since their program ' +
    'verifies peers: verified_peers in stek-openssl(5).',
  replaced: 'SSL_CTXs use ticket keys that their program set itself: override in stek-openssl(5).',
  not_met: "SSL_CTXs have OpenSSL's own keys; the program's log says why.",
  early_unchecked: 'times a program accepted early data without asking stek, and may have ' +
    'accepted a replay: early_data in stek-openssl(5).',
};
