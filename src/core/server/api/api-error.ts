/** Why the API does not answer what was asked: a type for programs, a text for people, and a status of HTTP. */
import { InputError } from '../../errors.ts';
import { goQuote } from '../../model/quote.ts';
import { apiErrorType } from '../../promql/index.ts';

export type ApiErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'internal'
  | 'unavailable'
  | 'not_found'
  | 'not_acceptable';

const STATUS: Readonly<Record<ApiErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  // Nobody is there to read it; logs and metrics tell it apart.
  canceled: 499,
  internal: 500,
  unavailable: 503,
  not_found: 404,
  not_acceptable: 406,
};

export class ApiFault extends Error {
  readonly type: ApiErrorType;
  readonly status: number;

  constructor(type: ApiErrorType, message: string, status: number = STATUS[type]) {
    super(message);
    this.name = 'ApiFault';
    this.type = type;
    this.status = status;
  }
}

/** What every parameter that cannot be read is answered with. */
export function badParameter(name: string, reason: string): ApiFault {
  return new ApiFault('bad_data', `invalid parameter ${goQuote(name)}: ${reason}`);
}

/** The API's form of what a query ended with; undefined where it is nothing of the query's. */
export function queryFault(error: unknown): ApiFault | undefined {
  if (error instanceof ApiFault) return error;
  if (!(error instanceof InputError)) return undefined;
  const type = apiErrorType(error.code) as ApiErrorType | undefined;
  if (type === 'bad_data') return badParameter('query', error.message);
  // What the storage could not read is a fault of its execution.
  return new ApiFault(type ?? 'execution', type === undefined ? error.message : error.reason);
}

/** As upstream words an input that cannot be parsed where no parameter is named. */
export function asBadData<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InputError) throw new ApiFault('bad_data', error.message);
    throw error;
  }
}
