import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import bcrypt from 'bcryptjs';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BasicAuth } from '../../../src/core/server/web/basic-auth.ts';
import { PasswordThread } from '../../../src/core/server/web/password-thread.ts';
import { root } from '../../cli.ts';

const header = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Comparisons that end when `answer` is called, in the order in which they were asked for. */
function slowly() {
  const asked: { password: string; answer: () => void }[] = [];
  const auth = new BasicAuth(
    { alice: 'a hash', bob: 'a hash' },
    (password) =>
      new Promise((resolve) => {
        asked.push({ password, answer: () => resolve(password === 'right') });
      }),
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const answerAll = async () => {
    for (let i = 0; i < asked.length; i++) {
      asked[i].answer();
      await turn();
    }
  };
  return { auth, asked, turn, answerAll };
}

describe('who tries many passwords', () => {
  it('waits for few at a time, and one is compared after another', async () => {
    const { auth, asked, turn, answerAll } = slowly();
    const tries = Array.from({ length: 20 }, (_, i) => auth.check(header('alice', `guess ${i}`), 'mallory'));
    await turn();
    expect(asked).toHaveLength(1);
    const other = auth.check(header('bob', 'right'), 'elsewhere');
    await turn();
    await answerAll();
    expect(await other).toBe('allowed');
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(16);
    expect(outcomes.filter((outcome) => outcome === 'denied')).toHaveLength(4);
    expect(asked.map(({ password }) => password).slice(-1)).toEqual(['right']);
    // Those that were turned away were not compared, and may come again.
    const again = auth.check(header('alice', 'guess 19'), 'mallory');
    await turn();
    await answerAll();
    expect(await again).toBe('denied');
  });

  it('from many places cannot have more wait than so many', async () => {
    const { auth, turn, answerAll } = slowly();
    const tries = Array.from({ length: 100 }, (_, i) =>
      auth.check(header('alice', `guess ${i}`), `host ${i}`),
    );
    await turn();
    await answerAll();
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(68);
  });

  it('displaces nobody whose password was right', async () => {
    let compared = 0;
    const auth = new BasicAuth({ alice: 'a hash' }, async (password) => {
      compared++;
      return password === 'right';
    });
    expect(await auth.check(header('alice', 'right'), 'a')).toBe('allowed');
    for (let i = 0; i < 300; i++) expect(await auth.check(header('alice', `${i}`), 'b')).toBe('denied');
    expect(compared).toBe(301);
    expect(await auth.check(header('alice', 'right'), 'a')).toBe('allowed');
    expect(await auth.check(header('alice', '299'), 'b')).toBe('denied');
    expect(compared).toBe(301);
  });
});

it('a name that nobody has takes as long as one that somebody has', async () => {
  const compared: string[] = [];
  const hashes = ['$2y$04$', '$2b$12$', '$2a$11$'].map((head) => head + 'x'.repeat(53));
  const auth = new BasicAuth({ a: hashes[0], b: hashes[1], c: hashes[2] }, async (_, hash) => {
    compared.push(hash);
    return true;
  });
  expect(await auth.check(header('nobody', 'guess'), 'mallory')).toBe('denied');
  expect(compared[0]).toMatch(/^\$2b\$12\$.{53}$/);
  expect(await bcrypt.compare('guess', compared[0].replace('$12$', '$04$'))).toBe(false);
});

it('a comparison that fails is no wrong password', async () => {
  let fails = true;
  const auth = new BasicAuth({ alice: 'a hash' }, async () => {
    if (fails) throw new Error('no thread');
    return true;
  });
  await expect(auth.check(header('alice', 'right'), 'a')).rejects.toThrow('no thread');
  fails = false;
  expect(await auth.check(header('alice', 'right'), 'a')).toBe('allowed');
});

describe('the thread that compares passwords', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsmon-passwords-'));
  const entry = join(dir, 'passwords.cjs');

  beforeAll(async () => {
    await build({
      entryPoints: [join(root, 'src/core/server/web/password-worker.ts')],
      outfile: entry,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'error',
    });
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('says what is right and what is not', async () => {
    const thread = new PasswordThread(pathToFileURL(entry));
    const hash = bcrypt.hashSync('secret', 4);
    const answers = ['secret', 'Secret', ''].map((password) => thread.compare(password, hash));
    expect(await Promise.all(answers)).toEqual([true, false, false]);
    expect(await thread.compare('secret', 'no hash')).toBe(false);
    await thread.close();
  });

  it('is started again where it has failed', async () => {
    const broken = join(dir, 'broken.cjs');
    writeFileSync(broken, "throw new Error('broken')");
    const thread = new PasswordThread(pathToFileURL(broken));
    await expect(thread.compare('secret', 'x')).rejects.toThrow('broken');
    writeFileSync(broken, `require(${JSON.stringify(entry)})`);
    expect(await thread.compare('secret', bcrypt.hashSync('secret', 4))).toBe(true);
    await thread.close();
  });
});
