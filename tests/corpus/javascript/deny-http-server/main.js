require('http').createServer(() => {}).listen(8080, () => console.log('listening'));
