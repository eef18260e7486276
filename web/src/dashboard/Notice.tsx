// SPDX-License-Identifier: MIT
import { KeyRound, Lock, PlugZap, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { askForKey } from '../app/keys';
import { ApiProblem, Unreachable } from '../api/client';
import { currentKey } from '../api/key';
import { Button } from '../ui/Button';

interface Words {
  Icon: LucideIcon;
  title: string;
  text: ReactNode;
  action: 'key' | 'again';
}

const Command = ({ children }: { children: string }) => (
  <code className="mx-auto mt-2 block w-fit max-w-full rounded border border-line bg-sunken px-2 py-1 font-mono text-[12px] break-words text-ink">
    {children}
  </code>
);

function wordsOf(error: unknown): Words {
  if (error instanceof Unreachable) {
    return {
      Icon: PlugZap,
      // That the server is gone is said once, by the page's banner.
      title: 'No figures yet',
      text: 'They appear when the server answers.',
      action: 'again',
    };
  }
  const problem = error instanceof ApiProblem ? error.problem : null;
  // A server that is open to everybody tells strangers little; lists it gives them of one user at a time.
  const lacksKey =
    problem?.code === 'key_missing' ||
    (currentKey() === '' && (problem?.code === 'scope_missing' || problem?.field === 'user_id'));
  if (lacksKey || problem?.status === 401) {
    return {
      Icon: KeyRound,
      title: problem?.code === 'key_invalid' ? 'The server rejected this key' : 'This needs a key',
      text: (
        <>
          {problem?.code === 'key_invalid' ? 'It is unknown or revoked. ' : ''}The dashboard needs a key with the scope
          admin: <Command>sentinel-server keys create --name ops --scopes admin</Command>
        </>
      ),
      action: 'key',
    };
  }
  if (problem?.code === 'scope_missing') {
    return {
      Icon: Lock,
      title: 'This needs another key',
      text: (
        <>
          The server says: {problem.detail}. Create one that has access:{' '}
          <Command>sentinel-server keys create --name ops --scopes admin</Command>
        </>
      ),
      action: 'key',
    };
  }
  if (problem?.status === 404) {
    return {
      Icon: TriangleAlert,
      title: 'This server has no such figures',
      text: 'It is older than this page. Update the server to see them.',
      action: 'again',
    };
  }
  return {
    Icon: TriangleAlert,
    title: problem ? problem.title : 'Something went wrong',
    text: error instanceof Error ? error.message : String(error),
    action: 'again',
  };
}

/** In the place of figures that cannot be had: why, and what to do. */
export function Notice({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const { Icon, title, text, action } = wordsOf(error);
  return (
    <div className="m-auto flex max-w-lg flex-col items-center gap-2 p-6 text-center text-[13px]">
      <Icon size={20} className="text-warn" aria-hidden="true" />
      <p className="font-semibold">{title}</p>
      <p className="max-w-full text-muted">{text}</p>
      {action === 'key' ? (
        <Button className="mt-1" onClick={askForKey}>
          Enter a key
        </Button>
      ) : (
        <Button className="mt-1" onClick={onAgain}>
          Try again
        </Button>
      )}
    </div>
  );
}

export const Quiet = ({ children }: { children: ReactNode }) => (
  <p className="m-auto p-6 text-center text-[13px] text-muted">{children}</p>
);
