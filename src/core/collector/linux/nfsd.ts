/** What this host serves as an NFS server: /proc/net/rpc/nfsd (`nfsd_show` in the kernel's fs/nfsd/stats.c). */
import type { Collector } from '../collector.ts';
import type { Families, FamilyWriter } from '../families.ts';
import { readTextIfAny } from '../files.ts';
import {
  SERVER_V4_FIRST_OPERATION,
  SERVER_V4_OPERATIONS,
  V2_PROCEDURES,
  V3_PROCEDURES,
} from './nfs-procedures.ts';
import { parseRpc } from './nfs-rpc.ts';

export const nfsd: Collector = {
  name: 'nfsd',
  collect({ files }, out) {
    const file = files.proc('net/rpc/nfsd');
    const text = readTextIfAny(file);
    if (text === undefined) return false;
    const lines = parseRpc(text, file);
    collectServer(lines, out);
    collectRequests(
      lines,
      out.counter(
        'node_nfsd_requests_total',
        'Total number NFSd Requests by method and protocol.',
        'proto',
        'method',
      ),
    );
    return true;
  },
};

function collectServer(lines: ReadonlyMap<string, readonly number[]>, out: Families): void {
  const counter = (name: string, help: string, ...labels: string[]) =>
    out.counter(`node_nfsd_${name}_total`, help, ...labels);

  const [hits, misses, uncached] = lines.get('rc') ?? [0, 0, 0];
  counter('reply_cache_hits', 'Total number of NFSd Reply Cache hits (client lost server response).').add(
    hits,
  );
  counter(
    'reply_cache_misses',
    'Total number of NFSd Reply Cache an operation that requires caching (idempotent).',
  ).add(misses);
  counter(
    'reply_cache_nocache',
    'Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).',
  ).add(uncached);

  const [staleHandles] = lines.get('fh') ?? [0];
  counter('file_handles_stale', 'Total number of NFSd stale file handles').add(staleHandles);

  const [bytesRead, bytesWritten] = lines.get('io') ?? [0, 0];
  counter('disk_bytes_read', 'Total NFSd bytes read.').add(bytesRead);
  counter('disk_bytes_written', 'Total NFSd bytes written.').add(bytesWritten);

  const [threads] = lines.get('th') ?? [0];
  out.gauge('node_nfsd_server_threads', 'Total number of NFSd kernel threads that are running.').add(threads);

  // The read-ahead cache went away with kernel 5.4, and its line with it: size, ten hit depths, not found.
  const readAhead = lines.get('ra') ?? [];
  out
    .gauge('node_nfsd_read_ahead_cache_size_blocks', 'How large the read ahead cache is in blocks.')
    .add(readAhead[0] ?? 0);
  counter('read_ahead_cache_not_found', 'Total number of NFSd read ahead cache not found.').add(
    readAhead[11] ?? 0,
  );

  const [, udpPackets, tcpPackets, tcpConnections] = lines.get('net') ?? [0, 0, 0, 0];
  const packets = counter('packets', 'Total NFSd network packets (sent+received) by protocol type.', 'proto');
  packets.add(udpPackets, 'udp');
  packets.add(tcpPackets, 'tcp');
  counter('connections', 'Total number of NFSd TCP connections.').add(tcpConnections);

  // rpc: calls, bad calls (the sum of the others), bad format, bad authentication, bad client
  const [calls, , badFormat, badAuthentication, badClient] = lines.get('rpc') ?? [0, 0, 0, 0, 0];
  const errors = counter('rpc_errors', 'Total number of NFSd RPC errors by error type.', 'error');
  errors.add(badFormat ?? 0, 'fmt');
  errors.add(badAuthentication ?? 0, 'auth');
  errors.add(badClient ?? 0, 'cInt');
  counter('server_rpcs', 'Total number of NFSd RPCs.').add(calls);
}

/** The first number of each line says how many follow. */
function collectRequests(lines: ReadonlyMap<string, readonly number[]>, requests: FamilyWriter): void {
  const counts = (name: string) => lines.get(name)?.slice(1) ?? [];
  const v2 = counts('proc2');
  const v3 = counts('proc3');
  const v4 = counts('proc4ops');
  // Procedure 0 does nothing, and node_exporter does not show it.
  for (let i = 1; i < V2_PROCEDURES.length; i++) requests.add(v2[i] ?? 0, '2', V2_PROCEDURES[i]);
  for (let i = 1; i < V3_PROCEDURES.length; i++) requests.add(v3[i] ?? 0, '3', V3_PROCEDURES[i]);
  SERVER_V4_OPERATIONS.forEach((operation, i) => {
    if (operation !== '') requests.add(v4[SERVER_V4_FIRST_OPERATION + i] ?? 0, '4', operation);
  });
  requests.add(lines.get('wdeleg_getattr')?.[0] ?? 0, '4', 'WdelegGetattr');
}
