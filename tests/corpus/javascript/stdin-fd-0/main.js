const fs = require('fs');
const numbers = fs.readFileSync(0, 'utf8').split('\n').map(Number);
let sum = 0;
for (let i = 1; i <= numbers[0]; i++)
    sum += numbers[i];
console.log(numbers[0], sum);
