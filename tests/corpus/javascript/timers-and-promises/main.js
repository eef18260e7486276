setTimeout(() => console.log('timeout'), 1);
setImmediate(() => {});
Promise.resolve().then(() => console.log('promise'));
process.nextTick(() => console.log('tick'));
console.log('script');
