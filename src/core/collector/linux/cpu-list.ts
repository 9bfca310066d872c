/** The kernel's lists of CPUs: `0-3,8`. See `cpulist_parse` in linux/cpumask.h. */
import { malformed } from '../files.ts';

/** No machine has more CPUs; a damaged range must not fill the memory. */
const MAX_CPU = 65536;

/** Ascending as listed; empty for an empty list. Throws InputError. */
export function parseCpuList(list: string, file: string): number[] {
  const cpus: number[] = [];
  for (const part of list.split(',')) {
    const range = part.trim();
    if (range === '') continue;
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last > MAX_CPU) {
      throw malformed(`expected a list of CPUs, got ${JSON.stringify(list)}`, file, 1);
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}
