/**
 * Which handler a path and a method have. Paths are exact, or have parameters (`/label/:name/values`), which stand for
 * one segment, or end with a rest (`/assets/*path`).
 */
import { percentDecoded } from './form-values.ts';
import type { Reply } from './reply.ts';
import type { HttpRequest } from './request.ts';

export type Handler = (request: HttpRequest, reply: Reply) => Promise<void> | void;

export interface RouteOptions {
  /** Also at `OPTIONS`, for browsers of other origins; default false. */
  cors?: boolean;
  /** Answers are compressed where the client takes that; default true. */
  compress?: boolean;
  /** Served while the server is not ready; default false. */
  always?: boolean;
}

export interface Route extends RouteOptions {
  /** As it was added: what metrics call the handler. */
  pattern: string;
  segments: readonly string[];
  handlers: Map<string, Handler>;
}

export interface FoundRoute {
  route: Route;
  params: Record<string, Buffer>;
}

export class Router {
  private readonly exact = new Map<string, Route>();
  private readonly patterns: Route[] = [];

  add(
    methods: string | readonly string[],
    pattern: string,
    handler: Handler,
    options: RouteOptions = {},
  ): void {
    let route = this.exact.get(pattern) ?? this.patterns.find((other) => other.pattern === pattern);
    if (route === undefined) {
      route = { ...options, pattern, segments: pattern.split('/'), handlers: new Map() };
      if (/\/[:*]/.test(pattern)) this.patterns.push(route);
      else this.exact.set(pattern, route);
    }
    for (const method of typeof methods === 'string' ? [methods] : methods)
      route.handlers.set(method, handler);
  }

  /** The patterns of all routes. */
  names(): string[] {
    return [...this.exact.keys(), ...this.patterns.map(({ pattern }) => pattern)];
  }

  /** `path` is as it was sent. */
  find(path: string): FoundRoute | undefined {
    // A slash that is written as an escape is none: who guards paths in front of us sees none, either.
    const escaped = path.includes('%') && !/%2f/i.test(path);
    const exact = this.exact.get(path) ?? (escaped ? this.exact.get(decoded(path)) : undefined);
    if (exact !== undefined) return { route: exact, params: {} };
    const segments = path.split('/');
    for (const route of this.patterns) {
      const params = match(route.segments, segments);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

function match(pattern: readonly string[], path: readonly string[]): Record<string, Buffer> | undefined {
  const params: Record<string, Buffer> = {};
  for (let i = 0; i < pattern.length; i++) {
    const segment = pattern[i];
    if (segment.startsWith('*')) {
      params[segment.slice(1)] = percentDecoded(path.slice(i).join('/'));
      return params;
    }
    if (i >= path.length) return undefined;
    if (segment.startsWith(':')) {
      if (path[i] === '') return undefined;
      params[segment.slice(1)] = percentDecoded(path[i]);
    } else if (segment !== path[i]) {
      return undefined;
    }
  }
  return path.length === pattern.length ? params : undefined;
}

function decoded(path: string): string {
  return percentDecoded(path).toString('utf8');
}
