import { Buffer } from 'node:buffer';
import { expect, it } from 'vitest';
import { abbreviation } from '../../../src/core/collector/time-zone.ts';

interface Zone {
  types: readonly { offset: number; name: string }[];
  /** Seconds since the epoch -> index of the type from then on. */
  transitions: readonly (readonly [number, number])[];
  footer?: string;
}

/** A TZif file: version 1, or version 2 with an empty 32-bit part where `zone` has a footer. */
function tzif(zone: Zone): Buffer {
  if (zone.footer === undefined) return block(zone, 4, 0);
  return Buffer.concat([
    block({ types: [{ offset: 0, name: '' }], transitions: [] }, 4, 0x32),
    block(zone, 8, 0x32),
    Buffer.from(`\n${zone.footer}\n`),
  ]);
}

function block({ types, transitions }: Zone, timeBytes: number, version: number): Buffer {
  const names = types.map(({ name }) => `${name}\0`).join('');
  const header = Buffer.alloc(44);
  header.write('TZif');
  header[4] = version;
  header.writeUInt32BE(transitions.length, 32);
  header.writeUInt32BE(types.length, 36);
  header.writeUInt32BE(names.length, 40);
  const times = Buffer.alloc(transitions.length * timeBytes);
  transitions.forEach(([t], i) => {
    if (timeBytes === 8) times.writeBigInt64BE(BigInt(t), i * 8);
    else times.writeInt32BE(t, i * 4);
  });
  let at = 0;
  const infos = types.map(({ offset, name }) => {
    const info = Buffer.alloc(6);
    info.writeInt32BE(offset, 0);
    info[5] = at;
    at += name.length + 1;
    return info;
  });
  return Buffer.concat([
    header,
    times,
    Buffer.from(transitions.map(([, type]) => type)),
    ...infos,
    Buffer.from(names),
  ]);
}

const BERLIN: Zone = {
  types: [
    { offset: 3208, name: 'LMT' },
    { offset: 3600, name: 'CET' },
    { offset: 7200, name: 'CEST' },
  ],
  transitions: [
    [-2422054408, 1],
    [828234000, 2],
    [846378000, 1],
  ],
  footer: 'CET-1CEST,M3.5.0,M10.5.0/3',
};

it('takes the name of the last transition', () => {
  const zone = tzif(BERLIN);
  expect(abbreviation(zone, -3e9, 3208)).toBe('LMT');
  expect(abbreviation(zone, 828233999, 3600)).toBe('CET');
  expect(abbreviation(zone, 828234000, 7200)).toBe('CEST');
});

it('takes the name of the rule after the last transition, by the offset in force', () => {
  const zone = tzif(BERLIN);
  expect(abbreviation(zone, 1.7e9, 3600)).toBe('CET');
  expect(abbreviation(zone, 1.7e9, 7200)).toBe('CEST');
});

it.each([
  ['IST-5:30', 19800, 'IST'],
  ['<-03>3', -10800, '-03'],
  ['NST3:30NDT,M3.2.0,M11.1.0', -9000, 'NDT'],
  ['<+1030>-10:30<+11>-11,M10.1.0,M4.1.0', 39600, '+11'],
])('reads the rule %s', (footer, offset, name) => {
  expect(
    abbreviation(tzif({ types: [{ offset: 0, name: 'X' }], transitions: [], footer }), 1.7e9, offset),
  ).toBe(name);
});

it('reads files of version 1', () => {
  const { types, transitions } = BERLIN;
  expect(abbreviation(tzif({ types, transitions: transitions.slice(1) }), 1.7e9, 3600)).toBe('CET');
});

it('knows no name for an offset that the file does not have', () => {
  expect(abbreviation(tzif(BERLIN), 1.7e9, 1800)).toBeUndefined();
});

it('refuses what is no zone file, and survives one that is cut anywhere', () => {
  const zone = tzif(BERLIN);
  expect(() => abbreviation(Buffer.from('not a zone'), 0, 0)).toThrow(RangeError);
  for (let length = 0; length < zone.length; length++) {
    try {
      abbreviation(zone.subarray(0, length), 1.7e9, 3600);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
  }
});
