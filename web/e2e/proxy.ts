// SPDX-License-Identifier: MIT
/**
 * Stands between page and server and does what networks do: cuts what is open, refuses WebSockets or streams, is gone
 * for a while. It passes Host on as the browser sent it.
 */
import { type IncomingMessage, createServer, request, type Server as HttpServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export class Proxy {
  /** Answered 502: 'websocket', and paths that end so. */
  readonly refused = new Set<'websocket' | '/events'>();
  isGone = false;
  /** Of WebSockets that came about, the address of each. */
  readonly upgrades: string[] = [];
  private readonly sockets = new Set<Duplex>();
  private readonly upgraded = new Set<Duplex>();

  private constructor(
    private readonly server: HttpServer,
    private readonly target: URL,
  ) {
    server.on('connection', (socket: Socket) => {
      if (this.isGone) {
        socket.destroy();
        return;
      }
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.on('request', (asked: IncomingMessage, answer) => {
      if (this.refused.has('/events') && asked.url?.split('?')[0]?.endsWith('/events')) {
        answer.writeHead(502).end();
        return;
      }
      const { hostname, port } = this.target;
      const onward = request(
        { hostname, port, method: asked.method, path: asked.url, headers: asked.headers },
        (answered) => {
          answer.writeHead(answered.statusCode ?? 502, answered.headers);
          answered.pipe(answer);
          answered.on('error', () => answer.destroy());
        },
      );
      onward.on('error', () => {
        if (answer.headersSent) answer.destroy();
        else answer.writeHead(502).end();
      });
      answer.on('close', () => onward.destroy());
      asked.pipe(onward);
    });
    server.on('upgrade', (asked: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => undefined);
      if (this.refused.has('websocket')) {
        socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      this.upgrades.push(asked.url ?? '');
      const onward = connect(Number(this.target.port), this.target.hostname, () => {
        const lines = [`${asked.method ?? 'GET'} ${asked.url ?? '/'} HTTP/1.1`];
        for (let i = 0; i < asked.rawHeaders.length; i += 2) {
          lines.push(`${asked.rawHeaders[i] ?? ''}: ${asked.rawHeaders[i + 1] ?? ''}`);
        }
        onward.write(`${lines.join('\r\n')}\r\n\r\n`);
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      onward.on('close', () => socket.destroy());
      socket.on('close', () => {
        this.upgraded.delete(socket);
        onward.destroy();
      });
      this.upgraded.add(socket);
    });
  }

  static start(target: string): Promise<Proxy> {
    return new Promise((started, failed) => {
      const server = createServer();
      server.on('error', failed);
      server.listen(0, '127.0.0.1', () => started(new Proxy(server, new URL(target))));
    });
  }

  get url(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`;
  }

  /** Every WebSocket that is open, without a word. How many. */
  cutWebSockets(): number {
    const count = this.upgraded.size;
    for (const socket of this.upgraded) socket.destroy();
    return count;
  }

  /** As if the server were gone, until `isGone` is false again. */
  vanish(): void {
    this.isGone = true;
    for (const socket of this.sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
