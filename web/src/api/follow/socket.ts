// SPDX-License-Identifier: MIT
import { API } from '../client';
import type { Ending, Errand } from '../follow';
import { currentKey } from '../key';
import { watchSilence } from './silence';

const OPEN = 1;
const OPENING_MAX_MS = 6000;

function pathOf(id: string, position: string | null): string {
  const query = new URLSearchParams();
  if (position !== null) query.set('after', position);
  const text = query.toString();
  return `${API}/submissions/${encodeURIComponent(id)}/stream${text && `?${text}`}`;
}

/** A browser cannot set headers of a WebSocket but this one, and an address is written down in many places. */
function protocolsOf(key: string): string[] {
  return key ? ['sentinel', `sentinel.key.${key}`] : [];
}

/** By WebSocket. `onWay` is given how to send while it is open. */
export function followBySocket(errand: Errand, onWay: (send: (text: string) => boolean) => void): Promise<Ending> {
  const { id, told, wires, signal } = errand;
  return new Promise((resolve) => {
    let isOpen = false;
    let stopWatching = () => {};
    let socket: ReturnType<typeof wires.openSocket>;

    function end(ending: Ending): void {
      clearTimeout(opening);
      stopWatching();
      signal.removeEventListener('abort', onAbort);
      if (socket) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      }
      resolve(ending);
    }
    const onAbort = () => end('broken');
    const opening = setTimeout(() => end('refused'), OPENING_MAX_MS);

    try {
      socket = wires.openSocket(pathOf(id, told.position), protocolsOf(currentKey()));
    } catch {
      end('refused');
      return;
    }
    signal.addEventListener('abort', onAbort);
    socket.onopen = () => {
      isOpen = true;
      clearTimeout(opening);
      stopWatching = watchSilence(errand, end);
      onWay((text) => {
        if (socket.readyState !== OPEN) return false;
        socket.send(text);
        return true;
      });
      errand.onOpen();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string' && told.tellText(data)) end('over');
    };
    socket.onclose = () => end(isOpen ? 'broken' : 'refused');
  });
}
