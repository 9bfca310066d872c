/** What the thread that owns a database and its worker say to each other, and errors in a form that can be posted. */
import { CorruptionError, InputError, type Place } from '../../errors.ts';
import type { TaskKind, TaskTypes } from './tasks.ts';

export interface TaskRequest<K extends TaskKind = TaskKind> {
  id: number;
  kind: K;
  input: TaskTypes[K]['input'];
}

export interface TaskReply {
  id: number;
  result?: unknown;
  fault?: PlainFault;
}

/** An error without its class, which does not survive being posted. */
export interface PlainFault {
  message: string;
  stack?: string | undefined;
  code?: string | undefined;
  syscall?: string | undefined;
  /** Of an InputError. */
  reason?: string | undefined;
  place?: Place | undefined;
}

export function faultOf(error: unknown): PlainFault {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  const fault: PlainFault = { message, stack, code, syscall };
  return error instanceof InputError ? { ...fault, reason: error.reason, place: error.place } : fault;
}

export function errorOf(fault: PlainFault): Error {
  const { message, stack, code, syscall, reason, place } = fault;
  if (reason !== undefined && code === 'corruption') return new CorruptionError(reason, place);
  if (reason !== undefined && code !== undefined) return new InputError(code, reason, place);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return Object.assign(error, code !== undefined && { code }, syscall !== undefined && { syscall });
}
