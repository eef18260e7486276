import pathlib
import shutil
import sqlite3
import tempfile

connection = sqlite3.connect("/work/test.db")
connection.execute("create table t (x)")
connection.executemany("insert into t values (?)", [(i,) for i in range(100)])
connection.commit()
print(connection.execute("select sum(x) from t").fetchone()[0])
with tempfile.TemporaryDirectory() as d:
    shutil.copy("/work/test.db", d)
    print(len(list(pathlib.Path(d).iterdir())))
