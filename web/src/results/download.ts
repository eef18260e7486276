// SPDX-License-Identifier: MIT
/** Output for elsewhere: as a file, and on the clipboard. */
import type { Job } from '../api/types';
import { stripAnsi } from '../lib/ansi';
import { bytesOf } from '../lib/encoded';
import { isShown, type Filter, type ShownChunk } from './printing';

/** The text that came, without colours. */
export function plainText(chunks: readonly ShownChunk[], filter: Filter): string {
  return stripAnsi(
    chunks
      .filter((chunk) => isShown(chunk, filter) && !chunk.isEcho)
      .map((chunk) => chunk.text)
      .join(''),
  );
}

/**
 * What is saved. Of a run that is over the bytes that it printed, as they were; where both streams are wanted and both
 * have something, their order is that of what came, which is text.
 */
export function contentOf(
  job: Job | null,
  chunks: readonly ShownChunk[],
  filter: Filter,
): { content: BlobPart; isExact: boolean } {
  const hasErrors = Boolean(job?.stderr);
  const stream = filter === 'all' ? (!hasErrors ? 'stdout' : job?.stdout ? null : 'stderr') : filter;
  const kept = job && stream ? job[stream] : undefined;
  if (job && stream && kept !== undefined) {
    return { content: bytesOf(kept, job[`${stream}_encoding`]), isExact: true };
  }
  const text = chunks
    .filter((chunk) => isShown(chunk, filter) && !chunk.isEcho)
    .map((chunk) => chunk.text)
    .join('');
  return { content: text, isExact: false };
}

export function save(name: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Also where a page has no right to the clipboard: one that came by http from another host. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.style.position = 'fixed';
    field.style.opacity = '0';
    document.body.append(field);
    field.select();
    const isDone = document.execCommand('copy');
    field.remove();
    return isDone;
  }
}
