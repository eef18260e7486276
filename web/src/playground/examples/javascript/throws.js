// SPDX-License-Identifier: MIT
function divide(a, b) {
  if (b === 0) throw new RangeError('division by zero');
  return a / b;
}

console.log(divide(42, 6));
console.log(divide(42, 0));
