/** What templates call: a function with the types of its arguments, as Go would check them. */
import { GoDuration, GoInt, GoStruct, GoTime, type GoValue } from './value.ts';

export type ParameterType = 'string' | 'int' | 'any' | 'sample' | 'results' | 'time' | 'duration';

export interface TemplateFunction {
  parameters: readonly ParameterType[];
  /** The type of any number of arguments more. */
  variadic?: ParameterType;
  /** What it throws becomes `error calling NAME: …`. */
  call(...args: GoValue[]): GoValue;
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

/** Finds a function by its name. */
export type FunctionLookup = (name: string) => TemplateFunction | undefined;

/** A failure inside a function; its message is shown to the template's author. */
export class CallError extends Error {}

/** Where Go would follow a pointer that is nil. */
export class NilPointerError extends CallError {
  constructor() {
    super('runtime error: invalid memory address or nil pointer dereference');
  }
}

export function accepts(type: ParameterType, value: GoValue): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'int':
      return value instanceof GoInt && value.type === 'int';
    case 'sample':
      return value instanceof GoStruct && value.type === 'template.sample';
    case 'results':
      return Array.isArray(value);
    case 'time':
      return value instanceof GoTime;
    case 'duration':
      return value instanceof GoDuration;
  }
}

/** Whether nil may stand for an argument: a pointer, a list, an interface. */
export function acceptsNil(type: ParameterType): boolean {
  return type === 'any' || type === 'sample' || type === 'results';
}

/** Go's name of a parameter's type. */
export function parameterTypeName(type: ParameterType): string {
  const names: Partial<Record<ParameterType, string>> = {
    any: 'interface {}',
    sample: '*template.sample',
    results: 'template.queryResult',
    time: 'time.Time',
    duration: 'time.Duration',
  };
  return names[type] ?? type;
}
