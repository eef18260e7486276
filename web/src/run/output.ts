// SPDX-License-Identifier: MIT
/** Output as it comes, to text: characters that were cut in two are put together, and there is an end to what is kept. */
import { decodeBase64 } from '../lib/bytes';
import type { Chunk, Stream } from './run';

/** Characters of all streams together. The server keeps at most as much of each. */
export const KEPT_MAX = 16 * 1024 * 1024;

/** A text is cut into pieces of this size, so that who shows it can do so in pieces. */
const PIECE_MAX = 64 * 1024;

export class OutputText {
  /** Characters that came after the limit, and are not shown. */
  dropped = 0;
  private kept = 0;
  private readonly decoders = new Map<Stream, TextDecoder>();
  private waiting: Chunk[] = [];

  constructor(private readonly max = KEPT_MAX) {}

  add(stream: Stream, data: string, encoding: 'utf-8' | 'base64'): void {
    if (encoding === 'base64') {
      const decoder = this.decoders.get(stream) ?? new TextDecoder('utf-8', { ignoreBOM: true });
      this.decoders.set(stream, decoder);
      this.put({ stream, text: decoder.decode(decodeBase64(data), { stream: true }) });
    } else {
      this.endCharacter(stream);
      this.put({ stream, text: data });
    }
  }

  /** What the person typed, where it was typed. */
  echo(text: string): void {
    this.put({ stream: 'stdout', text, isEcho: true });
  }

  /** Nothing more comes: half a character stays one that is none. */
  end(): void {
    for (const stream of this.decoders.keys()) this.endCharacter(stream);
  }

  /** What came since the last time, what belongs together in one. */
  take(): Chunk[] {
    const taken = this.waiting;
    this.waiting = [];
    return taken;
  }

  private endCharacter(stream: Stream): void {
    const decoder = this.decoders.get(stream);
    if (!decoder) return;
    this.put({ stream, text: decoder.decode() });
    this.decoders.delete(stream);
  }

  private put(chunk: Chunk): void {
    const room = this.max - this.kept;
    let { text } = chunk;
    if (text.length > room) {
      this.dropped += text.length - room;
      text = text.slice(0, room);
    }
    if (!text) return;
    this.kept += text.length;
    const last = this.waiting.at(-1);
    if (last && last.stream === chunk.stream && last.isEcho === chunk.isEcho && last.text.length < PIECE_MAX) {
      last.text += text;
    } else {
      this.waiting.push({ ...chunk, text });
    }
  }
}
