/** Calls that this host makes as an NFS client: /proc/net/rpc/nfs. */
import type { Collector } from '../collector.ts';
import { readTextIfAny } from '../files.ts';
import { CLIENT_V4_PROCEDURES, V2_PROCEDURES, V3_PROCEDURES } from './nfs-procedures.ts';
import { parseRpc } from './nfs-rpc.ts';

const PROCEDURES = [
  ['proc2', '2', V2_PROCEDURES],
  ['proc3', '3', V3_PROCEDURES],
  ['proc4', '4', CLIENT_V4_PROCEDURES],
] as const;

export const nfs: Collector = {
  name: 'nfs',
  collect({ files }, out) {
    const file = files.proc('net/rpc/nfs');
    const text = readTextIfAny(file);
    if (text === undefined) return false;
    const lines = parseRpc(text, file);
    const counter = (name: string, help: string, ...labels: string[]) =>
      out.counter(`node_nfs_${name}`, help, ...labels);

    // net: packets, of which udp, of which tcp, tcp connections
    const net = lines.get('net');
    if (net !== undefined) {
      const packets = counter(
        'packets_total',
        'Total NFSd network packets (sent+received) by protocol type.',
        'protocol',
      );
      packets.add(net[1], 'udp');
      packets.add(net[2], 'tcp');
      counter('connections_total', 'Total number of NFSd TCP connections.').add(net[3]);
    }
    const rpc = lines.get('rpc');
    if (rpc !== undefined) {
      counter('rpcs_total', 'Total number of RPCs performed.').add(rpc[0]);
      counter('rpc_retransmissions_total', 'Number of RPC transmissions performed.').add(rpc[1]);
      counter('rpc_authentication_refreshes_total', 'Number of RPC authentication refreshes performed.').add(
        rpc[2],
      );
    }
    const requests = counter('requests_total', 'Number of NFS procedures invoked.', 'proto', 'method');
    for (const [line, version, procedures] of PROCEDURES) {
      // The first number says how many follow, which older kernels have fewer of.
      const counts = lines.get(line)?.slice(1) ?? [];
      procedures.forEach((procedure, i) => {
        requests.add(counts[i] ?? 0, version, procedure);
      });
    }
    return true;
  },
};
