const fs = require('fs');
const words = fs.readFileSync('/dev/stdin', 'utf8').trim().split(/\s+/);
console.log(words.length, words.map(Number).reduce((a, b) => a + b, 0));
