// SPDX-License-Identifier: MIT
/** Takes the chunks of a run to paper, some at a time, so that the page goes on answering. */
import { Paper, Pencil } from '../lib/paper';
import { Rows } from '../lib/rows';
import type { Chunk, Stream } from '../run/run';

/** What the person typed while it ran is among the chunks, too. */
export type ShownChunk = Chunk & { isEcho?: boolean };

export type Filter = 'all' | 'stdout' | 'stderr' | 'compile_output';

/** Sources on paper: indices of streams, and one for what was typed. */
export const SOURCES = ['stdout', 'stderr', 'compile_output', 'echo'] as const;
export const ECHO = 3;

const SOURCE: Record<Stream, number> = { stdout: 0, stderr: 1, compile_output: 2 };
/** The clock is looked at after each piece: little enough that also the dearest takes but a few milliseconds. */
const PIECE = 2 * 1024;
const CELLS_AT_ONCE = 64 * 1024;

/** Compile output is shown apart, so that all is what the program itself printed. */
export function isShown(chunk: ShownChunk, filter: Filter): boolean {
  if (filter === 'all') return chunk.stream !== 'compile_output';
  return chunk.stream === filter && !chunk.isEcho;
}

export class Printing {
  readonly paper = new Paper();
  rows: Rows;
  private readonly pencils = SOURCES.map((_, source) => new Pencil(this.paper, source));
  private chunk = 0;
  /** Characters of that chunk that are on paper; one that is the last may still grow. */
  private at = 0;
  private isEnded = false;

  constructor(
    private readonly chunks: readonly ShownChunk[],
    private readonly filter: Filter,
    columns: number,
  ) {
    this.rows = new Rows(this.paper, columns);
  }

  get hasInvalid(): boolean {
    return this.pencils.some((pencil) => pencil.hasInvalid);
  }

  /** Whether it is of these chunks: a run that began anew has others, or less. */
  isOf(chunks: readonly ShownChunk[], filter: Filter): boolean {
    if (chunks !== this.chunks || filter !== this.filter || this.chunk > chunks.length) return false;
    return this.at === 0 || this.at <= (chunks[this.chunk]?.text.length ?? -1);
  }

  setColumns(columns: number): void {
    if (columns !== this.rows.columns) this.rows = new Rows(this.paper, columns);
  }

  /** Goes on until `isLate`; true if all is done that there is. */
  advance(isOver: boolean, isLate: () => boolean): boolean {
    for (;;) {
      const isLaidOut = this.rows.extend(Math.ceil(CELLS_AT_ONCE / this.rows.columns));
      if (isLaidOut && !this.takePiece(isOver)) return true;
      if (isLate()) return false;
    }
  }

  /** False: there is nothing more to take. */
  private takePiece(isOver: boolean): boolean {
    for (let chunk = this.chunks[this.chunk]; chunk; chunk = this.chunks[this.chunk]) {
      if (isShown(chunk, this.filter) && this.at < chunk.text.length) {
        const source = chunk.isEcho ? ECHO : SOURCE[chunk.stream];
        const piece = chunk.text.slice(this.at, this.at + PIECE);
        this.pencils[source]?.write(piece);
        this.at += piece.length;
        return true;
      }
      if (this.chunk + 1 >= this.chunks.length) break;
      this.chunk++;
      this.at = 0;
    }
    if (!isOver || this.isEnded) return false;
    this.isEnded = true;
    for (const pencil of this.pencils) pencil.end();
    return true;
  }
}
