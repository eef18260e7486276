// SPDX-License-Identifier: MIT
// @vitest-environment jsdom
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiProblem } from '../../api/client';
import { replaceDraft } from '../../draft/notice';
import { currentDraft, emptyDraft, useWorkspace } from '../../draft/workspace';
import { NOTHING, useRun } from '../../run/run';
import { useView } from '../layout/view';
import { LimitsForm } from './LimitsForm';

let root: Root;
let host: HTMLElement;

function Form() {
  const draft = useWorkspace(currentDraft);
  return draft && <LimitsForm draft={draft} language={null} />;
}

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  useWorkspace.setState({ language: 'python', drafts: { python: emptyDraft('main.py', '') } });
  useRun.setState(NOTHING);
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
  act(() => root.render(<Form />));
});
afterEach(() => {
  act(() => root.unmount());
  host.remove();
});

function field(name: string): HTMLInputElement {
  const label = [...host.querySelectorAll('label')].find((one) => one.textContent === name);
  const input = label && document.getElementById(label.htmlFor);
  if (!(input instanceof HTMLInputElement)) throw new Error(`there is no field ${name}`);
  return input;
}
const write = (name: string, text: string) =>
  act(() => {
    const input = field(name);
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
const about = (name: string) =>
  document.getElementById(field(name).getAttribute('aria-describedby') ?? '')?.textContent;
const draft = () => currentDraft(useWorkspace.getState());

describe('the limits', () => {
  it('keep the focus when they are reset', () => {
    write('Memory', '64');
    const reset = host.querySelector('button');
    reset?.focus();
    act(() => reset?.click());
    expect(host.querySelector('button')).toBeNull();
    expect(document.activeElement).toBe(field('Time'));
  });

  it('keep what is none, say so, and take it back when it is mended', () => {
    write('Memory', 'banana');
    expect(field('Memory').value).toBe('banana');
    expect(field('Memory').getAttribute('aria-invalid')).toBe('true');
    expect(about('Memory')).toBe('Enter a number above zero, such as 64 MB.');
    expect(draft()?.badLimits).toEqual({ memoryKb: 'banana' });
    write('Memory', '64');
    expect(field('Memory').value).toBe('64');
    expect(field('Memory').getAttribute('aria-invalid')).toBe('false');
    expect(draft()).toMatchObject({ badLimits: {}, limits: { memoryKb: 65_536 } });
  });

  it('bring the field that is to be mended to the fore', () => {
    write('Memory', 'banana');
    act(() => useView.setState({ wrongLimit: 'memoryKb' }));
    expect(document.activeElement).toBe(field('Memory'));
    expect(useView.getState().wrongLimit).toBeNull();
  });

  it('forget bad text when another draft comes in its place', () => {
    write('Memory', 'banana');
    write('Time', '3');
    act(() => replaceDraft('python', emptyDraft('main.py', 'example'), false, ''));
    expect(field('Memory').value).toBe('');
    expect(field('Time').value).toBe('');
    expect(field('Memory').getAttribute('aria-invalid')).toBe('false');
  });

  it('repeat what the server says against one until it is changed', () => {
    write('Time', '99999 s');
    const detail = 'time_limit_ms: it is not within 1 to 60000';
    const problem = {
      type: '',
      title: '',
      status: 400,
      code: 'invalid',
      field: 'time_limit_ms',
      detail,
      request_id: '',
    };
    act(() =>
      useRun.setState({
        phase: 'failed',
        request: { language: 'python', source_code: '', time_limit_ms: 99_999_000 },
        error: new ApiProblem(problem, null),
      }),
    );
    expect(about('Time')).toContain('60 s');
    write('Time', '10 s');
    expect(about('Time')).not.toContain('60 s');
    expect(field('Time').getAttribute('aria-invalid')).toBe('false');
  });
});
