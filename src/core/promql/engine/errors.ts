/** Why a query ended without a result, other than a syntax error. */
import { InputError } from '../../errors.ts';
import type { SourceRange } from '../parser/ast.ts';

/** A fault of the query that shows only in its data; `message` is upstream's wording. */
export class QueryError extends InputError {
  /** What part of the query is at fault, where that is known. */
  readonly range: SourceRange | undefined;

  constructor(reason: string, range?: SourceRange) {
    super('query_execution', reason);
    this.name = 'QueryError';
    this.range = range;
  }
}

/** More samples than `maxSamples` would be in memory at once. */
export class TooManySamples extends InputError {
  constructor() {
    super(
      'query_too_many_samples',
      'query processing would load too many samples into memory in query execution',
    );
    this.name = 'TooManySamples';
  }
}

export class QueryTimeout extends InputError {
  constructor() {
    super('query_timeout', 'query timed out in expression evaluation');
    this.name = 'QueryTimeout';
  }
}

export class QueryCanceled extends InputError {
  constructor() {
    super('query_canceled', 'query was canceled in expression evaluation');
    this.name = 'QueryCanceled';
  }
}
