/**
 * Who may ask: names and bcrypt hashes of web.yml. Passwords that were right are remembered (as a keyed digest, in memory),
 * and so are some that were wrong, since bcrypt takes its time on purpose. Unknown names take as long as wrong passwords.
 * Who tries one password after another displaces no one whose password was right, and has few of the turns.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** What unknown names are compared with, but for what it costs: no password is known that it is of. */
const NOBODY = '//bWZuxhShx5tIyBcrqobO3JCuZg4afSdGbWICo5izBVwVXrX7gZ2';
/** Of each kind. */
const MAX_REMEMBERED = 100;
/** Comparisons that wait, of all clients and of one; who comes on top of that is not served. */
const MAX_WAITING = 32;
const MAX_WAITING_OF_CLIENT = 4;

export type AuthOutcome = 'allowed' | 'denied' | 'busy';

/** Whether it is the password of a bcrypt hash. */
export type Comparison = (password: string, hash: string) => Promise<boolean>;

export class BasicAuth {
  private readonly users: Readonly<Record<string, string>>;
  private readonly nobody: string;
  private readonly compare: Comparison;
  /** Made when it is needed: most servers have no passwords. */
  private key: Uint8Array | undefined = undefined;
  private readonly right = new Set<string>();
  private readonly wrong = new Set<string>();
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private readonly waitingOf = new Map<string, number>();

  /** Bcrypt hashes by user name. */
  constructor(users: Readonly<Record<string, string>>, compare: Comparison) {
    this.users = users;
    this.nobody = `$2b$${highestCost(Object.values(users))}$${NOBODY}`;
    this.compare = compare;
  }

  get required(): boolean {
    return Object.keys(this.users).length > 0;
  }

  /** `authorization` is the request's header, `client` its address. */
  async check(authorization: string, client: string): Promise<AuthOutcome> {
    const credentials = credentialsOf(authorization);
    if (credentials === undefined) return 'denied';
    const { user, password } = credentials;
    const known = Object.hasOwn(this.users, user);
    const hash = known ? this.users[user] : this.nobody;
    this.key ??= randomBytes(32);
    const digest = createHmac('sha256', this.key)
      .update(JSON.stringify([user, hash, password]))
      .digest('base64');
    if (this.right.has(digest)) return 'allowed';
    if (this.wrong.has(digest)) return 'denied';
    const own = this.waitingOf.get(client) ?? 0;
    if (this.waiting >= MAX_WAITING || own >= MAX_WAITING_OF_CLIENT) return 'busy';
    const isRight = (await this.inTurn(client, password, hash)) && known;
    remember(isRight ? this.right : this.wrong, digest);
    return isRight ? 'allowed' : 'denied';
  }

  /** One after another: each takes a processor for tens of milliseconds. */
  private inTurn(client: string, password: string, hash: string): Promise<boolean> {
    this.count(client, 1);
    const result = this.last.then(() => this.compare(password, hash));
    const done = () => this.count(client, -1);
    this.last = result.then(done, done);
    return result;
  }

  private count(client: string, by: 1 | -1): void {
    this.waiting += by;
    const own = (this.waitingOf.get(client) ?? 0) + by;
    if (own === 0) this.waitingOf.delete(client);
    else this.waitingOf.set(client, own);
  }
}

/** Two digits; each more doubles the time that a comparison takes. */
function highestCost(hashes: readonly string[]): string {
  const costs = hashes.map((hash) => /^\$2[aby]?\$(\d\d)\$/.exec(hash)?.[1] ?? '');
  return (
    costs
      .filter((cost) => cost !== '')
      .sort()
      .at(-1) ?? '10'
  );
}

function remember(digests: Set<string>, digest: string): void {
  if (digests.size >= MAX_REMEMBERED) {
    const [oldest] = digests;
    digests.delete(oldest);
  }
  digests.add(digest);
}

function credentialsOf(authorization: string): { user: string; password: string } | undefined {
  const match = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization);
  if (match === null) return undefined;
  const text = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
