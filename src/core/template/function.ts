/** What templates call: a function with the types of its arguments, as Go would check them. */
import { GoInt, type GoMap, GoStruct, type GoValue } from './value.ts';

export type ParameterType = 'string' | 'float64' | 'int' | 'any' | 'sample' | 'results';

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

export function accepts(type: ParameterType, value: GoValue): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'float64':
      return typeof value === 'number';
    case 'int':
      return value instanceof GoInt;
    case 'sample':
      return value instanceof GoStruct && value.type === '*template.sample';
    case 'results':
      return Array.isArray(value);
  }
}

/** Go's name of a parameter's type. */
export function parameterTypeName(type: ParameterType): string {
  const names: Partial<Record<ParameterType, string>> = {
    any: 'interface {}',
    sample: '*template.sample',
    results: 'template.queryResult',
  };
  return names[type] ?? type;
}

/** The element of a map, or the zero of its type. */
export function lookUp(map: GoMap, key: string): GoValue {
  const value = map.entries.get(key);
  return value === undefined && map.of === 'string' ? '' : value;
}
