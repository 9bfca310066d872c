/**
 * The thread of worker-runner.ts, an entry of its own: evaluates queries one after another, and hands their answers over in
 * pieces, as they are asked for.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock.ts';
import type { Matcher } from '../../model/matcher.ts';
import { type EngineOptions, instantQuery, type QueryStats } from '../../promql/index.ts';
import type { Source } from '../../source/source.ts';
import { errorOf, faultOf } from '../../tsdb/db/task-messages.ts';
import { evaluateTask } from '../query-runner.ts';
import type { FromWorker, Selected, SelectionHints, ToWorker } from './messages.ts';
import { plainValue } from './vector-message.ts';
import { WorkerBlocks, WorkerSource } from './worker-source.ts';

/** Bytes of an answer that go over at a time. */
const BATCH_BYTES = 256 * 1024;
const IDLE_MS = 30_000;

const engine = workerData as EngineOptions;
const blocks = new WorkerBlocks();
const answers = new Map<number, Iterator<Uint8Array>>();
const waiting = new Map<number, { resolve: (selected: Selected) => void; reject: (error: Error) => void }>();
let asked = 0;
let running = 0;

parentPort!.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'run':
      void run(message);
      break;
    case 'value':
      void evaluate(message);
      break;
    case 'selected':
      take(message.ask)?.resolve(message.selected);
      break;
    case 'refused':
      take(message.ask)?.reject(errorOf(message.fault));
      break;
    case 'more':
      sendPieces(message.id);
      break;
    case 'drop':
      answers.delete(message.id);
      break;
  }
});

// What is no longer there must not be kept open, nor be found again under its old name.
setInterval(() => {
  if (running === 0) blocks.closeIdle();
}, IDLE_MS).unref();

function run({ id, task, cancelFlag }: Extract<ToWorker, { kind: 'run' }>): Promise<void> {
  return reading(id, async (source) => {
    const { result, stats } = await evaluateTask(task, source, { ...engine, cancelFlag }, systemClock);
    answers.set(id, result[Symbol.iterator]());
    sendPieces(id, stats);
  });
}

function evaluate({ id, query, t }: Extract<ToWorker, { kind: 'value' }>): Promise<void> {
  return reading(id, async (source) => {
    const { value, stats } = await instantQuery(source, query, t, engine);
    say({ kind: 'value', id, value: plainValue(value, t), stats });
  });
}

/** Does something with what query `id` reads. */
async function reading(id: number, work: (source: Source) => Promise<void>): Promise<void> {
  const ask = (matchers: readonly Matcher[], hints: SelectionHints) =>
    new Promise<Selected>((resolve, reject) => {
      const number = ++asked;
      waiting.set(number, { resolve, reject });
      const plain = matchers.map(({ type, name, value }) => [type, name, value] as const);
      say({ kind: 'select', id, ask: number, matchers: plain, hints });
    });
  const source = new WorkerSource(ask, blocks, (message) => say({ kind: 'damage', message }));
  running++;
  try {
    await work(source as unknown as Source);
  } catch (error) {
    say({ kind: 'failed', id, fault: faultOf(error) });
  } finally {
    running--;
    await source.close();
  }
}

function take(ask: number) {
  const one = waiting.get(ask);
  waiting.delete(ask);
  return one;
}

function sendPieces(id: number, stats?: QueryStats): void {
  const answer = answers.get(id);
  if (answer === undefined) return;
  const pieces: Uint8Array[] = [];
  const owned: ArrayBuffer[] = [];
  let bytes = 0;
  let done = false;
  while (bytes < BATCH_BYTES) {
    const next = answer.next();
    if (next.done) {
      done = true;
      break;
    }
    const piece = wholeBuffer(next.value);
    pieces.push(piece);
    owned.push(piece.buffer);
    bytes += piece.length;
  }
  if (done) answers.delete(id);
  const message: FromWorker = { kind: 'pieces', id, pieces, done, ...(stats && { stats }) };
  parentPort!.postMessage(message, owned);
}

/** A buffer that is the piece's alone can go over without a copy; what shares one is copied. */
function wholeBuffer(piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, length } = piece;
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength - length < length;
  const isPooled = buffer.byteLength <= 8192;
  return isWhole && !isPooled ? (piece as Uint8Array<ArrayBuffer>) : new Uint8Array(piece);
}

function say(message: FromWorker): void {
  parentPort!.postMessage(message);
}
