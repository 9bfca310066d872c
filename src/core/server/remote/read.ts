/**
 * `/api/v1/read`: raw samples for other servers, as one message or, where the client takes that, as a stream of chunks.
 * Specified in https://prometheus.io/docs/prometheus/latest/querying/remote_read_api/
 */
import { ProtobufWriter } from '../../encoding/protobuf-writer.ts';
import { snappyCompress, snappyMaxCompressedLength } from '../../encoding/snappy.ts';
import { InputError } from '../../errors.ts';
import { SampleColumns } from '../../model/columns.ts';
import type { Labels } from '../../model/labels.ts';
import { STREAMED_TYPE } from '../../remote/read-codec.ts';
import {
  chunkFrames,
  decodeReadRequest,
  type ReadQuery,
  type ReadRequest,
  writeTimeSeries,
} from '../../remote/read-server-codec.ts';
import type { SeriesSet, Source } from '../../source/source.ts';
import { NO_SERIES } from '../../tsdb/block/index.ts';
import { ChunkList, SeriesEncoder } from '../../tsdb/chunk/index.ts';
import { withExternal } from '../external-labels.ts';
import type { Reply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { QueryGate } from '../query-gate.ts';

const MAX_REQUEST_BYTES = 1 << 20;
const STREAM_CONTENT_TYPE = `${STREAMED_TYPE}; proto=prometheus.ChunkedReadResponse`;

export interface RemoteReadOptions {
  source: () => Source;
  /** At most so many at a time (`--storage.remote.read-concurrent-limit`). */
  gate: QueryGate;
  /** How long one may wait for its turn, ms. */
  waitMs: number;
  /** Of an answer that is no stream (`--storage.remote.read-sample-limit`); 0 for no limit. */
  sampleLimit: number;
  /** What every series of this server has beside its own labels. */
  externalLabels: () => Labels;
}

export function addRemoteReadRoute(router: Router, options: RemoteReadOptions): void {
  const handler = async (request: HttpRequest, reply: Reply) => {
    const asked = await readRequest(request, reply);
    if (asked === undefined) return;
    const source = options.source();
    try {
      await options.gate.run(options.waitMs, request.signal, () => answer(asked, source, reply, options));
    } finally {
      await source.close();
    }
  };
  router.add('POST', '/api/v1/read', handler, { compress: false });
}

async function readRequest(request: HttpRequest, reply: Reply): Promise<ReadRequest | undefined> {
  try {
    return decodeReadRequest(await request.body(MAX_REQUEST_BYTES), MAX_REQUEST_BYTES * 4);
  } catch (error) {
    if (!(error instanceof InputError) || error.code === 'body_too_large') throw error;
    reply.fault(400, error.message);
    return undefined;
  }
}

async function answer(
  { queries, streamed }: ReadRequest,
  source: Source,
  reply: Reply,
  options: RemoteReadOptions,
): Promise<void> {
  const external = options.externalLabels();
  const sets: SeriesSet[] = [];
  for (const query of queries) sets.push(await selected(source, query, external));
  if (streamed) {
    await reply.stream(200, STREAM_CONTENT_TYPE, frames(queries, sets, external));
    return;
  }
  const message = sampledMessage(queries, sets, external, options.sampleLimit);
  if (message === undefined) {
    reply.fault(400, `exceeded sample limit (${options.sampleLimit})`);
    return;
  }
  const block = new Uint8Array(snappyMaxCompressedLength(message.length));
  reply.header('Content-Encoding', 'snappy');
  reply.whole(
    200,
    'application/x-protobuf',
    block.subarray(0, snappyCompress(message, 0, message.length, block, 0)),
  );
}

/**
 * Matchers of external labels are for us as a whole: our series do not have those labels. Where no others are left nothing
 * is selected: a server is not copied by a slip of the hand.
 */
async function selected(
  source: Source,
  { matchers, mint, maxt }: ReadQuery,
  external: Labels,
): Promise<SeriesSet> {
  const own = matchers.filter(({ type, name, value }) => {
    return !(type === '=' && external.has(name) && external.get(name) === value);
  });
  return own.length === 0 ? NO_SERIES : source.select(own, { mint, maxt });
}

function sampledMessage(
  queries: readonly ReadQuery[],
  sets: readonly SeriesSet[],
  external: Labels,
  sampleLimit: number,
): Uint8Array | undefined {
  const writer = new ProtobufWriter();
  const columns = new SampleColumns();
  let samples = 0;
  for (let q = 0; q < sets.length; q++) {
    const result = writer.begin(1);
    for (let i = 0; i < sets[q].length; i++) {
      readWithin(sets[q], i, queries[q], columns);
      if (columns.length === 0) continue;
      samples += columns.length;
      if (sampleLimit > 0 && samples > sampleLimit) return undefined;
      writeTimeSeries(writer, withExternal(sets[q].labels(i), external), columns);
    }
    writer.finish(result);
  }
  return writer.take();
}

function* frames(
  queries: readonly ReadQuery[],
  sets: readonly SeriesSet[],
  external: Labels,
): Generator<Uint8Array, void> {
  const columns = new SampleColumns();
  const chunks = new ChunkList();
  const encoder = new SeriesEncoder('merge', chunks);
  for (let q = 0; q < sets.length; q++) {
    for (let i = 0; i < sets[q].length; i++) {
      readWithin(sets[q], i, queries[q], columns);
      if (columns.length === 0) continue;
      chunks.clear();
      encoder.append(columns);
      encoder.finish();
      yield* chunkFrames(withExternal(sets[q].labels(i), external), chunks, q);
    }
  }
}

/** Sources may give samples beside the range. */
function readWithin(set: SeriesSet, i: number, { mint, maxt }: ReadQuery, columns: SampleColumns): void {
  columns.clear();
  set.read(i, columns);
  const { t, v, histograms } = columns;
  let from = 0;
  let to = columns.length;
  while (from < to && t[from] < mint) from++;
  while (to > from && t[to - 1] > maxt) to--;
  if (from > 0) {
    t.copyWithin(0, from, to);
    v.copyWithin(0, from, to);
    histograms?.splice(0, from);
  }
  columns.length = to - from;
}
