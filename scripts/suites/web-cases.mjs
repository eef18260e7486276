// SPDX-License-Identifier: MIT
// web-cases.mjs REPORT: vitest's report in JSON as lines for count_cases.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

const oneLine = (text) =>
  text
    // eslint-disable-next-line no-control-regex
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .slice(0, 6)
    .join(' | ')
    .replace(/\t/g, ' ')
    .slice(0, 500);

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const { name, assertionResults, message } of report.testResults) {
  const file = basename(name);
  for (const { fullName, status, failureMessages } of assertionResults) {
    if (status === 'passed') console.log(`ok ${file}: ${oneLine(fullName)}\t`);
    else if (status === 'failed') console.log(`failed ${file}: ${oneLine(fullName)}\t${oneLine(failureMessages.join('\n'))}`);
    else console.log(`skipped ${file}: ${oneLine(fullName)}\tits test says so`);
  }
  if (assertionResults.length === 0) console.log(`failed ${file}\t${oneLine(message || 'there is no test in it')}`);
}
