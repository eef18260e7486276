// SPDX-License-Identifier: MIT
import { decodeBase64, encodeBase64, utf8Length } from '../../lib/bytes';
import type { Message } from '../follow';
import { UNFINISHED, type Job, type Status } from '../types';

type Output = 'stdout' | 'stderr' | 'compile_output';

const OUTPUTS: readonly Output[] = ['compile_output', 'stdout', 'stderr'];

/** Positions of outputs that are remembered, to know one that comes again. */
const REMEMBERED_MAX = 4096;

/** What was told of one submission, and thereby what is still to be told. */
export class Told {
  /** Of messages: grows whenever something new was told. */
  count = 0;
  /** Where to go on; null: nothing was seen. */
  position: string | null = null;
  private attempt = 0;
  private status: Status | null = null;
  private isOver = false;
  private readonly cases = new Set<number>();
  private readonly positions = new Set<string>();
  private readonly bytes: Record<Output, number> = { compile_output: 0, stdout: 0, stderr: 0 };

  constructor(private readonly onMessage: (message: Message) => void) {}

  /** One that came by a stream, as text. Returns whether it was the last. */
  tellText(text: string): boolean {
    let message: Message;
    try {
      message = JSON.parse(text) as Message;
    } catch {
      return false; // nothing that the server says
    }
    if (typeof message !== 'object' || message === null) return false;
    return this.tell(message);
  }

  tell(message: Message): boolean {
    if (this.isOver) return true;
    switch (message.type) {
      case 'state':
        if (message.attempt > this.attempt && this.attempt > 0) this.beginAnew();
        if (message.status === this.status && message.attempt === this.attempt && !message.input_lost) break;
        this.status = message.status;
        this.attempt = message.attempt;
        this.pass(message);
        break;
      case 'compile_output':
      case 'stdout':
      case 'stderr':
        if (this.positions.has(message.position)) break;
        this.remember(message.position);
        this.bytes[message.type] += lengthOf(message.data, message.data_encoding);
        this.pass(message);
        break;
      case 'case':
        if (this.cases.has(message.index)) break;
        this.cases.add(message.index);
        this.pass(message);
        break;
      case 'restart':
        this.beginAnew();
        this.attempt = message.attempt ?? this.attempt;
        this.pass(message);
        break;
      case 'result': {
        this.tellEnd(message, message.position);
        return true;
      }
      case 'error':
        this.pass(message);
        return false;
      default:
        return false; // of a server that is newer than this page
    }
    if (typeof message.position === 'string') this.position = message.position;
    return false;
  }

  /** The state of a job that was asked for. */
  tellState(job: Job): void {
    if (!UNFINISHED.includes(job.status)) return;
    if (this.isVoid(job)) this.tellRestart(job);
    if (job.status === this.status && job.attempt === this.attempt) return;
    const at = job.running_at ?? job.compiling_at ?? job.queued_at ?? job.created_at ?? '';
    this.status = job.status;
    this.attempt = job.attempt;
    this.pass({ type: 'state', status: job.status, at, attempt: job.attempt, position: this.position ?? '' });
  }

  /** The stored result: first what of it was never told, then itself. */
  tellEnd(job: Job, position = this.position ?? ''): void {
    if (this.isOver) return;
    if (this.isVoid(job)) this.tellRestart(job);
    for (const name of OUTPUTS) this.tellRest(job, name);
    for (const one of job.test_cases ?? []) {
      if (!this.cases.has(one.index)) this.pass({ ...one, type: 'case', position });
    }
    this.isOver = true;
    this.pass({ ...job, type: 'result', position });
  }

  private tellRest(job: Job, name: Output): void {
    const data = job[name];
    if (!data) return;
    const encoding = job[`${name}_encoding`] ?? 'utf-8';
    const all = encoding === 'base64' ? decodeBase64(data) : null;
    const length = all ? all.length : utf8Length(data);
    const seen = this.bytes[name];
    if (seen >= length) return;
    this.bytes[name] = length;
    const position = this.position ?? '';
    if (seen === 0) {
      this.pass({ type: name, data, data_encoding: encoding, position });
    } else {
      const rest = (all ?? new TextEncoder().encode(data)).subarray(seen);
      this.pass({ type: name, data: encodeBase64(rest), data_encoding: 'base64', position });
    }
  }

  /** Whether that is another attempt than the one whose output was told. */
  private isVoid(job: Job): boolean {
    return this.attempt > 0 && job.attempt > this.attempt;
  }

  private tellRestart(job: Job): void {
    this.beginAnew();
    this.attempt = job.attempt;
    this.pass({ type: 'restart', attempt: job.attempt, position: this.position ?? '' });
  }

  private beginAnew(): void {
    this.status = null;
    this.cases.clear();
    this.positions.clear();
    for (const name of OUTPUTS) this.bytes[name] = 0;
  }

  private remember(position: string): void {
    this.positions.add(position);
    if (this.positions.size <= REMEMBERED_MAX) return;
    const [oldest] = this.positions;
    if (oldest !== undefined) this.positions.delete(oldest);
  }

  private pass(message: Message): void {
    this.count++;
    this.onMessage(message);
  }
}

function lengthOf(data: string, encoding: string): number {
  return encoding === 'base64' ? decodeBase64(data).length : utf8Length(data);
}
