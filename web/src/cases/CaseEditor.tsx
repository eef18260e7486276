// SPDX-License-Identifier: MIT
export function CaseEditor() {
  return <p className="p-4 text-muted">Test cases</p>;
}
