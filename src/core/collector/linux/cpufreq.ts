/**
 * Clock rates of the CPUs, from /sys/devices/system/cpu/cpuN/cpufreq/ (in kHz). Attributes:
 * https://docs.kernel.org/admin-guide/pm/cpufreq.html
 */

import { Attributes } from '../attributes.ts';
import type { Collector } from '../collector.ts';
import { listFolder, words } from '../files.ts';

/** Attribute, family without `node_cpu_`, help. */
const FREQUENCIES = [
  ['cpuinfo_cur_freq', 'frequency_hertz', 'Current CPU thread frequency in hertz.'],
  ['cpuinfo_min_freq', 'frequency_min_hertz', 'Minimum CPU thread frequency in hertz.'],
  ['cpuinfo_max_freq', 'frequency_max_hertz', 'Maximum CPU thread frequency in hertz.'],
  ['scaling_cur_freq', 'scaling_frequency_hertz', 'Current scaled CPU thread frequency in hertz.'],
  ['scaling_min_freq', 'scaling_frequency_min_hertz', 'Minimum scaled CPU thread frequency in hertz.'],
  ['scaling_max_freq', 'scaling_frequency_max_hertz', 'Maximum scaled CPU thread frequency in hertz.'],
] as const;

export const cpufreq: Collector = {
  name: 'cpufreq',
  collect({ files }, out) {
    const root = files.sys('devices/system/cpu');
    for (const name of listFolder(root) ?? []) {
      const cpu = /^cpu(\d+)$/.exec(name)?.[1];
      // Most virtual machines cannot see or set their clock rate.
      const attributes = cpu === undefined ? undefined : Attributes.in(`${root}/${name}/cpufreq`);
      if (cpu === undefined || attributes === undefined) continue;
      for (const [file, family, help] of FREQUENCIES) {
        const kiloHertz = attributes.number(file);
        if (kiloHertz !== undefined) out.gauge(`node_cpu_${family}`, help, 'cpu').add(kiloHertz * 1000, cpu);
      }
      const governor = attributes.text('scaling_governor');
      if (governor === '') continue;
      const governors = out.gauge(
        'node_cpu_scaling_governor',
        'Current enabled CPU frequency governor.',
        'cpu',
        'governor',
      );
      for (const available of words(attributes.text('scaling_available_governors'))) {
        governors.add(available === governor ? 1 : 0, cpu, available);
      }
    }
    return true;
  },
};
