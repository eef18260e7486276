// SPDX-License-Identifier: MIT
/** What following needs of the browser, in one place, so that tests can cut the wires. */

export interface Socket {
  readonly readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface Wires {
  /** Throws where the protocols are no tokens. */
  openSocket(path: string, protocols: string[]): Socket;
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** Calls when the network is back; returns how to stop that. */
  onOnline(listener: () => void): () => void;
}

export const browserWires: Wires = {
  openSocket(path, protocols) {
    const url = new URL(path, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, protocols);
    const wire: Socket = {
      get readyState() {
        return socket.readyState;
      },
      onopen: null,
      onmessage: null,
      onclose: null,
      send: (text) => socket.send(text),
      close: () => socket.close(),
    };
    socket.onopen = () => wire.onopen?.();
    socket.onmessage = (event) => wire.onmessage?.({ data: event.data });
    socket.onclose = () => wire.onclose?.();
    return wire;
  },
  fetch: (path, init) => fetch(path, init),
  onOnline(listener) {
    window.addEventListener('online', listener);
    return () => window.removeEventListener('online', listener);
  },
};
