// SPDX-License-Identifier: MIT
export default function Dashboard() {
  return <main className="flex-1">…</main>;
}
