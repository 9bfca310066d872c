/** Amazon's services. Where no region is given it is asked of the machine later, never while checking. */

import { goQuote } from '../../model/quote.ts';
import { duration, field, integer, list, oneOf, optionalField, secret, text } from '../schema/index.ts';
import type { Checked, Part } from '../schema/struct.ts';
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

function filterCheck(message: string) {
  return ({ filters: given }: { filters: readonly { values: readonly string[] }[] }, at: Checked): void => {
    for (const [i, { values }] of given.entries()) {
      if (values.length === 0) at.fault(message, `filters[${i}]`);
    }
  };
}

export const ec2 = runnable(
  'aws',
  service(field('filters', list(filter))),
  filterCheck('EC2 SD configuration filter values cannot be empty'),
);

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
    optionalField('refresh_interval', duration, 60_000),
    optionalField('port', integer, 80),
    { inline: http, prop: 'http' },
    optionalField('request_concurrency', integer, 10),
    optionalField('filters', list(filter)),
    optionalField('clusters', list(text)),
  ],
  inOrder(
    required({ role: 'unknown AWS SD role ""' }),
    ({ requestConcurrency }: { requestConcurrency: number }, at: Checked) => {
      if (requestConcurrency <= 0)
        at.fault(
          `aws_sd: request_concurrency must be positive, got ${requestConcurrency}`,
          'request_concurrency',
        );
    },
    filterCheck('Filter values cannot be empty'),
  ),
);
