/**
 * The API's envelope: `{"status":"success","data":…}`, with warnings and infos. Lists may be long, so they are made a piece
 * at a time.
 */
import { InputError } from '../../errors.ts';
import type { Labels } from '../../model/labels.ts';
import type { Reply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Handler } from '../http/router.ts';
import { type ApiFault, queryFault } from './api-error.ts';

const PIECE_CHARS = 32 * 1024;

export interface Notes {
  warnings?: readonly string[];
  infos?: readonly string[];
}

/** Answers with data that is small enough to be one value. */
export function succeed(reply: Reply, data: unknown, notes: Notes = {}): void {
  reply.json(200, { status: 'success', data, ...present(notes) });
}

/** Answers with a list whose items come as JSON. */
export async function succeedWithList(
  reply: Reply,
  items: Iterable<string>,
  notes: Notes = {},
): Promise<void> {
  await reply.stream(200, 'application/json', inPieces(withEnvelope(listParts(items), notes)));
}

/** Answers with an object of JSON, of which the texts are parts: they need not all be there at a time. */
export async function succeedWithParts(reply: Reply, parts: Iterable<string>): Promise<void> {
  await reply.stream(200, 'application/json', inPieces(withEnvelope(parts)));
}

/** The items of a list, with brackets around them and commas between. */
export function* listParts(items: Iterable<string>): Generator<string, void> {
  let before = '[';
  for (const item of items) {
    yield before + item;
    before = ',';
  }
  yield before === '[' ? '[]' : ']';
}

function* withEnvelope(data: Iterable<string>, notes: Notes = {}): Generator<string, void> {
  yield '{"status":"success","data":';
  yield* data;
  const rest = JSON.stringify(present(notes));
  yield rest === '{}' ? '}' : `,${rest.slice(1)}`;
}

function* inPieces(texts: Iterable<string>): Generator<Uint8Array, void> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE_CHARS) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(piece);
}

export function fail(reply: Reply, fault: ApiFault): void {
  reply.json(fault.status, { status: 'error', errorType: fault.type, error: fault.message });
}

/** A handler whose faults become answers of the API. */
export function answering(handler: Handler): Handler {
  return async (request: HttpRequest, reply: Reply) => {
    try {
      await handler(request, reply);
    } catch (error) {
      if (reply.started) throw error;
      // A body that is too large is for the server to answer.
      const fault =
        error instanceof InputError && error.code === 'body_too_large' ? undefined : queryFault(error);
      if (fault === undefined) throw error;
      fail(reply, fault);
    }
  };
}

/** An object with the labels in their order. */
export function labelsJson({ names, values }: Labels): string {
  let text = '{';
  for (let i = 0; i < names.length; i++) {
    text += `${i > 0 ? ',' : ''}${JSON.stringify(names[i])}:${JSON.stringify(values[i])}`;
  }
  return `${text}}`;
}

export const TRUNCATED = 'results truncated due to limit';

function present({ warnings = [], infos = [] }: Notes): Notes {
  return {
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(infos.length > 0 ? { infos } : {}),
  };
}
