/**
 * The abbreviation of the local time zone (`CET`), which Node does not tell (Intl says `GMT+1`). Node knows the
 * offset; the name of the zone's rule with that offset stands in the system's zone file. Format: RFC 9636 (TZif).
 */
import { readFileSync } from 'node:fs';

export interface TimeZone {
  name: string;
  /** East of Greenwich is positive. */
  offsetSeconds: number;
}

const ZONE_FOLDER = '/usr/share/zoneinfo';

/** The zone at `now` (ms). Where no zone file is found the name is `UTC`, or Intl's, as for zones without letters. */
export function timeZone(now: number): TimeZone {
  const offsetSeconds = (0 - new Date(now).getTimezoneOffset()) * 60;
  const name = zoneFileName(now, offsetSeconds) ?? (offsetSeconds === 0 ? 'UTC' : intlName(now));
  return { name, offsetSeconds };
}

function zoneFileName(now: number, offsetSeconds: number): string | undefined {
  const tz = (process.env['TZ'] ?? '').replace(/^:/, '');
  const file = tz === '' ? '/etc/localtime' : tz.startsWith('/') ? tz : `${ZONE_FOLDER}/${tz}`;
  try {
    return abbreviation(readFileSync(file), now / 1000, offsetSeconds);
  } catch {
    return undefined;
  }
}

function intlName(now: number): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(now);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

const HEADER_BYTES = 44;
const TYPE_BYTES = 6;

/**
 * The abbreviation that a TZif file gives for the offset in force at `seconds` since the epoch: that of the last
 * transition before it, or after the last one that of the rule in the footer. Undefined where neither has the
 * offset. Throws RangeError for what is no such file.
 */
export function abbreviation(zone: Buffer, seconds: number, offsetSeconds: number): string | undefined {
  if (zone.toString('latin1', 0, 4) !== 'TZif') throw new RangeError('not a TZif file');
  // Version 2 and later repeat the data with 64-bit times after the 32-bit ones, then the footer.
  const isLong = zone[4] >= 0x32;
  const start = isLong ? blockEnd(zone, 0, 4) : 0;
  const timeBytes = isLong ? 8 : 4;
  const transitions = zone.readUInt32BE(start + 32);
  const types = zone.readUInt32BE(start + 36);
  const times = start + HEADER_BYTES;
  const indexes = times + transitions * timeBytes;
  const typeTable = indexes + transitions;
  const names = typeTable + types * TYPE_BYTES;

  const nameOf = (type: number): string | undefined => {
    const at = typeTable + type * TYPE_BYTES;
    if (zone.readInt32BE(at) !== offsetSeconds) return undefined;
    const name = names + zone[at + 5];
    return zone.toString('latin1', name, zone.indexOf(0, name));
  };
  let last = -1;
  while (last + 1 < transitions && timeAt(zone, times + (last + 1) * timeBytes, isLong) <= seconds) last++;

  if (isLong && last === transitions - 1) {
    const footer = zone.toString('latin1', blockEnd(zone, start, 8)).trim();
    const name = ruleName(footer, offsetSeconds);
    if (name !== undefined) return name;
  }
  return last < 0 ? nameOf(0) : nameOf(zone[indexes + last]);
}

function timeAt(zone: Buffer, at: number, isLong: boolean): number {
  return isLong ? zone.readInt32BE(at) * 2 ** 32 + zone.readUInt32BE(at + 4) : zone.readInt32BE(at);
}

/** Where the data block at `start` ends, whose times have `timeBytes` bytes. */
function blockEnd(zone: Buffer, start: number, timeBytes: number): number {
  const count = (i: number) => zone.readUInt32BE(start + 20 + i * 4);
  const [isUt, isStd, leap, transitions, types, chars] = [0, 1, 2, 3, 4, 5].map(count);
  const sizes =
    transitions * (timeBytes + 1) + types * TYPE_BYTES + chars + leap * (timeBytes + 4) + isStd + isUt;
  return start + HEADER_BYTES + sizes;
}

/** The standard or daylight saving name of a POSIX TZ rule (`CET-1CEST,M3.5.0,M10.5.0/3`), whichever has the offset. */
function ruleName(rule: string, offsetSeconds: number): string | undefined {
  const part = '(<[^>]+>|[A-Za-z]+)';
  const match = new RegExp(`^${part}([-+\\d:]+)(?:${part}([-+\\d:]+)?)?`).exec(rule);
  if (match === null) return undefined;
  const standard = -parseOffset(match[2]);
  if (standard === offsetSeconds) return bare(match[1]);
  if (match[3] === undefined) return undefined;
  const daylight = match[4] === undefined ? standard + 3600 : -parseOffset(match[4]);
  return daylight === offsetSeconds ? bare(match[3]) : undefined;
}

/** `-1`, `+5:30`: seconds. */
function parseOffset(text: string): number {
  const [hours, minutes = 0, seconds = 0] = text.replace(/^[-+]/, '').split(':').map(Number);
  const size = hours * 3600 + minutes * 60 + seconds;
  return text.startsWith('-') ? -size : size;
}

function bare(name: string): string {
  return name.replace(/^<(.*)>$/, '$1');
}
