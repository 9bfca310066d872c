/** Real programs that expose metrics, each on a free port of loopback, until `stop`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export class Exporters {
  private readonly started: ChildProcess[] = [];

  /** Returns the address as soon as /metrics answers there. */
  async start(program: string, flags: (address: string) => string[]): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    this.started.push(spawn(program, flags(address), { stdio: 'ignore' }));
    for (let i = 0; i < 200; i++) {
      const answer = await fetch(`http://${address}/metrics`).catch(() => undefined);
      if (answer?.ok) return address;
      await sleep(50);
    }
    throw new Error(`${program} did not start`);
  }

  stop(): void {
    for (const child of this.started) child.kill();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
