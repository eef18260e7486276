const rows = [];
for (let i = 0; i < 100000; i++)
    rows.push({ id: i, name: 'row ' + i });
console.log(rows.length);
