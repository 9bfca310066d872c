/**
 * What a Grafana dashboard asks for: the expressions of its panels and the queries of its variables
 * (https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/).
 * Grafana replaces its own variables before it asks; something that parses stands in for them here.
 */
import { InputError } from '../../errors.ts';
import { ALL_PARSER_FEATURES, type Expr, parseQuery } from '../../promql/parser/index.ts';

export interface DashboardQuery {
  /** The panel's title, or `variable NAME`. */
  panel: string;
  query: string;
  parsed: Expr;
}

export interface Dashboard {
  file: string;
  title: string;
  queries: DashboardQuery[];
  /** Queries that could not be read. */
  unreadable: { panel: string; query: string; reason: string }[];
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Throws InputError where the text is not JSON. */
export function parseDashboard(text: string, file: string): Dashboard {
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch (error) {
    throw new InputError('bad_json', `not a dashboard: ${(error as Error).message}`, { file });
  }
  if (isRecord(root) && isRecord(root['dashboard'])) root = root['dashboard'];
  const title = isRecord(root) && typeof root['title'] === 'string' ? root['title'] : file;
  const dashboard: Dashboard = { file, title, queries: [], unreadable: [] };
  collect(root, title, dashboard);
  return dashboard;
}

function collect(value: Json, panel: string, into: Dashboard): void {
  if (Array.isArray(value)) for (const item of value) collect(item, panel, into);
  if (!isRecord(value)) return;
  const named = typeof value['title'] === 'string' && value['title'] !== '' ? value['title'] : panel;
  if (typeof value['expr'] === 'string' && value['expr'].trim() !== '') addQuery(value['expr'], named, into);
  if (value['type'] === 'query' && typeof value['name'] === 'string') {
    const inner = isRecord(value['query']) ? value['query']['query'] : value['query'];
    const asked = typeof inner === 'string' ? variableQuery(inner) : undefined;
    if (asked !== undefined) addQuery(asked, `variable ${value['name']}`, into);
  }
  for (const child of Object.values(value)) collect(child, named, into);
}

function addQuery(query: string, panel: string, into: Dashboard): void {
  let reason = '';
  for (const stand of ['1', 'x', '5m']) {
    try {
      into.queries.push({
        panel,
        query,
        parsed: parseQuery(withoutVariables(query, stand), ALL_PARSER_FEATURES),
      });
      return;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      reason ||= error.reason;
    }
  }
  into.unreadable.push({ panel, query, reason });
}

/**
 * Texts in quotes stay: there a variable is as good as any other value. Between brackets it is a duration, in a list of
 * labels a name.
 */
function withoutVariables(query: string, stand: string): string {
  return query
    .split(/("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : bare(part, stand)))
    .join('');
}

const VARIABLE = /\$\{[^}]*\}|\$\w+/g;

const BRACKETS = /\[[^\]]*\]/g;
const LABEL_LIST = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;

function bare(text: string, stand: string): string {
  return text
    .replace(/\[\[(\w+)(?::\w+)?\]\]/g, '$$$1')
    .replace(BRACKETS, (brackets) => brackets.replace(VARIABLE, '5m'))
    .replace(LABEL_LIST, (labels) => labels.replace(VARIABLE, 'x'))
    .replace(VARIABLE, stand);
}

/** The selector or expression that a query for a variable's values looks at. */
function variableQuery(query: string): string | undefined {
  const values = /^\s*label_values\(\s*(.*),\s*[^,]+\)\s*$/s.exec(query);
  if (values !== null) return values[1];
  return /^\s*query_result\((.*)\)\s*$/s.exec(query)?.[1];
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
