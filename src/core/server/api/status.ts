/** `/api/v1/status/…`, `/features` and `/notifications`: what the server is, and how it fares. */

import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Handler, Router } from '../http/router.ts';
import type { NotificationsView, ServerNotification, StatusView } from '../views.ts';
import { answering, succeed } from './answer.ts';
import { ApiFault } from './api-error.ts';
import { wholeNumber } from './parameters.ts';
import { timeText } from './time-text.ts';

const DEFAULT_TSDB_LIMIT = 10;
const MAX_TSDB_LIMIT = 10_000;

/** Of notifications: who does not read them for so long is not told any more. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** By category and name, whether it can be used. */
export type Features = Readonly<Record<string, Readonly<Record<string, boolean>>>>;

export function addStatusRoutes(
  router: Router,
  status: StatusView,
  notifications: NotificationsView,
  features: () => Features,
): void {
  const get = (path: string, handler: Handler, always = false) =>
    router.add('GET', `/api/v1/${path}`, answering(handler), { cors: true, always });
  get('status/config', (_, reply) => succeed(reply, { yaml: status.config() }));
  get('status/flags', (_, reply) => succeed(reply, status.flags()));
  get('status/runtimeinfo', (_, reply) => succeed(reply, status.runtimeInfo()));
  get('status/buildinfo', (_, reply) => succeed(reply, status.buildInfo()));
  get('status/tsdb', async (request, reply) => succeed(reply, await status.tsdb(tsdbLimit(request.query))));
  get('status/tsdb/blocks', (_, reply) => succeed(reply, { blocks: status.blocks() }));
  get('status/walreplay', (_, reply) => succeed(reply, status.walReplay()), true);
  get('features', (_, reply) => succeed(reply, features()));
  get('notifications', (_, reply) => succeed(reply, notifications.active().map(notificationJson)), true);
  router.add(
    'GET',
    '/api/v1/notifications/live',
    answering((request, reply) => {
      follow(request, reply, notifications);
    }),
    { cors: true, always: true, compress: false },
  );
}

function tsdbLimit(form: FormValues): number {
  const text = form.get('limit');
  if (text === '') return DEFAULT_TSDB_LIMIT;
  const limit = wholeNumber(text);
  if (limit === undefined || limit < 1) throw new ApiFault('bad_data', 'limit must be a positive number');
  if (limit > MAX_TSDB_LIMIT) throw new ApiFault('bad_data', `limit must not exceed ${MAX_TSDB_LIMIT}`);
  return limit;
}

function notificationJson({ text, date, active }: ServerNotification): object {
  return { text, date: timeText(date), active };
}

/** Server-sent events, until the client goes. */
function follow({ signal }: HttpRequest, reply: Reply, notifications: NotificationsView): void {
  const { out } = reply;
  const early: ServerNotification[] = [];
  let open = false;
  const tell = (notification: ServerNotification) => {
    if (!open) early.push(notification);
    else if (out.writableLength > MAX_UNREAD_BYTES) out.destroy();
    else (out as NodeJS.WritableStream).write(`data: ${JSON.stringify(notificationJson(notification))}\n\n`);
  };
  const stop = notifications.subscribe(tell);
  if (stop === undefined) {
    reply.empty(204);
    return;
  }
  signal.addEventListener('abort', stop, { once: true });
  reply.header('Cache-Control', 'no-cache');
  out.writeHead(200, { 'Content-Type': 'text/event-stream' });
  if ('flushHeaders' in out) out.flushHeaders();
  open = true;
  for (const notification of early) tell(notification);
}
