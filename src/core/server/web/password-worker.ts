/** The thread of password-thread.ts, an entry of its own: compares passwords with hashes. */
import { parentPort } from 'node:worker_threads';
import { isPasswordOf } from './bcrypt.ts';
import type { PasswordAnswer, PasswordQuestion } from './password-thread.ts';

parentPort!.on('message', ({ id, password, hash }: PasswordQuestion) => {
  void isPasswordOf(password, hash).then((right) => {
    parentPort!.postMessage({ id, right } satisfies PasswordAnswer);
  });
});
