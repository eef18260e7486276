// SPDX-License-Identifier: MIT
/** What each layer of the sandbox does, in the words of docs/security.md. */

const LAYERS: Record<string, [title: string, does: string]> = {
  seccomp: ['System call filter', 'A system call outside the policy ends the program, and is named.'],
  cgroup: ['Control group', 'Limits CPU time, memory and processes for all of its processes together.'],
  'mount-ns': ['Own mounts', 'It sees only the files mounted for it.'],
  root: ['Own root', "A read-only file tree of its own; the host's does not exist inside."],
  'network-ns': ['Own network', 'An empty network: nothing can be reached.'],
  'pid-ns': ['Own processes', 'It sees and signals only its own processes.'],
  'user-ns': ['Own users', 'Root inside is nobody outside.'],
  uid: ['Own user', 'It runs as a user that nothing else on the host uses.'],
  caps: ['No capabilities', 'No root privileges, and no way to get them.'],
  'no-new-privs': ['No new privileges', 'Set-user-ID programs grant nothing.'],
  landlock: ['Landlock', 'A second, independent check of file access by the kernel.'],
  apparmor: ['AppArmor', "The host's profile confines it as well."],
  proc: ['Own /proc', 'It shows its own processes, nothing of the machine.'],
  'ipc-ns': ['Own message queues', 'Shared memory and queues are private and new for each run.'],
  'uts-ns': ['Own host name', "The host's name is hidden."],
  'cgroup-ns': ['Own control group paths', "The host's paths are hidden."],
  session: ['Own session', 'No terminal that it could type into.'],
  'nested-ns': ['No further namespaces', 'It cannot create user namespaces, a source of many kernel bugs.'],
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
    const [title, does] = LAYERS[name] ?? [name, 'This page does not know this layer.'];
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
