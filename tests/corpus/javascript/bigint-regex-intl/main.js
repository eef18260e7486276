console.log((2n ** 100n).toString(), 'a1b22'.replace(/\d+/g, '#'), new Uint16Array([65537, 5]).join());
