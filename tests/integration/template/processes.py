# SPDX-License-Identifier: MIT
import multiprocessing as mp, os
def f(x): return x*x
def g(q): q.put('child')
if __name__ == '__main__':
    print(mp.get_start_method(), mp.current_process().name)
    p = mp.get_context('fork').Process(target=print, args=('proc',)); p.start(); p.join(); print(p.exitcode)
    with mp.Pool(2) as pool: print(pool.map(f, range(5)))
    pid = os.fork()
    if pid == 0: print('in child', flush=True); raise SystemExit(5)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    s = mp.get_context('spawn'); q = s.Queue(); p = s.Process(target=g, args=(q,)); p.start(); print(q.get()); p.join()
