/** What a fleet of hosts exposes, as cheaply as it can be made, and the rules that are evaluated over it. */

const WIDTH = 12;

/**
 * Bodies of some `series` series each, in the shape of node_exporter's: counters that move at their own pace, gauges that
 * wander, a histogram. One buffer for all targets: a call is valid until the next.
 */
export function nodeLikeBody(series: number): (nowMs: number, target: string) => Buffer {
  const lines: string[] = [];
  const family = (name: string, type: string, labels: readonly string[]) => {
    lines.push(`# HELP ${name} Of a host.`, `# TYPE ${name} ${type}`);
    for (const set of labels) lines.push(`${name}${set} ${'0'.repeat(WIDTH)}`);
  };
  const list = (n: number, of: (i: number) => string) => Array.from({ length: n }, (_, i) => of(i));
  const modes = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];
  family('node_load1', 'gauge', ['']);
  family('node_load5', 'gauge', ['']);
  family('node_memory_MemAvailable_bytes', 'gauge', ['']);
  family('node_memory_MemTotal_bytes', 'gauge', ['']);
  family(
    'node_cpu_seconds_total',
    'counter',
    list(256, (i) => `{cpu="${i >> 3}",mode="${modes[i & 7]}"}`),
  );
  for (const what of [
    'read_bytes',
    'written_bytes',
    'reads_completed',
    'writes_completed',
    'io_time_seconds',
  ])
    family(
      `node_disk_${what}_total`,
      'counter',
      list(12, (i) => `{device="sd${String.fromCharCode(97 + i)}"}`),
    );
  for (const what of ['receive_bytes', 'receive_packets', 'transmit_bytes', 'transmit_packets'])
    family(
      `node_network_${what}_total`,
      'counter',
      list(10, (i) => `{device="eth${i}"}`),
    );
  for (const what of ['avail_bytes', 'size_bytes', 'files'])
    family(
      `node_filesystem_${what}`,
      'gauge',
      list(8, (i) => `{device="/dev/sd${i}",fstype="ext4",mountpoint="/mnt/${i}"}`),
    );
  const bounds = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '+Inf'];
  const paths = list(12, (i) => `/api/v1/resource/${i}`);
  family(
    'http_request_duration_seconds_bucket',
    'counter',
    paths.flatMap((path) => bounds.map((le) => `{method="GET",path="${path}",le="${le}"}`)),
  );
  for (let n = 0; lines.filter((line) => !line.startsWith('#')).length < series - 5; n++)
    family(
      `node_vmstat_${n}`,
      n % 3 === 0 ? 'counter' : 'gauge',
      list(20, (i) => `{zone="${i % 4}",node="${i}"}`),
    );
  const body = Buffer.from(`${lines.join('\n')}\n`);
  const places: number[] = [];
  const counters: boolean[] = [];
  let at = 0;
  let counter = false;
  for (const line of lines) {
    if (line.startsWith('# TYPE')) counter = line.endsWith('counter');
    if (!line.startsWith('#')) {
      places.push(at + line.length - WIDTH);
      counters.push(counter);
    }
    at += line.length + 1;
  }
  return (nowMs, target) => {
    const seconds = Math.floor(nowMs / 1000) % 10_000_000;
    const own = target.length + target.charCodeAt(target.length - 7);
    for (let i = 0; i < places.length; i++) {
      // Half of what a host has stands still.
      const pace = i % 2 === 0 ? 1 + (i % 97) : 0;
      let value = counters[i] ? seconds * pace + own : ((seconds * pace * 7919) % 9973) + i;
      for (let digit = places[i] + WIDTH - 1; digit >= places[i]; digit--) {
        body[digit] = 48 + (value % 10);
        value = Math.floor(value / 10);
      }
    }
    return body;
  };
}

export const RULES = `groups:
  - name: hosts
    rules:
      - {record: 'instance:node_cpu:ratio', expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m]))'}
      - {record: 'instance:node_disk_io:rate', expr: 'sum by (instance) (rate(node_disk_io_time_seconds_total[1m]))'}
      - {record: 'instance:node_network_receive:rate', expr: 'sum by (instance) (rate(node_network_receive_bytes_total[1m]))'}
      - {record: 'instance:node_network_transmit:rate', expr: 'sum by (instance) (rate(node_network_transmit_bytes_total[1m]))'}
      - {record: 'instance:node_memory:ratio', expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes'}
      - {record: 'job:node_cpu:ratio', expr: 'avg by (job) (instance:node_cpu:ratio)'}
      - {record: 'path:http_latency:p90', expr: 'histogram_quantile(0.9, sum by (le, path) (rate(http_request_duration_seconds_bucket[1m])))'}
  - name: alerts
    rules:
      - {alert: HostDown, expr: 'up == 0', for: 1m}
      - {alert: DiskFull, expr: 'node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.0001', for: 1m}
      - {alert: HighLoad, expr: 'node_load1 > 9000', for: 30s, annotations: {summary: 'Load {{ $value }} on {{ $labels.instance }}'}}
      - {alert: CpuBusy, expr: 'instance:node_cpu:ratio > 100', for: 1m}
      - {alert: ManySeries, expr: 'sum(scrape_samples_scraped) > 1e7'}
`;
