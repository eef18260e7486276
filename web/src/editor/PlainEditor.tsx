// SPDX-License-Identifier: MIT
import { forwardRef, useEffect, useRef, type KeyboardEvent } from 'react';
import { EDITOR_FONT_SIZE, EDITOR_LINE_HEIGHT, EDITOR_PADDING } from './look';

/** More line numbers than this are not drawn: it is for the moment until the editor is there, and for phones. */
const NUMBERED_MAX = 5000;

interface Props {
  value: string;
  label: string;
  /** What a Tab writes. */
  indent: string;
  onChange: (value: string) => void;
}

/** A text field that one can write code in at once: what is seen until the editor is loaded, and where it cannot be. */
export const PlainEditor = forwardRef<HTMLTextAreaElement, Props>(function PlainEditor(
  { value, label, indent, onChange },
  ref,
) {
  const isLeaving = useRef(false);
  const gutter = useRef<HTMLPreElement>(null);
  const lines = Math.min(value.split('\n', NUMBERED_MAX).length, NUMBERED_MAX);

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.key === 'Escape') isLeaving.current = true;
    else if (event.key !== 'Tab') isLeaving.current = event.key === 'Shift' && isLeaving.current;
    else if (!isLeaving.current && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      // Unlike setting the value, this can be undone; browsers have nothing else for it.
      document.execCommand('insertText', false, indent);
    }
  }

  useEffect(() => {
    isLeaving.current = false;
  }, [label]);

  const style = {
    fontSize: EDITOR_FONT_SIZE,
    lineHeight: `${EDITOR_LINE_HEIGHT}px`,
    paddingTop: EDITOR_PADDING,
    paddingBottom: EDITOR_PADDING,
  };
  return (
    <div className="flex h-full min-h-0 overflow-hidden font-mono">
      <pre
        ref={gutter}
        aria-hidden="true"
        className="m-0 w-[3.6rem] shrink-0 overflow-hidden pr-[1.1rem] text-right text-muted select-none"
        style={style}
      >
        {Array.from({ length: lines }, (_, line) => line + 1).join('\n')}
      </pre>
      <textarea
        ref={ref}
        aria-label={label}
        value={value}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        wrap="off"
        className="min-w-0 flex-1 resize-none bg-transparent pr-3 whitespace-pre text-ink outline-none"
        style={style}
        onKeyDown={onKeyDown}
        onCompositionStart={(event) => (event.currentTarget.dataset['composing'] = 'yes')}
        onCompositionEnd={(event) => delete event.currentTarget.dataset['composing']}
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
});
