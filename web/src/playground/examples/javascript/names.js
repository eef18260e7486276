// SPDX-License-Identifier: MIT
const readline = require('node:readline');

const lines = readline.createInterface({ input: process.stdin });
const names = [];

process.stdout.write('Names, one a line. What is the first? ');
lines.on('line', (line) => {
  names.push(line);
  process.stdout.write('And the next? (End of input ends it) ');
});
lines.on('close', () => {
  console.log(`\nSorted: ${names.sort().join(', ')}`);
});
