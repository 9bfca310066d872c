/**
 * What becomes of a damaged log before anything is added to it. Prometheus, when it starts, deletes whatever follows
 * the damage, and would delete new records with it; so that part is set aside first, under names that Prometheus
 * passes over, for whoever wants to save something from it.
 */
import { existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogPosition } from './log-writer.ts';
import { listSegments, segmentName } from './segments.ts';

/** Cuts the log off at `position`, where its last whole record ends. Returns the names of the files set aside. */
export function setAsideAfter(dir: string, position: LogPosition): string[] {
  const aside: string[] = [];
  const damaged = join(dir, segmentName(position.segment));
  const rest = readFileSync(damaged).subarray(position.offset);
  if (rest.length > 0) {
    const name = freeName(dir, segmentName(position.segment));
    writeFileSync(join(dir, name), rest);
    truncateSync(damaged, position.offset);
    aside.push(name);
  }
  // From the last one on, so that there is never a gap.
  for (const segment of listSegments(dir).reverse()) {
    if (segment <= position.segment) break;
    const name = freeName(dir, segmentName(segment));
    renameSync(join(dir, segmentName(segment)), join(dir, name));
    aside.push(name);
  }
  return aside;
}

function freeName(dir: string, segment: string): string {
  for (let n = 0; ; n++) {
    const name = n === 0 ? `${segment}.damaged` : `${segment}.damaged.${n}`;
    if (!existsSync(join(dir, name))) return name;
  }
}
