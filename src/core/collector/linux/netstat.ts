/** Counters of the network protocols: /proc/net/netstat, /proc/net/snmp and /proc/net/snmp6. */
import type { Collector, Host } from '../collector.ts';
import type { Families } from '../families.ts';
import { malformed, parseNumber, readText, readTextIfAny, words } from '../files.ts';

export const netstat: Collector = {
  name: 'netstat',
  collect(host, out) {
    for (const path of ['net/netstat', 'net/snmp']) {
      const file = host.files.proc(path);
      collectPairs(host, out, readText(file), file);
    }
    // Absent where IPv6 is switched off.
    const file6 = host.files.proc('net/snmp6');
    const text6 = readTextIfAny(file6);
    if (text6 !== undefined) collectSnmp6(host, out, text6, file6);
    return true;
  },
};

/** A line of names and a line of numbers for each protocol, both starting with `Protocol:`. */
function collectPairs(host: Host, out: Families, text: string, file: string): void {
  const lines = text.split('\n');
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const names = words(lines[i]);
    const values = words(lines[i + 1]);
    if (names.length !== values.length || names[0] !== values[0]) {
      throw malformed('expected as many numbers as the line before has names', file, i + 2);
    }
    const protocol = names[0].slice(0, -1);
    for (let c = 1; c < names.length; c++) addField(host, out, protocol, names[c], values[c], file, i + 2);
  }
}

/** One `Protocol6Name number` a line: the protocol ends with its 6. */
function collectSnmp6(host: Host, out: Families, text: string, file: string): void {
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fields = words(lines[i]);
    if (fields.length < 2) continue;
    const six = fields[0].indexOf('6');
    if (six === -1) continue;
    addField(host, out, fields[0].slice(0, six + 1), fields[0].slice(six + 1), fields[1], file, i + 1);
  }
}

function addField(
  { settings }: Host,
  out: Families,
  protocol: string,
  name: string,
  value: string,
  file: string,
  line: number,
): void {
  const key = `${protocol}_${name}`;
  if (!settings.netstatFields.matches(key)) return;
  out.untyped(`node_netstat_${key}`, `Statistic ${protocol}${name}.`).add(parseNumber(value, file, line));
}
