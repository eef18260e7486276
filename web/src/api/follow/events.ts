// SPDX-License-Identifier: MIT
import { API } from '../client';
import type { Ending, Errand } from '../follow';
import { currentKey } from '../key';
import { EventReader } from './eventReader';
import { watchSilence } from './silence';

/**
 * By server-sent events, read from fetch(): unlike an EventSource it can send the key in a header, where no log keeps
 * it, and it tells a refusal from a loss.
 */
export async function followByEvents(errand: Errand): Promise<Ending> {
  const { id, told, wires } = errand;
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  errand.signal.addEventListener('abort', onAbort);
  let ending: Ending = 'refused';
  const stopWatching = watchSilence(errand, (suspicion) => {
    ending = suspicion;
    stop.abort();
  });
  try {
    const headers: Record<string, string> = { Accept: 'text/event-stream' };
    const key = currentKey();
    if (key) headers['Authorization'] = `Bearer ${key}`;
    const after = told.position === null ? '' : `?after=${encodeURIComponent(told.position)}`;
    const path = `${API}/submissions/${encodeURIComponent(id)}/events${after}`;
    const answer = await wires.fetch(path, { headers, cache: 'no-store', signal: stop.signal });
    if (!answer.ok || !answer.body || !answer.headers.get('Content-Type')?.startsWith('text/event-stream'))
      return 'refused';
    ending = 'broken';
    errand.onOpen();
    const events = new EventReader();
    const text = new TextDecoder();
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return 'broken';
      for (const data of events.feed(text.decode(value, { stream: true }))) {
        if (told.tellText(data)) return 'over';
      }
    }
  } catch {
    return ending;
  } finally {
    stopWatching();
    errand.signal.removeEventListener('abort', onAbort);
    stop.abort();
  }
}
