// SPDX-License-Identifier: MIT
/** What a program printed, as a terminal would show it; of very much only the rows that can be seen are drawn. */
import { ArrowDown } from 'lucide-react';
import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type ClipboardEvent,
  type ReactNode,
  type RefObject,
} from 'react';
import { usePrinted } from '../app/modes';
import type { Paper, Span } from '../lib/paper';
import { count as formatCount } from '../lib/format';
import type { Rows } from '../lib/rows';
import { windowOf } from '../lib/windowing';
import { Button } from '../ui/Button';
import './console.css';
import { inkOf } from './ink';
import type { Filter, ShownChunk } from './printing';
import { usePrinting } from './usePrinting';

const ROW_HEIGHT = 20;
const PADDING = 12;
/** Without wrapping a line is cut as well: an engine is slow at lines of megabytes. */
const LONGEST_ROW = 1000;
const LEAST_COLUMNS = 20;
/** Some ninety pages. */
const PRINTED_MAX = 5000;

function pieceOf(span: Span, index: number): ReactNode {
  const { className, style } = inkOf(span.style);
  return (
    <span key={index} className={className || undefined} style={style}>
      {span.text}
    </span>
  );
}

const Row = memo(
  function Row({ spans, isContinued }: { spans: Span[]; isContinued: boolean; text: string }) {
    return (
      <div className="console-row" data-continued={isContinued || undefined}>
        {spans.map(pieceOf)}
      </div>
    );
  },
  (before, after) =>
    before.text === after.text &&
    before.isContinued === after.isContinued &&
    before.spans.length === after.spans.length &&
    before.spans.every((span, index) => span.style === after.spans[index]?.style),
);

function drawn(paper: Paper, rows: Rows, first: number, end: number, revision: number): ReactNode[] {
  void revision;
  return Array.from({ length: Math.max(0, Math.min(end, rows.count) - first) }, (_, index) => {
    const row = first + index;
    const [from, to] = [rows.start(row), rows.end(row)];
    return (
      <Row key={row} spans={paper.spans(from, to)} text={paper.slice(from, to)} isContinued={rows.isContinued(row)} />
    );
  });
}

/** Rows that are one line are copied as one. */
function onCopy(event: ClipboardEvent<HTMLElement>): void {
  const selection = document.getSelection();
  if (!selection || selection.rangeCount === 0) return;
  const part = selection.getRangeAt(0).cloneContents();
  const rows = Array.from(part.querySelectorAll<HTMLElement>('.console-row'));
  if (rows.length < 2) return;
  let text = '';
  for (const [index, row] of rows.entries()) {
    if (index > 0 && row.dataset['continued'] === undefined) text += '\n';
    text += row.textContent ?? '';
  }
  event.clipboardData.setData('text/plain', text);
  event.preventDefault();
}

interface Size {
  columns: number;
  height: number;
}

/** How much fits, measured, and again when the pane or the font changes. */
function useSize(scroller: RefObject<HTMLDivElement | null>, probe: RefObject<HTMLSpanElement | null>): Size {
  const [size, setSize] = useState<Size>({ columns: 100, height: 400 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const box = element;
    function measure() {
      const character = (probe.current?.getBoundingClientRect().width ?? 0) / 50;
      if (character <= 0 || box.clientHeight <= 0) return;
      const columns = Math.max(LEAST_COLUMNS, Math.floor((box.clientWidth - 2 * PADDING) / character));
      setSize((old) =>
        old.columns === columns && old.height === box.clientHeight ? old : { columns, height: box.clientHeight },
      );
    }
    measure();
    if (typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, probe]);
  return size;
}

export function Console({
  label,
  chunks,
  version,
  filter,
  isOver,
  wraps,
  nothing,
  onInvalid,
}: {
  label: string;
  chunks: readonly ShownChunk[];
  version: number;
  filter: Filter;
  isOver: boolean;
  wraps: boolean;
  /** What is said where nothing was printed. */
  nothing: string;
  onInvalid?: (hasInvalid: boolean) => void;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const probe = useRef<HTMLSpanElement>(null);
  const lastTop = useRef(0);
  const [scrollTop, setScrollTop] = useState(0);
  /* what is complete already is read from its beginning */
  const [isFollowing, setFollowing] = useState(!isOver);
  const size = useSize(scroller, probe);
  const { printing, revision } = usePrinting(chunks, version, filter, wraps ? size.columns : LONGEST_ROW, isOver);
  const { paper, rows } = printing;
  const { count } = rows;
  const isPrinted = usePrinted((state) => state.isPrinted);
  const window = isPrinted
    ? { first: 0, end: Math.min(count, PRINTED_MAX), top: 0, height: 0 }
    : windowOf(count, ROW_HEIGHT, scrollTop, size.height);
  const { hasInvalid } = printing;

  useEffect(() => onInvalid?.(hasInvalid), [hasInvalid, onInvalid]);

  const jump = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    lastTop.current = box.scrollTop;
    setScrollTop(box.scrollTop);
  }, []);

  useLayoutEffect(() => {
    if (isFollowing) jump();
  }, [isFollowing, jump, count, revision, size]);

  function onScroll() {
    const box = scroller.current;
    if (!box) return;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < ROW_HEIGHT;
    /* only a person scrolls up; what is added below does not move it */
    if (isAtEnd) setFollowing(true);
    else if (box.scrollTop < lastTop.current) setFollowing(false);
    lastTop.current = box.scrollTop;
    setScrollTop(box.scrollTop);
  }

  /* chunks come in every frame, and are on paper a little later: between two drawings nothing has changed */
  const { first, end } = window;
  const shown = useMemo(() => drawn(paper, rows, first, end, revision), [paper, rows, first, end, revision]);
  const hasEndBelow = !isFollowing && window.height > size.height;

  return (
    <div className="console relative min-h-32 flex-1 bg-sunken">
      <span ref={probe} aria-hidden="true" className="invisible absolute whitespace-pre">
        {'0'.repeat(50)}
      </span>
      {/* Nobody wants ten megabytes read aloud: the status line tells of the run, SpokenOutput of what is asked for. */}
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={label}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="absolute inset-0 overflow-auto outline-offset-[-2px]"
        onScroll={onScroll}
        onCopy={onCopy}
      >
        <div className="relative min-w-fit" style={{ height: window.height + 2 * PADDING, padding: PADDING }}>
          <div style={{ transform: `translateY(${window.top}px)` }}>{shown}</div>
        </div>
      </div>
      {isPrinted && count > PRINTED_MAX && (
        <p>
          Of {formatCount(count)} lines the first {formatCount(PRINTED_MAX)} are printed.
        </p>
      )}
      {count === 0 && (
        <p className="pointer-events-none absolute inset-0 flex items-center justify-center p-6 font-sans text-[13px] text-muted">
          {nothing}
        </p>
      )}
      {hasEndBelow && (
        <Button
          className="absolute right-4 bottom-3 h-7 font-sans shadow-lg"
          icon={<ArrowDown size={13} aria-hidden="true" />}
          onClick={() => {
            setFollowing(true);
            jump();
          }}
        >
          Jump to end
        </Button>
      )}
    </div>
  );
}
