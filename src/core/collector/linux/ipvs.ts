/** The kernel's load balancer: /proc/net/ip_vs_stats (hexadecimal) and the backends in /proc/net/ip_vs. */
import type { Collector } from '../collector.ts';
import type { Families } from '../families.ts';
import { malformed, parseNumber, readTextIfAny, words } from '../files.ts';
import { shortIpv6 } from './ipv6.ts';

/** In the order of the columns. */
const TOTALS = [
  ['connections_total', 'The total number of connections made.'],
  ['incoming_packets_total', 'The total number of incoming packets.'],
  ['outgoing_packets_total', 'The total number of outgoing packets.'],
  ['incoming_bytes_total', 'The total amount of incoming data.'],
  ['outgoing_bytes_total', 'The total amount of outgoing data.'],
] as const;
const TOTALS_LINE = 2;

const LABELS = ['local_address', 'local_port', 'remote_address', 'remote_port', 'proto', 'local_mark'];

export const ipvs: Collector = {
  name: 'ipvs',
  collect({ files }, out) {
    const statsFile = files.proc('net/ip_vs_stats');
    const stats = readTextIfAny(statsFile);
    if (stats === undefined) return false;
    const totals = words(stats.split('\n')[TOTALS_LINE] ?? '');
    TOTALS.forEach(([name, help], i) => {
      out.counter(`node_ipvs_${name}`, help).add(hexadecimal(totals[i], statsFile, TOTALS_LINE + 1));
    });
    const file = files.proc('net/ip_vs');
    const text = readTextIfAny(file);
    if (text !== undefined) collectBackends(out, text, file);
    return true;
  },
};

/** Lines `TCP  C0A80016:0CEA wlc` or `FWM 10001000 wlc`, each followed by its backends: `-> C0A85216:0CEA Tunnel 100 248 2`. */
function collectBackends(out: Families, text: string, file: string): void {
  const gauge = (name: string, help: string) => out.gauge(`node_ipvs_backend_${name}`, help, ...LABELS);
  const active = gauge('connections_active', 'The current active connections by local and remote address.');
  const inactive = gauge(
    'connections_inactive',
    'The current inactive connections by local and remote address.',
  );
  const weight = gauge('weight', 'The current backend weight by local and remote address.');

  let proto = '';
  let mark = '';
  let local: [address: string, port: string] = ['', '0'];
  text.split('\n').forEach((line, i) => {
    const fields = words(line);
    if (['TCP', 'UDP', 'SCTP'].includes(fields[0])) {
      proto = fields[0];
      mark = '';
      local = endpoint(fields[1], file, i + 1);
    } else if (fields[0] === 'FWM') {
      proto = 'FWM';
      mark = fields[1] ?? '';
      local = ['', '0'];
    } else if (fields[0] === '->' && proto !== '') {
      const labels = [...local, ...endpoint(fields[1], file, i + 1), proto, mark];
      weight.add(parseNumber(fields[3], file, i + 1), ...labels);
      active.add(parseNumber(fields[4], file, i + 1), ...labels);
      inactive.add(parseNumber(fields[5], file, i + 1), ...labels);
    }
  });
}

/** `C0A80016:0CEA` or `[2620:0000:…:0001]:0050`, all hexadecimal. */
function endpoint(text: string | undefined, file: string, line: number): [string, string] {
  const match = /^(?:([0-9A-F]{8})|\[([0-9A-F:]+)\]):([0-9A-F]{4})$/i.exec(text ?? '');
  if (match === null) throw malformed(`expected an address and a port, got ${text ?? ''}`, file, line);
  const port = String(Number.parseInt(match[3], 16));
  if (match[2] !== undefined) return [shortIpv6(match[2]), port];
  const octets = [0, 2, 4, 6].map((at) => Number.parseInt(match[1].slice(at, at + 2), 16));
  return [octets.join('.'), port];
}

function hexadecimal(text: string | undefined, file: string, line: number): number {
  if (text === undefined || !/^[0-9A-F]+$/i.test(text)) {
    throw malformed(`expected a hexadecimal number, got ${text ?? ''}`, file, line);
  }
  return Number.parseInt(text, 16);
}
