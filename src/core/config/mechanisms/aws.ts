/** Amazon's services. Where no region is given it is asked of the machine later, never while checking. */

import { goQuote } from '../../model/quote.ts';
import { duration, field, integer, list, oneOf, optionalField, secret, text } from '../schema/index.ts';
import type { Part } from '../schema/struct.ts';
import { http } from '../sections/http.ts';
import { filters, inOrder, mechanism, required, runnable } from './mechanism.ts';

const ROLES = ['ec2', 'ecs', 'lightsail', 'msk', 'rds', 'elasticache', 'mq'];

const credentials: readonly Part[] = [
  optionalField('access_key', text),
  optionalField('secret_key', secret),
  optionalField('profile', text),
  optionalField('role_arn', text),
  optionalField('external_id', text),
];

const filter = filters('aws.EC2Filter');

/** One service; `own` are its settings beside those of all. */
function service(...own: readonly Part[]): readonly Part[] {
  return [
    field('endpoint', text),
    field('region', text),
    ...credentials,
    optionalField('refresh_interval', duration, 60_000),
    field('port', integer, 80),
    ...own,
    { inline: http, prop: 'http' },
  ];
}

function checkFilters(
  { filters: given }: { filters: readonly { values: readonly string[] }[] },
  at: Parameters<ReturnType<typeof required>>[1],
): void {
  for (const [i, { values }] of given.entries()) {
    if (values.length === 0) at.fault('EC2 SD configuration filter values cannot be empty', `filters[${i}]`);
  }
}

export const ec2 = runnable('aws', service(field('filters', list(filter))), checkFilters);

export const lightsail = mechanism('aws', service());

export const aws = mechanism(
  'aws',
  [
    field(
      'role',
      oneOf(['', ...ROLES], (role) => `unknown AWS SD role ${goQuote(role)}`),
    ),
    optionalField('region', text),
    optionalField('endpoint', text),
    ...credentials,
    optionalField('refresh_interval', duration),
    optionalField('port', integer),
    { inline: http, prop: 'http' },
    optionalField('filters', list(filter)),
    optionalField('clusters', list(text)),
  ],
  inOrder(required({ role: 'unknown AWS SD role ""' }), checkFilters),
);
