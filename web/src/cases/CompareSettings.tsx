// SPDX-License-Identifier: MIT
import { useEffect, useId, useState } from 'react';
import type { CompareMode } from '../api/types';
import type { Draft } from '../draft/workspace';
import { Input, Select } from '../ui/Field';

const MODES: [mode: CompareMode, title: string, means: string][] = [
  ['trailing', 'Lines', 'Trailing spaces and blank lines are ignored.'],
  ['exact', 'Exact', 'Every byte must match.'],
  ['tokens', 'Words', 'Words must match; white space between them is ignored.'],
  ['float', 'Numbers', 'As Words, but numbers may differ by the tolerance, absolute or relative.'],
];

/** Text while it is typed; a number when it is one. */
function ToleranceField({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  const [text, setText] = useState(String(value));
  const number = text.trim() === '' ? Number.NaN : Number(text);
  const isGood = Number.isFinite(number) && number >= 0 && number <= 1;
  useEffect(() => setText((old) => (Number(old) === value ? old : String(value))), [value]);
  return (
    <label className="flex items-center gap-2 text-[12.5px] text-muted">
      Tolerance
      <Input
        inputMode="decimal"
        value={text}
        aria-invalid={!isGood}
        className="w-24 font-mono aria-invalid:border-bad"
        onChange={(event) => {
          const next = event.target.value;
          setText(next);
          const changed = Number(next);
          if (next.trim() !== '' && Number.isFinite(changed) && changed >= 0 && changed <= 1) onChange(changed);
        }}
      />
      {!isGood && <span className="text-bad">a number from 0 to 1</span>}
    </label>
  );
}

export function CompareSettings({ draft, edit }: { draft: Draft; edit: (change: Partial<Draft>) => void }) {
  const id = useId();
  const means = MODES.find(([mode]) => mode === draft.compare)?.[2];
  return (
    <>
      <label className="flex items-center gap-2 text-[12.5px] text-muted">
        Compare
        <Select
          value={draft.compare}
          aria-describedby={id}
          onChange={(event) => {
            const mode = MODES.find(([name]) => name === event.target.value)?.[0];
            if (mode) edit({ compare: mode });
          }}
        >
          {MODES.map(([mode, title]) => (
            <option key={mode} value={mode}>
              {title}
            </option>
          ))}
        </Select>
      </label>
      {draft.compare === 'float' && (
        <ToleranceField value={draft.tolerance} onChange={(tolerance) => edit({ tolerance })} />
      )}
      <label className="flex items-center gap-2 text-[12.5px] text-muted">
        <input
          type="checkbox"
          checked={draft.stopAtFirst}
          className="size-3.5 accent-accent"
          onChange={(event) => edit({ stopAtFirst: event.target.checked })}
        />
        Stop at the first failure
      </label>
      <p id={id} className="text-[12px] text-muted">
        {means}
      </p>
    </>
  );
}
