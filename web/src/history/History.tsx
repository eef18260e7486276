// SPDX-License-Identifier: MIT
export function History({ onClose }: { onClose: () => void }) {
  return <button onClick={onClose}>x</button>;
}
