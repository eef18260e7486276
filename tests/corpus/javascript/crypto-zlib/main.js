const crypto = require('crypto');
const zlib = require('zlib');
zlib.gzip('a'.repeat(10000), (error, packed) => {
    console.log(zlib.gunzipSync(packed).length);
    crypto.pbkdf2('p', 's', 1000, 16, 'sha256', (e, key) => console.log(key.length));
    console.log(crypto.createHash('sha256').update('x').digest('hex').slice(0, 8), crypto.randomBytes(8).length);
});
