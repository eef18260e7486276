const { execFileSync, spawn } = require('child_process');
console.log(execFileSync('/bin/echo', ['from a child']).toString().trim());
spawn('/bin/sh', ['-c', 'exit 3']).on('exit', (code) => console.log('exit', code));
