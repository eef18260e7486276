const fibonacci = () => {
  let [a, b] = [0n, 1n];
  return () => ([a, b] = [b, a + b])[0];
};
const next = fibonacci();
let value;
for (let i = 0; i < 100; i++) value = next();
console.log(`the 100th Fibonacci number is ${value}`);
