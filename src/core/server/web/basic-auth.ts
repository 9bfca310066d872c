/**
 * Who may ask: names and bcrypt hashes of web.yml. A password that was right is remembered (as a keyed digest, in
 * memory), since bcrypt takes its time on purpose. Unknown names take as long as wrong passwords.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** Of a password that nobody has: what unknown names are compared with. */
const NOBODY = '$2b$10$//bWZuxhShx5tIyBcrqobO3JCuZg4afSdGbWICo5izBVwVXrX7gZ2';
const MAX_REMEMBERED = 100;
/** Comparisons that wait; who comes on top of that is not served: bcrypt must not be what stops the server. */
const MAX_WAITING = 32;

export type AuthOutcome = 'allowed' | 'denied' | 'busy';

export class BasicAuth {
  private readonly users: Readonly<Record<string, string>>;
  private readonly key = randomBytes(32);
  private readonly remembered = new Map<string, boolean>();
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** Bcrypt hashes by user name. */
  constructor(users: Readonly<Record<string, string>>) {
    this.users = users;
  }

  get required(): boolean {
    return Object.keys(this.users).length > 0;
  }

  /** `authorization` is the request's header. */
  async check(authorization: string): Promise<AuthOutcome> {
    const credentials = credentialsOf(authorization);
    if (credentials === undefined) return 'denied';
    const { user, password } = credentials;
    const known = Object.hasOwn(this.users, user);
    const hash = known ? this.users[user] : NOBODY;
    const digest = createHmac('sha256', this.key)
      .update(JSON.stringify([user, hash, password]))
      .digest('base64');
    const before = this.remembered.get(digest);
    if (before !== undefined) return before ? 'allowed' : 'denied';
    if (this.waiting >= MAX_WAITING) return 'busy';
    const right = (await this.compare(password, hash)) && known;
    if (this.remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.remembered.keys();
      this.remembered.delete(oldest);
    }
    this.remembered.set(digest, right);
    return right ? 'allowed' : 'denied';
  }

  /** One after another: each takes the processor for tens of milliseconds. */
  private compare(password: string, hash: string): Promise<boolean> {
    this.waiting++;
    const result = this.last.then(async () => {
      const { compare } = await import('bcryptjs');
      return compare(password, hash).catch(() => false);
    });
    this.last = result.finally(() => {
      this.waiting--;
    });
    return result;
  }
}

function credentialsOf(authorization: string): { user: string; password: string } | undefined {
  const match = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization);
  if (match === null) return undefined;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
