// SPDX-License-Identifier: MIT
/** What the API sends as text, or as base64 where it is no text. */

export type Encoding = 'utf-8' | 'base64';

export function bytesOf(text: string, encoding: Encoding | undefined): Uint8Array<ArrayBuffer> {
  if (encoding !== 'base64') return new TextEncoder().encode(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** What is no UTF-8 becomes U+FFFD. */
export function textOf(text: string | undefined, encoding: Encoding | undefined): string {
  if (text === undefined) return '';
  return encoding === 'base64' ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(text, encoding)) : text;
}
