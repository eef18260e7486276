// SPDX-License-Identifier: MIT
export function Playground() {
  return <main className="flex-1">…</main>;
}
