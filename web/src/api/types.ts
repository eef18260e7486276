// SPDX-License-Identifier: MIT
/** The API's documents by short names; schema.d.ts is generated from its OpenAPI document (`npm run schema`). */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Status = Schemas['Status'];
export type Submission = Schemas['Submission'];
export type SourceFile = Schemas['File'];
export type TestCase = Schemas['TestCase'];
export type Compare = Schemas['Compare'];
export type CompareMode = NonNullable<Compare['mode']>;
export type Receipt = Schemas['Receipt'];
export type Languages = Schemas['Languages'];
export type Limits = Schemas['Limits'];
export type Enforced = Schemas['Enforced'];
export type CompileStep = Schemas['CompileStep'];
export type CaseResult = Schemas['CaseResult'];
export type Job = Schemas['Job'];
export type JobLine = Schemas['JobLine'];
export type JobList = Schemas['JobList'];
export type Timeline = Schemas['Timeline'];
export type Language = Schemas['Language'];
export type Load = Schemas['Load'];
export type DeadLetters = Schemas['DeadLetters'];
export type Ready = Schemas['Ready'];
export type Problem = Schemas['Problem'];

export const UNFINISHED: readonly Status[] = ['QUEUED', 'COMPILING', 'RUNNING'];

export function isOver(status: Status): boolean {
  return !UNFINISHED.includes(status);
}
