// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { statisticsOf } from './fixtures';
import {
  beginnings,
  dotsOf,
  filledSeconds,
  isEmpty,
  latest,
  latestPerMinute,
  layersOf,
  meanPerMinute,
  perMinute,
  stack,
} from './series';

const finished = (bucket: { finished: number }) => bucket.finished;

describe('per minute', () => {
  it('is the count of a bucket over its width', () => {
    expect(perMinute(statisticsOf([{ SUCCESS: 10 }, { SUCCESS: 5 }]), finished)).toEqual([60, 30]);
  });

  it('takes the last bucket by the time that it has filled', () => {
    expect(perMinute(statisticsOf([{ SUCCESS: 10 }, { SUCCESS: 5 }], 5), finished)).toEqual([60, 60]);
  });

  it('says nothing of a bucket that has hardly begun', () => {
    expect(perMinute(statisticsOf([{ SUCCESS: 10 }, { SUCCESS: 1 }], 0.5), finished)).toEqual([60, null]);
  });

  it('does not believe a bucket that begins in the future, or is older than it is wide', () => {
    const statistics = statisticsOf([{ SUCCESS: 1 }, { SUCCESS: 1 }], -3);
    expect(statistics.buckets.map((bucket) => filledSeconds(bucket, statistics))).toEqual([7, 0]);
    const late = statisticsOf([{ SUCCESS: 1 }], 25);
    expect(late.buckets.map((bucket) => filledSeconds(bucket, late))).toEqual([10]);
  });
});

describe('the mean', () => {
  it('is over the window', () => {
    expect(meanPerMinute(statisticsOf([{ SUCCESS: 10 }, {}, { SUCCESS: 5 }]), finished)).toBe(30);
  });

  it('is of the whole window, also where nothing ran at its beginning', () => {
    expect(meanPerMinute(statisticsOf([{}, {}, {}, { SUCCESS: 10 }]), finished)).toBe(15);
  });

  it('does not make a peak of one job a moment ago', () => {
    expect(meanPerMinute(statisticsOf([{}, { SUCCESS: 1 }], 0.1), finished)).toBeCloseTo(60 / 10.1);
  });

  it('is none of nothing', () => {
    expect(meanPerMinute(statisticsOf([{}, {}]), finished)).toBeNull();
  });
});

it('draws as points what no line leads to, and where a line that has gaps breaks', () => {
  const values = [1, null, 2, 3, 4, null, 0];
  expect(dotsOf(values, false)).toEqual([0, 6]);
  expect(dotsOf(values, true)).toEqual([0, 2, 4, 6]);
  expect(dotsOf([null, null], true)).toEqual([]);
  expect(dotsOf([], true)).toEqual([]);
});

describe('the latest minute', () => {
  it('is of as many buckets as make one', () => {
    const buckets = [{ SUCCESS: 50 }, { SUCCESS: 50 }, {}, {}, { SUCCESS: 3 }, {}, {}, { SUCCESS: 1 }];
    expect(latestPerMinute(statisticsOf(buckets))).toBe(4);
    expect(latestPerMinute(statisticsOf(buckets, 5))).toBeCloseTo((54 / 65) * 60);
  });

  it('does not make a peak of one job on a server that has just begun', () => {
    expect(latestPerMinute(statisticsOf([{ SUCCESS: 1 }], 1))).toBe(1);
  });
});

it('knows the last value that there is', () => {
  expect(latest([1, 2, null])).toBe(2);
  expect(latest([null])).toBeNull();
  expect(latest([])).toBeNull();
});

it('lays the statuses that occur in order, the service’s own faults on top', () => {
  const layers = layersOf(statisticsOf([{ INTERNAL_ERROR: 1, SUCCESS: 4 }, { TIMEOUT: 2 }]));
  expect(layers.map(({ look, counts }) => [look.status, counts])).toEqual([
    ['SUCCESS', [4, 0]],
    ['TIMEOUT', [0, 2]],
    ['INTERNAL_ERROR', [1, 0]],
  ]);
});

it('stacks each upon those below', () => {
  expect(
    stack([
      [4, 0],
      [0, 2],
      [1, 0],
    ]),
  ).toEqual([
    [4, 0],
    [4, 2],
    [5, 2],
  ]);
  expect(stack([])).toEqual([]);
});

it('tells where buckets begin in seconds', () => {
  const [first, second] = beginnings(statisticsOf([{}, {}]));
  expect(first).toBe(Date.parse('2026-01-01T12:00:00Z') / 1000);
  expect((second ?? 0) - (first ?? 0)).toBe(10);
});

it('knows a window in which nothing was', () => {
  expect(isEmpty(statisticsOf([{}, {}]))).toBe(true);
  expect(isEmpty(statisticsOf([{ CANCELLED: 1 }]))).toBe(false);
});
