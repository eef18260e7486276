const fs = require('fs/promises');
(async () => {
    await fs.mkdir('/work/d/e', { recursive: true });
    await Promise.all([1, 2, 3].map((i) => fs.writeFile(`/work/d/e/${i}`, 'x'.repeat(i))));
    const names = await fs.readdir('/work/d/e');
    const sizes = await Promise.all(names.sort().map(async (n) => (await fs.stat('/work/d/e/' + n)).size));
    console.log(sizes.join(' '));
    await fs.rm('/work/d', { recursive: true });
})();
