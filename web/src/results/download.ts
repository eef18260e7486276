// SPDX-License-Identifier: MIT
/** Output for elsewhere: what a file of it has, and on the clipboard. */
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

/** The one stream of which the server has the bytes that are shown; null: there are two, in the order of arrival. */
function onlyStream(job: Job, filter: Filter): Exclude<Filter, 'all'> | null {
  if (filter !== 'all') return filter;
  if (!job.stderr) return 'stdout';
  return job.stdout ? null : 'stderr';
}

/** Whether what is saved is, byte for byte, what was printed. */
export const isExact = (job: Job, filter: Filter): boolean => {
  const stream = onlyStream(job, filter);
  return stream !== null && job[stream] !== undefined;
};

/** What is saved: bytes of a run that is over, as far as one stream has them all; else the text that came. */
export function contentOf(job: Job | null, chunks: readonly ShownChunk[], filter: Filter): BlobPart {
  const stream = job && onlyStream(job, filter);
  const kept = job && stream ? job[stream] : undefined;
  if (job && stream && kept !== undefined) return bytesOf(kept, job[`${stream}_encoding`]);
  return chunks
    .filter((chunk) => isShown(chunk, filter) && !chunk.isEcho)
    .map((chunk) => chunk.text)
    .join('');
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
