const readline = require('readline');
const lines = readline.createInterface({ input: process.stdin });
let count = 0;
lines.on('line', (line) => { count += line.length; });
lines.on('close', () => console.log(count));
