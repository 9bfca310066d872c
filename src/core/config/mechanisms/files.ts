/** Targets from files, HTTP and DNS. */

import { goQuote } from '../../model/quote.ts';
import {
  checkedText,
  duration,
  field,
  file as fileName,
  integer,
  list,
  optionalField,
  text,
} from '../schema/index.ts';
import type { Checked } from '../schema/struct.ts';
import { http } from '../sections/http.ts';
import { inOrder, refreshInterval, required, runnable } from './mechanism.ts';
import { checkHttpUrl, urlText } from './web.ts';

const pattern = checkedText(
  (path) =>
    /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/.test(path)
      ? undefined
      : `path name ${goQuote(path)} is not valid for file discovery`,
  fileName,
);

export const file = runnable(
  'file',
  [field('files', list(pattern)), refreshInterval(300)],
  inOrder(
    required({ files: 'file service discovery config must contain at least one path name' }),
    ({ files }: { files: readonly string[] }, at: Checked) => {
      // One that is null has not been looked at.
      const empty = files.indexOf('');
      if (empty >= 0) at.fault('path name "" is not valid for file discovery', `files[${empty}]`);
    },
  ),
);

export const httpTargets = runnable(
  'http',
  [{ inline: http, prop: 'http' }, refreshInterval(60), field('url', urlText)],
  inOrder(required({ url: 'URL is missing' }), checkHttpUrl),
);

const RECORDS = ['SRV', 'A', 'AAAA', 'MX', 'NS'];

export const dns = runnable(
  'dns',
  [
    field('names', list(text)),
    optionalField('refresh_interval', duration, 30_000),
    field('type', text, 'SRV'),
    field('port', integer),
  ],
  inOrder(required({ names: 'DNS-SD config must contain at least one SRV record name' }), (settings, at) => {
    const type = settings.type.toUpperCase();
    if (!RECORDS.includes(type)) at.fault(`invalid DNS-SD records type ${settings.type}`, 'type');
    else if (type !== 'SRV' && settings.port === 0)
      at.fault('a port is required in DNS-SD configs for all record types except SRV', 'port');
  }),
);
