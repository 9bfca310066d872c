import { expect, it } from 'vitest';
import { type Reading, read, samples, unpackTree } from '../tree.ts';

const ONLY = { collectors: ['mdadm'] };

/** The state that each array is in. */
function states(reading: Reading): string[] | undefined {
  return samples(reading, 'node_md_state')?.filter((line) => line.endsWith(' 1'));
}

it('reads arrays at work, in recovery and stopped', () => {
  const reading = read(unpackTree('server'), ONLY);
  expect(states(reading)).toEqual([
    '{device="md0", state="active"} 1',
    '{device="md3", state="recovering"} 1',
    '{device="md9", state="inactive"} 1',
  ]);
  expect(samples(reading, 'node_md_disks')?.filter((line) => line.includes('md3'))).toEqual([
    '{device="md3", state="active"} 7',
    '{device="md3", state="failed"} 1',
    '{device="md3", state="spare"} 1',
  ]);
  expect(samples(reading, 'node_md_disks_required')).toContain('{device="md3"} 8');
  expect(samples(reading, 'node_md_blocks_synced')).toContain('{device="md3"} 164999999');
  expect(samples(reading, 'node_md_raid_disks')).toEqual(['{device="md0"} 2']);
  expect(samples(reading, 'node_md_degraded')).toEqual(['{device="md0"} 0']);
});

it('reads arrays without redundancy, waiting to resync, and being checked', () => {
  const reading = read(unpackTree('legacy'), ONLY);
  expect(states(reading)).toEqual([
    '{device="md1", state="active"} 1',
    '{device="md2", state="resync"} 1',
    '{device="md4", state="active"} 1',
    '{device="md5", state="check"} 1',
  ]);
  expect(samples(reading, 'node_md_disks_required')).toContain('{device="md1"} 2');
  expect(samples(reading, 'node_md_blocks_synced')).toEqual([
    '{device="md1"} 16780032',
    '{device="md2"} 0',
    '{device="md4"} 1024',
    '{device="md5"} 256',
  ]);
});

it('refuses an array without its second line', () => {
  const { failures } = read(unpackTree('server', { 'proc/mdstat': 'md0 : active raid1 sda1[0]\n\n' }), ONLY);
  expect(failures[0].reason).toMatch(/mdstat:2: expected the number of blocks of md0$/);
});
