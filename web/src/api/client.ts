// SPDX-License-Identifier: MIT
/** The HTTP interface: one function for each request. Each rejects with an ApiProblem, or with Unreachable. */
import { currentKey } from './key';
import type {
  DeadLetters,
  Job,
  JobLine,
  JobList,
  Languages,
  Load,
  Problem,
  Ready,
  Receipt,
  Submission,
  Timeline,
} from './types';

/** The server answered, and refused. */
export class ApiProblem extends Error {
  constructor(
    readonly problem: Problem,
    /** Seconds after which to come again, if the server said so. */
    readonly retryAfter: number | null,
  ) {
    super(problem.detail);
    this.name = 'ApiProblem';
  }
}

/** No answer: the server is gone, or the network is. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The server is not responding.', { cause });
    this.name = 'Unreachable';
  }
}

export const API = '/api/v1';

const hearers = new Set<(isThere: boolean) => void>();

/** Tells after each request whether the server was there, be its answer good or not (src/app/connection.ts listens). */
export function onHeard(hearer: (isThere: boolean) => void): () => void {
  hearers.add(hearer);
  return () => hearers.delete(hearer);
}

function heard(isThere: boolean): void {
  for (const hearer of hearers) hearer(isThere);
}

/** 502 and 504 are a proxy's words for a server that is not there: sentinel-server has neither. */
const isGone = (answer: Response) => answer.status === 502 || answer.status === 504;

/** fetch(), that rejects with Unreachable where nobody answers. */
async function ask(path: string, init: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    heard(false);
    throw new Unreachable(error);
  }
  heard(!isGone(answer));
  if (isGone(answer)) throw new Unreachable(await problemOf(answer));
  return answer;
}

/** Longer than this nobody waits, and setTimeout() takes what is far longer for now. */
const RETRY_AFTER_MAX_S = 3600;

/** null: the server did not say, or said a date or nonsense. */
function retryAfterOf(answer: Response): number | null {
  const seconds = Number(answer.headers.get('Retry-After'));
  return seconds > 0 ? Math.min(seconds, RETRY_AFTER_MAX_S) : null;
}

/** What an answer says that is no success. Proxies have a say, too: nothing of its text is taken on trust. */
export async function problemOf(answer: Response): Promise<ApiProblem> {
  const said: unknown = await answer.json().catch(() => null);
  const words = typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
  const word = (name: string, otherwise: string): string => {
    const text = words[name];
    return typeof text === 'string' && text ? text : otherwise;
  };
  const field = word('field', '');
  const problem: Problem = {
    type: word('type', 'about:blank'),
    title: word('title', answer.statusText || `HTTP ${answer.status}`),
    status: answer.status,
    code: word('code', 'unknown'),
    detail: word('detail', `the answer was ${answer.status}, without saying why`),
    request_id: word('request_id', ''),
    ...(field && { field }),
  };
  return new ApiProblem(problem, retryAfterOf(answer));
}

/** A page of a proxy, with status 200, is no answer of the server. */
async function documentOf<T>(answer: Response, signal?: AbortSignal): Promise<T> {
  try {
    return (await answer.json()) as T;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable(error);
  }
}

export async function request<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  more: Record<string, string> = {},
): Promise<T> {
  const headers: Record<string, string> = { ...more };
  const key = currentKey();
  if (key) headers['Authorization'] = `Bearer ${key}`;
  const init: RequestInit = { method, headers, cache: 'no-store', signal: signal ?? null };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const answer = await ask(path, init);
  if (!answer.ok) throw await problemOf(answer);
  return documentOf<T>(answer, signal);
}

export function query(parameters: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text && `?${text}`;
}

export interface ListFilter {
  user_id?: string | undefined;
  status?: string | undefined;
  language?: string | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** `once`: sent again under the same key, it is answered as the first time and not executed twice. */
export const submit = (submission: Submission, once?: string, signal?: AbortSignal) =>
  request<Receipt>('POST', `${API}/submissions`, submission, signal, once ? { 'Idempotency-Key': once } : {});

export const readJob = (id: string, signal?: AbortSignal) =>
  request<Job>('GET', `${API}/submissions/${encodeURIComponent(id)}`, undefined, signal);

/** With the submission itself as `request`. */
export const readJobWithRequest = (id: string, signal?: AbortSignal) =>
  request<Job>('GET', `${API}/submissions/${encodeURIComponent(id)}?include=request`, undefined, signal);

export const listJobs = (filter: ListFilter, signal?: AbortSignal) =>
  request<JobList>('GET', `${API}/submissions${query({ ...filter })}`, undefined, signal);

export const cancelJob = (id: string) => request<unknown>('DELETE', `${API}/submissions/${encodeURIComponent(id)}`);

export const readTimeline = (id: string, signal?: AbortSignal) =>
  request<Timeline>('GET', `${API}/submissions/${encodeURIComponent(id)}/timeline`, undefined, signal);

export const readLanguages = (signal?: AbortSignal) => request<Languages>('GET', `${API}/languages`, undefined, signal);

export const readLoad = (signal?: AbortSignal) => request<Load>('GET', `${API}/load`, undefined, signal);

export const readDeadLetters = (signal?: AbortSignal) =>
  request<DeadLetters>('GET', `${API}/dead-letters`, undefined, signal);

export const retryDeadLetter = (id: string) =>
  request<unknown>('POST', `${API}/dead-letters/${encodeURIComponent(id)}/retry`);

/** 503 carries the same document: what is away is no error of the request. */
export async function readReady(signal?: AbortSignal): Promise<Ready> {
  const answer = await ask('/health/ready', { cache: 'no-store', signal: signal ?? null });
  if (!answer.ok && answer.status !== 503) throw await problemOf(answer);
  return documentOf<Ready>(answer, signal);
}

export type { Job, JobLine, JobList };
