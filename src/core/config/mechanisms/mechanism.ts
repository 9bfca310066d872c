/** One way to discover targets, as configuration has it. */
import { duration, field, integer, list, optionalField, Struct, text } from '../schema/index.ts';
import type { Checked, Field, Part } from '../schema/struct.ts';

export interface Mechanism {
  // biome-ignore lint/suspicious/noExplicitAny: each has settings of its own
  struct: Struct<any>;
  /** Whether tsmon discovers targets with it; the others are only checked. */
  runs: boolean;
}

/** Settings as checks see them. */
// biome-ignore lint/suspicious/noExplicitAny: each mechanism's check knows its own settings
type Check = (settings: any, at: Checked) => void;

export function mechanism(goPackage: string, parts: readonly Part[], check?: Check, runs = false): Mechanism {
  return { struct: new Struct(`${goPackage}.plain`, parts, { check }), runs };
}

/** As `mechanism`, for one that runs. */
export function runnable(goPackage: string, parts: readonly Part[], check?: Check): Mechanism {
  return mechanism(goPackage, parts, check, true);
}

export function refreshInterval(seconds: number): Field {
  return optionalField('refresh_interval', duration, seconds * 1000);
}

export function port(number: number): Field {
  return field('port', integer, number);
}

/** A check that these settings are there: each with what to say. */
export function required(messages: Readonly<Record<string, string>>): Check {
  return (settings, at) => {
    for (const [key, message] of Object.entries(messages)) {
      const prop = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      const value: unknown = settings[prop];
      if (value === '' || value === undefined || (Array.isArray(value) && value.length === 0))
        at.fault(message, key);
    }
  };
}

/** Several checks; the first that finds something ends it, as upstream does. */
export function inOrder(...checks: readonly Check[]): Check {
  return (settings, at) => {
    let failed = false;
    const watched: Checked = {
      ...at,
      fault(message, key) {
        failed = true;
        at.fault(message, key);
      },
    };
    for (const check of checks) {
      check(settings, watched);
      if (failed) return;
    }
  };
}

export const filters = (goName: string) =>
  new Struct<{ name: string; values: readonly string[] }>(goName, [
    field('name', text),
    field('values', list(text)),
  ]);
