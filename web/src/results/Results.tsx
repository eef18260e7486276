// SPDX-License-Identifier: MIT
import { useRun } from '../playground/run';

export function Results() {
  const run = useRun();
  return (
    <div className="flex-1 overflow-auto p-4 font-mono text-[13px] whitespace-pre-wrap">
      <p>
        {run.phase} {run.status} {run.transport}
      </p>
      {run.chunks.slice(-40).map((chunk, index) => (
        <span key={index}>{chunk.text.slice(-3000)}</span>
      ))}
    </div>
  );
}
