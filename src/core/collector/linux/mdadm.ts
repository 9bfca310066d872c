/** Software RAID: /proc/mdstat (md(4)), and what newer node_exporters take from /sys/block/md*. */

import { numericAttribute } from '../attributes.ts';
import type { Collector, Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { listFolder, malformed, readTextIfAny } from '../files.ts';

const STATES = ['active', 'inactive', 'recovering', 'resync', 'check'];

interface Array {
  name: string;
  state: string;
  required: number;
  active: number;
  failed: number;
  spare: number;
  blocks: number;
  blocksSynced: number;
}

export const mdadm: Collector = {
  name: 'mdadm',
  collect(host, out) {
    const file = host.files.proc('mdstat');
    const text = readTextIfAny(file);
    if (text === undefined) return false;
    const gauge = (name: string, help: string, ...labels: string[]) =>
      out.gauge(`node_md_${name}`, help, 'device', ...labels);
    const state = gauge('state', 'Indicates the state of md-device.', 'state');
    const disks = gauge('disks', 'Number of active/failed/spare disks of device.', 'state');
    const required = gauge('disks_required', 'Total number of disks of device.');
    const blocks = gauge('blocks', 'Total number of blocks on device.');
    const synced = gauge('blocks_synced', 'Number of blocks synced on device.');
    for (const md of parseMdstat(text, file)) {
      for (const name of STATES) state.add(md.state === name ? 1 : 0, md.name, name);
      disks.add(md.active, md.name, 'active');
      disks.add(md.failed, md.name, 'failed');
      disks.add(md.spare, md.name, 'spare');
      required.add(md.required, md.name);
      blocks.add(md.blocks, md.name);
      synced.add(md.blocksSynced, md.name);
    }
    collectSysfs(host, out);
    return true;
  },
};

/**
 * An array is a line `md0 : active raid1 sdb1[1] sda1[0](F)`, one `… blocks … [2/1] [U_]`, and while it is being
 * rebuilt or checked one `[=>…]  recovery = 16.9% (…/…) …`; then an empty line.
 */
function parseMdstat(text: string, file: string): Array[] {
  const lines = text.split('\n');
  const arrays: Array[] = [];
  for (let i = 0; i < lines.length; i++) {
    const head = /^(md\S*) : (\S+)(.*)$/.exec(lines[i]);
    if (head === null) continue;
    const blocks = /^\s+(\d+) blocks(.*)$/.exec(lines[i + 1] ?? '');
    if (blocks === null) throw malformed(`expected the number of blocks of ${head[1]}`, file, i + 2);
    const members = head[3].match(/\S+\[\d+\](\(\w\))*/g) ?? [];
    const failed = members.filter((member) => member.includes('(F)')).length;
    const spare = members.filter((member) => member.includes('(S)')).length;
    const isActive = head[2] === 'active';
    // RAID 0 and linear arrays have no redundancy and do not tell `[required/active]`.
    const counts = /\[(\d+)\/(\d+)\] \[/.exec(blocks[2]);
    const whole = isActive ? members.length - failed - spare : 0;
    const md: Array = {
      name: head[1],
      state: isActive ? 'active' : 'inactive',
      required: counts === null ? whole : Number(counts[1]),
      active: counts === null ? whole : Number(counts[2]),
      failed,
      spare,
      blocks: Number(blocks[1]),
      blocksSynced: Number(blocks[1]),
    };
    for (let j = i + 2; j < lines.length && lines[j].trim() !== ''; j++) noteProgress(md, lines[j]);
    arrays.push(md);
  }
  return arrays;
}

/** `recovery = 16.9% (done/all)`, or `resync=DELAYED` / `resync=PENDING`, which have not begun. */
function noteProgress(md: Array, line: string): void {
  const match = /(recovery|resync|reshape|check)\s*=\s*(?:(DELAYED|PENDING)|[\d.]+%\s*\((\d+)\/\d+\))/.exec(
    line,
  );
  if (match === null) return;
  md.state = match[1] === 'recovery' || match[1] === 'reshape' ? 'recovering' : match[1];
  md.blocksSynced = match[3] === undefined ? 0 : Number(match[3]);
}

function collectSysfs({ files }: Host, out: Families): void {
  for (const name of listFolder(files.sys('block')) ?? []) {
    if (!name.startsWith('md')) continue;
    const folder = files.sys(`block/${name}/md`);
    const raidDisks = numericAttribute(`${folder}/raid_disks`);
    if (raidDisks !== undefined) {
      out.gauge('node_md_raid_disks', 'Number of raid disks on device.', 'device').add(raidDisks, name);
    }
    const degraded = numericAttribute(`${folder}/degraded`);
    if (degraded !== undefined) {
      out.gauge('node_md_degraded', 'Number of degraded disks on device.', 'device').add(degraded, name);
    }
  }
}
