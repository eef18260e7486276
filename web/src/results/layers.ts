// SPDX-License-Identifier: MIT
/** What each layer of the sandbox does, in the words of docs/security.md. */

const LAYERS: Record<string, [title: string, does: string]> = {
  seccomp: ['System call filter', 'A system call that the policy does not list ends the program, and is named.'],
  cgroup: ['Control group', 'CPU time, memory and processes are limited for all of its processes together.'],
  'mount-ns': ['Own mounts', 'It sees only the files that were mounted for it.'],
  root: ['Own root', "A file tree of its own, read-only; the host's is not there."],
  'network-ns': ['Own network', 'An empty network: nobody can be reached.'],
  'pid-ns': ['Own processes', 'It sees and signals only its own processes.'],
  'user-ns': ['Own users', 'Root inside is nobody outside.'],
  uid: ['Own user', 'It runs as a user that nobody else on the host is.'],
  caps: ['No capabilities', 'Nothing of what root may do, and no way to get it.'],
  'no-new-privs': ['No new privileges', 'Set-user-id programs give it nothing.'],
  landlock: ['Landlock', 'File access is checked once more, by another mechanism of the kernel.'],
  apparmor: ['AppArmor', 'A profile of the host holds it as well.'],
  proc: ['Own /proc', 'It shows processes of its own, and nothing of the machine.'],
  'ipc-ns': ['Own message queues', 'Shared memory and queues are its own, and anew for each run.'],
  'uts-ns': ['Own host name', "The host's name is not told."],
  'cgroup-ns': ['Own control group paths', "The host's paths are not visible."],
  session: ['Own session', 'There is no terminal that it could type into.'],
  'nested-ns': ['No further namespaces', 'It cannot make user namespaces, where many flaws of the kernel were.'],
};

export interface Layer {
  name: string;
  title: string;
  does: string;
  isRelaxed: boolean;
}

/** Those that hold, in the order of what matters; those that the operator relaxed first. */
export function layersOf(layers: readonly string[], relaxed: readonly string[]): Layer[] {
  const order = Object.keys(LAYERS);
  const layer = (name: string, isRelaxed: boolean): Layer => {
    const [title, does] = LAYERS[name] ?? [name, 'A layer that this page does not know.'];
    return { name, title, does, isRelaxed };
  };
  const place = (one: Layer) => (order.includes(one.name) ? order.indexOf(one.name) : order.length);
  return [
    ...relaxed.map((name) => layer(name, true)).sort((a, b) => place(a) - place(b)),
    ...layers
      .filter((name) => !relaxed.includes(name))
      .map((name) => layer(name, false))
      .sort((a, b) => place(a) - place(b)),
  ];
}
