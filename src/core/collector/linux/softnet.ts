/**
 * Packet processing of each CPU: /proc/net/softnet_stat, hexadecimal, one row for each online CPU. Rows got longer
 * over time: `softnet_seq_show` in the kernel's net/core/net-procfs.c.
 */
import type { Collector } from '../collector.ts';
import type { FamilyWriter } from '../families.ts';
import { malformed, readText, words } from '../files.ts';

/** Where the CPU's number stands, in kernels that print it; else rows count from 0. */
const CPU_COLUMN = 12;

export const softnet: Collector = {
  name: 'softnet',
  collect({ files }, out) {
    const file = files.proc('net/softnet_stat');
    const counter = (name: string, help: string) => out.counter(`node_softnet_${name}`, help, 'cpu');
    const columns: readonly [number, FamilyWriter][] = [
      [0, counter('processed_total', 'Number of processed packets')],
      [1, counter('dropped_total', 'Number of dropped packets')],
      [2, counter('times_squeezed_total', 'Number of times processing packets ran out of quota')],
      [
        8,
        counter(
          'cpu_collision_total',
          'Number of collision occur while obtaining device lock while transmitting',
        ),
      ],
      [9, counter('received_rps_total', 'Number of times cpu woken up received_rps')],
      [10, counter('flow_limit_count_total', 'Number of times flow limit has been reached')],
      [11, out.gauge('node_softnet_backlog_len', 'Softnet backlog status', 'cpu')],
    ];
    readText(file)
      .split('\n')
      .forEach((line, row) => {
        const fields = words(line);
        if (fields.length === 0) return;
        const at = (column: number) => {
          // What a kernel does not print yet is 0, as in node_exporter.
          const text = fields[column] ?? '0';
          const v = Number.parseInt(text, 16);
          if (Number.isNaN(v)) throw malformed(`expected a hexadecimal number, got ${text}`, file, row + 1);
          return v;
        };
        const cpu = String(fields.length > CPU_COLUMN ? at(CPU_COLUMN) : row);
        for (const [column, family] of columns) family.add(at(column), cpu);
      });
    return true;
  },
};
