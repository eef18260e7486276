// SPDX-License-Identifier: MIT
import { useEffect, useRef, useState } from 'react';
import { count } from '../lib/format';
import { Button } from '../ui/Button';
import { MOST_PASTED } from './parseCases';

/** Where cases are pasted as a judge gives them. */
export function PasteField({ onCases, onClose }: { onCases: (text: string) => number; onClose: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const [isNone, setNone] = useState(false);
  useEffect(() => field.current?.focus(), []);

  function take() {
    if (onCases(text) > 0) onClose();
    else setNone(true);
  }
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-line p-2">
      <textarea
        ref={field}
        aria-label="Test cases to paste"
        value={text}
        rows={5}
        spellCheck={false}
        placeholder={'Input\n1 2\nOutput\n3'}
        className="w-full rounded-md border border-edge bg-sunken px-2 py-1.5 font-mono text-[12.5px] text-ink placeholder:text-muted"
        onChange={(event) => {
          setText(event.target.value);
          setNone(false);
        }}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
      />
      <p role="status" className="text-[12px] text-muted">
        {isNone ? (
          <span className="text-bad">
            {text.length > MOST_PASTED
              ? `This is too long: up to ${count(MOST_PASTED)} characters are read. `
              : 'No test cases found in this. '}
          </span>
        ) : (
          'With headings “Input” and “Output”, as in a problem statement, or as JSON.'
        )}
      </p>
      <div className="flex gap-2">
        <Button className="h-7" disabled={text.trim() === ''} onClick={take}>
          Add tests
        </Button>
        <Button className="h-7" kind="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
