// SPDX-License-Identifier: MIT
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../app/theme';
import { axisWidth, timeOfDay } from './format';
import { dotsOf, type Values } from './series';

export interface Series {
  name: string;
  /** A custom property with a hexadecimal colour. */
  color: string;
  /** Where it is drawn. */
  values: Values;
  /** What the tooltip says, if that is something else (a layer of a stack). */
  told?: Values;
  kind: 'line' | 'bars';
  /** Tinted down to the ground. */
  isFilled?: boolean;
  isDashed?: boolean;
  /** Broad and pale: another line can be seen on it where both coincide. */
  isBroad?: boolean;
  /** There are often no values: what is left of the line is marked. */
  hasGaps?: boolean;
}

interface Hover {
  index: number;
  left: number;
  width: number;
}

const HEIGHT = 190;

const hhmm = (seconds: number, step: number) => timeOfDay(seconds * 1000, step < 60);

function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888888';
}

function seriesOptions({
  name,
  color: property,
  kind,
  isFilled,
  isDashed,
  isBroad,
  hasGaps = false,
}: Series): uPlot.Series {
  const color = colorOf(property);
  if (kind === 'bars') {
    const paths = uPlot.paths.bars?.({ size: [0.82, 48] });
    return { label: name, fill: color, width: 0, points: { show: false }, ...(paths && { paths }) };
  }
  return {
    label: name,
    stroke: isBroad ? `${color}99` : color,
    width: isBroad ? 5 : 1.75,
    points: {
      show: true,
      size: isBroad ? 11 : 5,
      width: 0,
      fill: isBroad ? `${color}99` : color,
      filter: (plot, index) =>
        dotsOf(
          [...(plot.data[index] ?? [])].map((value) => value ?? null),
          hasGaps,
        ),
    },
    ...(isFilled && { fill: `${color}22` }),
    ...(isDashed && { dash: [5, 4] }),
  };
}

interface Look {
  step: number;
  isWhole: boolean;
  format: (value: number) => string;
}

function optionsOf(series: readonly Series[], width: number, look: Look, onHover: (hover: Hover | null) => void) {
  const muted = colorOf('--muted');
  const line = colorOf('--line');
  const axis: uPlot.Axis = {
    stroke: muted,
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
  const options: uPlot.Options = {
    width,
    height: HEIGHT,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false, setScale: false },
      sync: { key: 'dashboard' },
      points: { size: 6 },
    },
    scales: {
      x: { time: true, range: (_plot, min, max) => [min - look.step / 2, max + look.step / 2] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        grid: { show: false },
        space: 72,
        values: (_plot, splits) => splits.map((split) => timeOfDay(split * 1000, look.step < 10)),
      },
      {
        ...axis,
        // As wide as what is written there: "1 min 40 s", or "5".
        size: (_plot, values) => axisWidth(values ?? []),
        gap: 6,
        space: 36,
        values: (_plot, splits) => splits.map((split) => look.format(split)),
        ...(look.isWhole && { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5] }),
      },
    ],
    series: [{}, ...series.map(seriesOptions)],
    hooks: {
      setCursor: [
        (plot) => {
          const { idx, left } = plot.cursor;
          const offset = plot.over.offsetLeft;
          onHover(
            idx === null || idx === undefined || left === undefined || left < 0
              ? null
              : { index: idx, left: left + offset, width: plot.over.clientWidth + offset },
          );
        },
      ],
    },
  };
  return options;
}

function Tooltip({
  hover,
  x,
  series,
  look,
}: {
  hover: Hover;
  x: readonly number[];
  series: readonly Series[];
  look: Look;
}) {
  const at = x[hover.index];
  if (at === undefined) return null;
  const lines = series
    .map(({ name, color, values, told }) => ({ name, color, value: (told ?? values)[hover.index] ?? null }))
    .filter(({ value }, _index, all) => (all.length > 3 ? value !== null && value !== 0 : true));
  const isLeft = hover.left > hover.width / 2;
  return (
    <div
      aria-hidden="true"
      className="pointer-events-none absolute top-1 z-10 flex flex-col gap-0.5 rounded-md border border-line bg-raised px-2.5 py-1.5 text-[12px] whitespace-nowrap shadow-lg"
      style={isLeft ? { right: `calc(100% - ${hover.left - 12}px)` } : { left: hover.left + 12 }}
    >
      <span className="text-muted tabular-nums">
        {hhmm(at, look.step)} – {hhmm(at + look.step, look.step)}
      </span>
      {lines.length === 0 && <span>Nothing</span>}
      {lines.map(({ name, color, value }) => (
        <span key={name} className="flex items-center gap-2">
          <span className="size-2 rounded-sm forced-color-adjust-none" style={{ background: `var(${color})` }} />
          <span className="flex-1">{name}</span>
          <span className="pl-3 font-semibold tabular-nums">{value === null ? '–' : look.format(value)}</span>
        </span>
      ))}
    </div>
  );
}

/** Values over time. The picture is one to a screen reader, too: `label` says what it shows, in words. */
export function Chart({
  label,
  x,
  step,
  series,
  format,
  isWhole = false,
}: {
  label: string;
  /** Where each bucket begins, in seconds since the epoch. */
  x: number[];
  /** Seconds of a bucket. */
  step: number;
  series: Series[];
  format: (value: number) => string;
  /** Counts: no ticks between whole numbers. */
  isWhole?: boolean;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme((state) => state.theme);
  const [hover, setHover] = useState<Hover | null>(null);
  const [isOver, setOver] = useState(false);

  const data = useMemo<uPlot.AlignedData>(
    () => [x.map((seconds) => seconds + step / 2), ...series.map(({ values }) => values)],
    [x, step, series],
  );
  const look: Look = { step, isWhole, format };
  // What the picture is made of; the rest is data, which it is given.
  const shape = JSON.stringify([theme, step, isWhole, series.map((one) => ({ ...one, told: null, values: null }))]);
  const latest = useRef({ data, series, look });
  latest.current = { data, series, look };

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const now = latest.current;
    const own = new uPlot(optionsOf(now.series, element.clientWidth || 300, now.look, setHover), now.data, element);
    plot.current = own;
    const sizes = new ResizeObserver(() => {
      if (element.clientWidth > 0) own.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      own.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(data), [data]);

  return (
    <div className="relative" onPointerEnter={() => setOver(true)} onPointerLeave={() => setOver(false)}>
      <div ref={frame} role="img" aria-label={label} className="w-full overflow-hidden" style={{ height: HEIGHT }} />
      {isOver && hover && <Tooltip hover={hover} x={x} series={series} look={look} />}
    </div>
  );
}
