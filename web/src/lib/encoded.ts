// SPDX-License-Identifier: MIT
/** What the API sends as text, or as base64 where it is no text. */
import { decodeBase64 } from './bytes';

export type Encoding = 'utf-8' | 'base64';

export const bytesOf = (text: string, encoding: Encoding | undefined): Uint8Array<ArrayBuffer> =>
  encoding === 'base64' ? decodeBase64(text) : new TextEncoder().encode(text);

/** What is no UTF-8 becomes U+FFFD. */
export function textOf(text: string | undefined, encoding: Encoding | undefined): string {
  if (text === undefined) return '';
  return encoding === 'base64' ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(text, encoding)) : text;
}
