/**
 * How many connections there are, and may be (`--web.max-connections`). One too many is told so, at once, instead of being
 * left to wait.
 */
import type { Server, Socket } from 'node:net';

const BUSY =
  'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\n' +
  'Content-Length: 21\r\nConnection: close\r\n\r\nToo many connections\n';

export class Connections {
  private readonly open = new Set<Socket>();
  accepted = 0;
  closed = 0;
  private readonly limit: number;
  private readonly onRefused: () => void;

  /** `limit` 0 for no limit. */
  constructor(limit: number, onRefused: () => void) {
    this.limit = limit;
    this.onRefused = onRefused;
  }

  get count(): number {
    return this.open.size;
  }

  /** Watches `server`. Where it speaks TLS, there is nothing to say in plain: the connection is closed. */
  watch(server: Server, tls: boolean): void {
    server.prependListener('connection', (socket: Socket) => {
      if (this.limit > 0 && this.open.size >= this.limit) {
        this.onRefused();
        socket.on('error', () => {});
        if (tls) socket.destroy();
        else socket.end(BUSY, () => socket.destroy());
        return;
      }
      this.accepted++;
      this.open.add(socket);
      socket.once('close', () => {
        this.closed++;
        this.open.delete(socket);
      });
    });
  }

  destroyAll(): void {
    for (const socket of this.open) socket.destroy();
  }
}
