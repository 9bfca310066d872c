/**
 * Targets as people write them on a command line:
 *
 * | written                                | is                                       | `instance`        |
 * |----------------------------------------|------------------------------------------|-------------------|
 * | `http://h:9100/m`, `https://h`          | a URL; without a path, /metrics          | `h:9100`, `h`     |
 * | `h:9100`, `h:9100/m`, `h`               | the same with http                       | `h:9100`, `h`     |
 * | `unix:/run/a.sock`, `unix:/run/a.sock:/m` | HTTP over a Unix socket                | the socket's path |
 * | `./x.prom`, `/x`, any path that exists  | a file in any exposition format          | the path          |
 * | `-`                                     | standard input, likewise                 | `stdin`           |
 * | `host:`                                 | this machine, by the built-in collector  | its name          |
 * | `self:`                                 | tsmon's own process                      | its name          |
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { InputError } from '../errors.ts';
import { shownUrl } from '../http/fetch.ts';
import { type Labels, labelsFromObject } from '../model/labels.ts';
import type { Origin, Target } from './target.ts';

const DEFAULT_PATH = '/metrics';
/** What is meant as a file even if it is not there. */
const FILE_NAME = /\.(?:prom|txt|json|jsonl)$/;

export interface TargetOptions {
  /** The `job` label of every target; else `node` for `host:`, `tsmon` for `self:` and `scrape` for the others. */
  job?: string | undefined;
  /** Labels beside `job` and `instance`, or in place of them. */
  labels: Readonly<Record<string, string>>;
}

/** Throws InputError (`bad_target`) for what is none of the forms above. */
export function targetFromArgument(argument: string, options: TargetOptions): Target {
  const { name, origin, instance } = parse(argument);
  return { name, origin, labels: targetLabels(options.job ?? defaultJob(origin), instance, options.labels) };
}

/** `name=value` of a flag. Throws InputError (`bad_label`) where it is not that. */
export function labelFromArgument(argument: string): [name: string, value: string] {
  const equals = argument.indexOf('=');
  const name = argument.slice(0, Math.max(equals, 0)).trim();
  if (name === '') throw new InputError('bad_label', `"${argument}" is not a label: write name=value`);
  if (name.startsWith('__'))
    throw new InputError('bad_label', `label "${name}": names with two leading underscores are reserved`);
  return [name, argument.slice(equals + 1)];
}

interface Parsed {
  name: string;
  origin: Origin;
  instance: string;
}

function parse(argument: string): Parsed {
  if (argument === '-') return { name: 'stdin', origin: { kind: 'stdin' }, instance: 'stdin' };
  if (argument === 'host:') return { name: argument, origin: { kind: 'host' }, instance: hostname() };
  if (argument === 'self:') return { name: argument, origin: { kind: 'self' }, instance: hostname() };
  if (/^https?:\/\//i.test(argument)) return parseUrl(argument, argument);
  if (argument.startsWith('unix:')) return parseUnix(argument);
  if (/^\.{0,2}\//.test(argument) || FILE_NAME.test(argument) || existsSync(argument))
    return { name: argument, origin: { kind: 'file', path: argument }, instance: argument };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(argument);
  if (scheme !== null)
    throw new InputError(
      'bad_target',
      `"${argument}": cannot scrape ${scheme[1]} URLs, only http, https and unix`,
    );
  if (!looksLikeHost(argument))
    throw new InputError('bad_target', `"${argument}" is neither a URL, a host, nor a file that exists`);
  return parseUrl(`http://${argument}`, argument);
}

function parseUrl(text: string, argument: string): Parsed {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new InputError('bad_target', `"${argument}" is not a valid URL`);
  }
  // What stands between the slashes, as written: `new URL` would drop a default port and change the case.
  const [authority, rest] = splitAt(text.slice(text.indexOf('//') + 2), /[/?#]/);
  if (!rest.startsWith('/')) url.pathname = DEFAULT_PATH;
  url.hash = '';
  const instance = authority.slice(authority.lastIndexOf('@') + 1);
  return { name: shownUrl(url), origin: { kind: 'http', url }, instance };
}

function parseUnix(argument: string): Parsed {
  const [socketPath, path] = splitAt(argument.slice('unix:'.length), /:(?=\/)/);
  if (socketPath === '') throw new InputError('bad_target', `"${argument}" names no socket`);
  const url = new URL('http://localhost');
  url.pathname = path === '' ? DEFAULT_PATH : path.slice(1);
  return {
    name: `unix:${socketPath}:${url.pathname}`,
    origin: { kind: 'http', url, socketPath },
    instance: socketPath,
  };
}

function splitAt(text: string, separator: RegExp): [head: string, tail: string] {
  const at = text.search(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)];
}

/** A name with a dot or a port, an address, or `localhost`: a misspelt file name is not asked for over the network. */
function looksLikeHost(argument: string): boolean {
  const [authority] = splitAt(argument, /[/?#]/);
  return /^(?:localhost|\[[0-9a-f:.%]+\]|[^\s:@]+(?:\.[^\s:@]+)+|[^\s:@]+(?=:\d))(?::\d{1,5})?$/i.test(
    authority,
  );
}

function defaultJob(origin: Origin): string {
  if (origin.kind === 'host') return 'node';
  return origin.kind === 'self' ? 'tsmon' : 'scrape';
}

function targetLabels(job: string, instance: string, extra: Readonly<Record<string, string>>): Labels {
  return labelsFromObject({ job, instance, ...extra });
}
