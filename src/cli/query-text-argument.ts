/** An expression that is an argument, or comes from stdin. */
import { Args } from '@oclif/core';
import { pieces } from './input.ts';

export const expressionArg = Args.string({
  description: 'A PromQL expression; - or nothing for standard input',
  ignoreStdin: true,
});

export function expressionText(argument: string | undefined): string {
  if (argument !== undefined && argument !== '-') return argument;
  // A piece is valid only until the next one.
  return Buffer.concat(Array.from(pieces('-'), (piece) => Buffer.from(piece)))
    .toString('utf8')
    .trimEnd();
}
