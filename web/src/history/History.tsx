// SPDX-License-Identifier: MIT
export function History({ onClose }: { onClose: () => void }) {
  return (
    <button type="button" className="p-4" onClick={onClose}>
      Nothing here
    </button>
  );
}
