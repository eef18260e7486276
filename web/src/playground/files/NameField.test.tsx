// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import NameField from './NameField';

const done = vi.fn();
const field = () => screen.getByRole('textbox', { name: 'New name of file2.py' });
const write = (value: string) => fireEvent.change(field(), { target: { value } });

beforeEach(() => {
  done.mockClear();
  render(<NameField name="file2.py" isNew others={['main.py']} onDone={done} />);
});
afterEach(cleanup);

it('says why a name is none, and stays until it is one', () => {
  write('main.py');
  const reason = screen.getByRole('alert');
  expect(reason.textContent).toContain('Another file has this name.');
  expect(field().getAttribute('aria-describedby')).toBe(reason.id);
  fireEvent.keyDown(field(), { key: 'Enter' });
  fireEvent.blur(field());
  expect(done).not.toHaveBeenCalled();
  write('util.py');
  expect(screen.queryByRole('alert')).toBeNull();
  expect(field().getAttribute('aria-describedby')).toBeNull();
  fireEvent.blur(field());
  expect(done).toHaveBeenCalledExactlyOnceWith('util.py');
});

it('keeps the name of before by Escape', () => {
  write('../x');
  fireEvent.keyDown(field(), { key: 'Escape' });
  fireEvent.blur(field());
  expect(done).toHaveBeenCalledExactlyOnceWith(null);
});
