// SPDX-License-Identifier: MIT
import { ChevronRight, ShieldCheck, ShieldOff } from 'lucide-react';
import type { Enforced } from '../api/types';
import { plural } from '../lib/format';
import { Facts } from './Facts';
import { layersOf } from './layers';

function summaryOf(enforced: Enforced): string {
  const held = plural(enforced.layers.length, 'layer');
  return enforced.relaxed.length > 0 ? `${held}, ${enforced.relaxed.length} relaxed` : held;
}

/** Why it was stopped: seen before what else held it. */
function DeniedCall({ call }: { call: string }) {
  return (
    <div
      role="group"
      aria-label="Denied call"
      className="flex items-start gap-2 rounded-md bg-bad-soft px-3 py-1.5 text-[13px] text-bad"
    >
      <ShieldOff size={14} aria-hidden="true" className="mt-0.5 shrink-0" />
      <span className="font-semibold whitespace-nowrap">Denied call</span>
      <code className="min-w-0 font-mono break-words">{call}</code>
    </div>
  );
}

/** What held the program; closed until somebody wants to know. */
export function EnforcedView({ enforced, title = 'What was enforced' }: { enforced: Enforced; title?: string }) {
  const layers = layersOf(enforced.layers, enforced.relaxed);
  return (
    <>
      {enforced.denied_syscall !== null && <DeniedCall call={enforced.denied_syscall} />}
      <details className="group rounded-lg border border-line">
        <summary className="flex cursor-pointer list-none items-center gap-2 rounded-lg px-3 py-2 text-[13px] select-none hover:bg-raised [&::-webkit-details-marker]:hidden">
          <ChevronRight size={14} aria-hidden="true" className="text-muted transition-transform group-open:rotate-90" />
          <span className="font-semibold">{title}</span>
          <span className="text-[12px] text-muted">{summaryOf(enforced)}</span>
        </summary>
        <div className="flex flex-col gap-3 border-t border-line p-3">
          <ul className="grid gap-x-6 gap-y-2.5 @lg:grid-cols-2">
            {layers.map((layer) => (
              <li key={layer.name} className="flex gap-2 text-[12.5px] leading-snug">
                {layer.isRelaxed ? (
                  <ShieldOff size={14} aria-hidden="true" className="mt-0.5 shrink-0 text-warn" />
                ) : (
                  <ShieldCheck size={14} aria-hidden="true" className="mt-0.5 shrink-0 text-good" />
                )}
                <span>
                  <span className="font-semibold">{layer.title}</span>{' '}
                  <code className="font-mono text-[11.5px] text-muted">{layer.name}</code>
                  {layer.isRelaxed && <span className="font-semibold text-warn"> relaxed by the operator</span>}
                  <br />
                  <span className="text-muted">{layer.isRelaxed ? `Not in force: ${layer.does}` : layer.does}</span>
                </span>
              </li>
            ))}
          </ul>
          <Facts
            facts={[
              ['Policy', enforced.policy],
              ['CPU time measured by', enforced.cpu_source],
              ['Memory measured by', enforced.memory_source],
            ]}
          />
          {enforced.notes.length > 0 && (
            <ul aria-label="Notes" className="list-disc pl-4 text-[12.5px] text-muted">
              {enforced.notes.map((note, index) => (
                <li key={index} className="break-words">
                  {note}
                </li>
              ))}
            </ul>
          )}
        </div>
      </details>
    </>
  );
}
