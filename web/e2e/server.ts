// SPDX-License-Identifier: MIT
/** A real sentinel-server with a directory of its own, on a free port of 127.0.0.1. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const TOP = fileURLToPath(new URL('../..', import.meta.url));
export const DIST = join(TOP, 'web', 'dist');
export const SLOW = Number(process.env['SN_TEST_SLOW'] ?? 1) || 1;
const BUILD = resolve(process.env['SENTINEL_BUILD'] ?? join(TOP, 'build-test'));
const PROGRAM = join(BUILD, 'sentinel-server', 'sentinel-server');
/* A user that nobody is: the frontend becomes it when this is run as root. */
const FRONTEND_USER = '61987';

/** The condition's value, once there is one. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  seconds = 30,
): Promise<T> {
  const end = Date.now() + seconds * 1000 * SLOW;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${seconds * SLOW} s: ${what}`);
    await pause(30);
  }
}

/** Any below those that the kernel gives to connections, which may take one just when the server wants it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const isFree = await new Promise<boolean>((found) => {
      const probe = createServer();
      probe.on('error', () => found(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => found(true)));
    });
    if (isFree) return port;
  }
}

export type Settings = Record<string, string>;

export class Server {
  readonly directory = mkdtempSync(join(tmpdir(), 'sentinel-web-e2e-'));
  private process: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly settings: Settings,
    private program = PROGRAM,
  ) {
    chmodSync(this.directory, 0o755);
  }

  static async start(settings: Settings = {}): Promise<Server> {
    const server = new Server(await freePort(), settings);
    try {
      await server.restart();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** One that finds no files: a copy of the program in the build directory of a source tree without web/dist. */
  static async startWithoutWeb(): Promise<Server> {
    const server = new Server(await freePort(), { SENTINEL_WEB_ROOT: '', LD_LIBRARY_PATH: join(BUILD, 'libsentinel') });
    try {
      const tree = join(server.directory, 'tree');
      mkdirSync(join(tree, 'build', 'sentinel-server'), { recursive: true });
      mkdirSync(join(tree, 'policies'));
      symlinkSync(join(TOP, 'policies', 'languages'), join(tree, 'policies', 'languages'));
      server.program = join(tree, 'build', 'sentinel-server', 'sentinel-server');
      copyFileSync(PROGRAM, server.program);
      await server.restart();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private get environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      SENTINEL_LISTEN: `127.0.0.1:${this.port}`,
      SENTINEL_STATE_DIR: join(this.directory, 'state'),
      SENTINEL_CACHE_DIR: join(this.directory, 'cache'),
      SENTINEL_DATA_DIR: join(TOP, 'policies'),
      SENTINEL_WEB_ROOT: DIST,
      SENTINEL_RATE_LIMIT: '0',
      ...(process.getuid?.() === 0 ? { SENTINEL_USER: FRONTEND_USER } : {}),
      ...this.settings,
    };
  }

  log(): string {
    return readFileSync(join(this.directory, 'log'), 'utf8');
  }

  /** Starts it (again) where it was; `more` is for this time only. */
  async restart(more: Settings = {}): Promise<void> {
    const log = openSync(join(this.directory, 'log'), 'a');
    const child = spawn(this.program, [], { env: { ...this.environment, ...more }, stdio: ['ignore', log, log] });
    closeSync(log);
    this.process = child;
    await until('the server is ready', async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`sentinel-server ended: ${this.log().slice(-3000)}`);
      }
      return fetch(`${this.url}/health/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    });
  }

  /** It ended by itself. */
  async whenGone(): Promise<void> {
    const child = this.process;
    await until('the server ends', () => !child || child.exitCode !== null || child.signalCode !== null);
    this.process = null;
  }

  /** By SIGTERM, as an operator ends it. */
  async stop(): Promise<void> {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const isEnded = await Promise.race([ended.then(() => true), pause(30_000 * SLOW, false, { ref: false })]);
    if (!isEnded) {
      child.kill('SIGKILL');
      await ended;
      throw new Error(`sentinel-server did not end by SIGTERM: ${this.log().slice(-2000)}`);
    }
  }

  async remove(): Promise<void> {
    try {
      await this.stop();
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  /** A command of it beside the one that runs; what it printed. */
  async command(...words: string[]): Promise<string> {
    const done = await promisify(execFile)(this.program, words, { env: this.environment });
    return done.stdout;
  }

  async api(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Executes a program to its end; its id. */
  async run(language: string, source: string, more: Record<string, unknown> = {}): Promise<string> {
    const body = { language, source_code: source, ...more };
    return ((await this.api('POST', '/submissions?wait=true', body)) as { id: string }).id;
  }
}
