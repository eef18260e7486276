const os = require('os');
console.log(process.getuid() !== 0, process.cwd(), os.hostname(), process.pid < 100,
    Object.keys(os.networkInterfaces === undefined ? {} : {}).length);
