/**
 * Which format a stream of unknown origin is in, from its first bytes. The rules, in this order (they are also in
 * docs/format/exposition.md):
 *
 * 1. **jsonl** if it begins with `{`, a string in double quotes, and a colon.
 * 2. **protobuf** if it begins as a length-delimited `MetricFamily` does: a length, then fields 1 to 5 of that message
 *    with their wire types, the name first.
 * 3. **openmetrics** if a line among the given bytes is one that only OpenMetrics has: `# EOF`, `# UNIT`, a
 *    `# TYPE` of `unknown`, `info`, `stateset` or `gaugehistogram`, a sample with an exemplar, or one with a decimal point
 *    in its timestamp.
 * 4. **text** otherwise.
 *
 * So the more bytes are given, the better: OpenMetrics without any of these signs is read as text.
 */
import { type Cursor, readUvarint } from '../encoding/varint.ts';
import type { ExpositionFormat } from './parser.ts';

export function detectFormat(first: Uint8Array): ExpositionFormat {
  if (beginsAsFamily(first)) return 'protobuf';
  const text = Buffer.from(first.buffer, first.byteOffset, first.length).toString();
  if (JSON_START.test(text)) return 'jsonl';
  return text.split('\n').some(isOpenMetrics) ? 'openmetrics' : 'text';
}

const JSON_START = /^\s*\{\s*"(?:[^"\\]|\\.)*"\s*:/;
const OPENMETRICS_COMMENT = /^# (?:EOF$|UNIT |TYPE .* (?:unknown|info|stateset|gaugehistogram)$)/;
const DECIMAL_TIMESTAMP = /^-?\d+\.\d+$/;

/** Whether a line is one that only OpenMetrics has. */
function isOpenMetrics(line: string): boolean {
  if (line.startsWith('#')) return OPENMETRICS_COMMENT.test(line);
  const [value, timestamp = '', hash] = line.slice(endOfLabels(line)).trim().split(' ', 4);
  if (value === '') return false;
  return DECIMAL_TIMESTAMP.test(timestamp) || timestamp === '#' || hash === '#';
}

/** Where the value of a sample's line begins, after the labels or the bare name. */
function endOfLabels(line: string): number {
  const space = line.indexOf(' ');
  const brace = line.indexOf('{');
  if (brace < 0 || (space >= 0 && space < brace)) return space < 0 ? line.length : space;
  let quoted = false;
  for (let i = brace; i < line.length; i++) {
    const c = line[i];
    if (c === '"') quoted = !quoted;
    else if (c === '\\' && quoted) i++;
    else if (c === '}' && !quoted) return i + 1;
  }
  return line.length;
}

/** The tags of a MetricFamily's fields: name, help, type, metric, unit. */
const NAME = 0x0a;
const HELP = 0x12;
const TYPE = 0x18;
const METRIC = 0x22;
const UNIT = 0x2a;

function beginsAsFamily(bytes: Uint8Array): boolean {
  const cursor: Cursor = { pos: 0 };
  const length = readUvarint(bytes, cursor, bytes.length);
  if (Number.isNaN(length) || bytes[cursor.pos] !== NAME) return false;
  const end = cursor.pos + length;
  const seen = Math.min(end, bytes.length);
  while (cursor.pos < seen) {
    const tag = bytes[cursor.pos++];
    if (cursor.pos === seen) break;
    const value = readUvarint(bytes, cursor, seen);
    if (tag === TYPE) continue;
    if (tag !== NAME && tag !== HELP && tag !== METRIC && tag !== UNIT) return false;
    // A cut in the middle of the length itself leaves nothing more to look at.
    if (Number.isNaN(value)) return seen < end && seen - cursor.pos < 10;
    if (cursor.pos + value > end) return false;
    if (tag === NAME && !isName(bytes.subarray(cursor.pos, Math.min(cursor.pos + value, seen)))) return false;
    cursor.pos += value;
  }
  return true;
}

function isName(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes.every((b) => b >= 0x20);
}
