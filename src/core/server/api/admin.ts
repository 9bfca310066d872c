/** `/api/v1/admin/tsdb/…`: deletes and copies, where `--web.enable-admin-api` allows that. */
import { InputError } from '../../errors.ts';
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from '../../model/timestamp.ts';
import type { FormValues } from '../http/form-values.ts';
import type { Reply } from '../http/reply.ts';
import type { Router } from '../http/router.ts';
import type { AdminView } from '../views.ts';
import { answering, succeed } from './answer.ts';
import { ApiFault, badParameter } from './api-error.ts';
import { booleanOf, namedSelectors, notANumber, optionalTime } from './parameters.ts';

const METHODS = ['POST', 'PUT'];

/** `admin` is undefined where it is not allowed. */
export function addAdminRoutes(router: Router, admin: AdminView | undefined): void {
  const add = (path: string, handler: (form: FormValues, reply: Reply, admin: AdminView) => Promise<void>) =>
    router.add(
      METHODS,
      `/api/v1/admin/tsdb/${path}`,
      answering(async (request, reply) => {
        // Of a type that says 503, with the status that Prometheus gives it.
        if (admin === undefined) throw new ApiFault('unavailable', 'admin APIs disabled', 500);
        const form = await request.form();
        try {
          await handler(form, reply, admin);
        } catch (error) {
          throw faultOfStorage(error);
        }
      }),
      { cors: true },
    );
  add('delete_series', async (form, reply, view) => {
    if (form.fault !== undefined) throw new ApiFault('bad_data', `error parsing form values: ${form.fault}`);
    const texts = form.all('match[]');
    if (texts.length === 0) throw new ApiFault('bad_data', 'no match[] parameter provided');
    const mint = optionalTime(form, 'start', MIN_TIMESTAMP);
    const maxt = optionalTime(form, 'end', MAX_TIMESTAMP);
    for (const matchers of namedSelectors(texts)) {
      // `{}` selects nothing here, as in Prometheus: who means all has to say so.
      if (matchers.length > 0) await view.deleteSeries(matchers, mint, maxt);
    }
    reply.empty(204);
  });
  add('clean_tombstones', async (_, reply, view) => {
    await view.cleanTombstones();
    reply.empty(204);
  });
  add('snapshot', async (form, reply, view) => {
    const text = form.get('skip_head');
    const skipHead = text === '' ? false : booleanOf(text);
    if (skipHead === undefined) {
      throw badParameter('skip_head', `unable to parse boolean: ${notANumber('ParseBool', text)}`);
    }
    succeed(reply, { name: await view.snapshot(!skipHead) });
  });
}

/** What the disk or the database says is for the one who asked. */
function faultOfStorage(error: unknown): unknown {
  if (error instanceof ApiFault || error instanceof InputError) return error;
  return new ApiFault('internal', (error as Error).message);
}
