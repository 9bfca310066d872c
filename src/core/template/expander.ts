/**
 * Expands the templates of alerts. Queries wait for their source while templates run at once: a template that asks for
 * a query not yet answered is left, the query is run, and the template starts again with the answer at hand.
 */
import type { Histogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import { BUILTINS } from './builtins.ts';
import { executeTemplate } from './executor.ts';
import { CallError } from './function.ts';
import { parseTemplate, type Templates } from './parser.ts';
import { contextFunctions, PURE_FUNCTIONS, sampleStruct } from './prometheus-functions.ts';
import { TemplateError } from './template-error.ts';
import { GoHistogram, GoMap, GoStruct, type GoValue } from './value.ts';

export interface TemplateSample {
  labels: Labels;
  value: number | Histogram;
}

/** Answers an instant query. What it rejects with becomes the template's error. */
export type TemplateQuery = (expr: string) => Promise<TemplateSample[]>;

export interface AlertTemplateData {
  labels: Labels;
  externalLabels: Labels;
  externalUrl: string;
  value: number | Histogram;
}

export interface ExpandOptions {
  /** What messages call the template, `__alert_NAME`. */
  name: string;
  nowMs: number;
  query: TemplateQuery;
}

/** So that `$labels` and its like can be written; positions in messages count from its start, as in Prometheus. */
const PROLOGUE =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}';

const DATA_TYPE =
  'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }';

const UNUSED = { nowMs: 0, externalUrl: '', query: () => null };
const NAMES = new Set([...BUILTINS.keys(), ...PURE_FUNCTIONS.keys(), ...contextFunctions(UNUSED).keys()]);

/** Parsed templates by text; rules repeat theirs at every evaluation. */
const parsed = new Map<string, Templates>();
const MOST_PARSED = 2000;

/** Throws TemplateError where the text cannot be parsed. */
export function checkAlertTemplate(text: string, name: string): void {
  if (text.includes('{{')) treesOf(PROLOGUE + text, name);
}

/** The trees of the text, by name. Throws TemplateError. */
export function parseAlertTemplate(text: string, name: string): Templates {
  return parsedTemplate(PROLOGUE + text, name);
}

/** The text with all actions carried out. Rejects with TemplateError. */
export async function expandAlertTemplate(
  text: string,
  data: AlertTemplateData,
  options: ExpandOptions,
): Promise<string> {
  if (!text.includes('{{')) return text;
  const full = PROLOGUE + text;
  const templates = parsedTemplate(full, options.name);
  const answers = new Map<string, GoValue | CallError>();
  const root = new GoStruct(
    DATA_TYPE,
    {
      Labels: new GoMap(new Map(data.labels), 'string'),
      ExternalLabels: new GoMap(new Map(data.externalLabels), 'string'),
      ExternalURL: data.externalUrl,
      Value: sampleValue(data.value),
    },
    { anyFields: ['Value'] },
  );
  for (;;) {
    let unanswered: string | undefined;
    const query = (expr: string): GoValue => {
      const answer = answers.get(expr);
      if (answer instanceof CallError) throw answer;
      if (answer !== undefined) return answer;
      unanswered = expr;
      throw new Unanswered();
    };
    const own = contextFunctions({ nowMs: options.nowMs, externalUrl: data.externalUrl, query });
    const functions = (name: string) => own.get(name) ?? PURE_FUNCTIONS.get(name) ?? BUILTINS.get(name);
    try {
      return withinStack(options.name, () =>
        executeTemplate({ templates, functions, name: options.name, text: full, data: root }),
      );
    } catch (error) {
      if (!(error instanceof Unanswered)) {
        if (error instanceof TemplateError) {
          throw new TemplateError(`error executing template ${options.name}: ${error.reason}`);
        }
        throw error;
      }
    }
    answers.set(unanswered!, await answer(options.query, unanswered!));
  }
}

class Unanswered extends Error {}

async function answer(query: TemplateQuery, expr: string): Promise<GoValue | CallError> {
  try {
    return (await query(expr)).map(({ labels, value }) => sampleStruct(labels, sampleValue(value)));
  } catch (error) {
    return new CallError(error instanceof Error ? error.message : String(error));
  }
}

function sampleValue(value: number | Histogram): GoValue {
  return typeof value === 'number' ? value : new GoHistogram(value);
}

function parsedTemplate(text: string, name: string): Templates {
  try {
    return treesOf(text, name);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new TemplateError(`error parsing template ${name}: ${error.reason}`);
  }
}

function treesOf(text: string, name: string): Templates {
  const key = `${name}\0${text}`;
  let templates = parsed.get(key);
  if (templates === undefined) {
    templates = withinStack(name, () => parseTemplate(text, name, NAMES));
    if (parsed.size >= MOST_PARSED) parsed.clear();
    parsed.set(key, templates);
  }
  return templates;
}

/** Templates may be nested as deep as our stack is; what goes deeper is a fault of theirs, as it is to Go. */
function withinStack<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RangeError && /call stack/.test(error.message))) throw error;
    throw new TemplateError(`template: ${name}: max expression depth exceeded`);
  }
}
