// SPDX-License-Identifier: MIT
import { BookOpen } from 'lucide-react';
import type { Language } from '../../api/types';
import { isPrecious } from '../../draft/isPrecious';
import { replaceDraft, useNotice } from '../../draft/notice';
import { currentDraft, emptyDraft, useWorkspace } from '../../draft/workspace';
import { draftOfExample, EXAMPLES, type Example } from '../examples';
import { Menu, type MenuGroup } from './Menu';

function put(language: Language, draft: Parameters<typeof replaceDraft>[1]): void {
  const old = useWorkspace.getState().drafts[language.name];
  replaceDraft(
    language.name,
    draft,
    old !== undefined && isPrecious(old, language),
    'Your code was replaced by the example.',
  );
}

async function load(language: Language, example: Example): Promise<void> {
  try {
    put(language, await draftOfExample(example));
  } catch {
    useNotice.getState().say('The example could not be loaded: the server is not responding.');
  }
}

export function ExamplesMenu({ languages }: { languages: Language[] | null }) {
  const chosen = useWorkspace((state) => state.language);
  const hasDraft = useWorkspace((state) => currentDraft(state) !== null);
  const available = (languages ?? []).filter((language) => language.available);
  // Those of the language at hand come first.
  const sorted = [...available].sort((a, b) => Number(b.name === chosen) - Number(a.name === chosen));
  const groups: MenuGroup[] = sorted.map((language) => ({
    key: language.name,
    title: language.title,
    items: [
      {
        key: `${language.name}-hello`,
        text: 'Hello',
        note: 'Greets the name in the input',
        isDisabled: !language.example,
        onChoose: () => put(language, emptyDraft(language.file_name, language.example ?? '')),
      },
      ...EXAMPLES.filter((example) => example.language === language.name).map((example) => ({
        key: `${language.name}-${example.title}`,
        text: example.title,
        note: example.about,
        onChoose: () => void load(language, example),
      })),
    ],
  }));
  return (
    <Menu
      label="Examples"
      noteBelow
      face={
        <>
          <BookOpen size={15} className="text-muted" aria-hidden="true" />
          <span className="max-md:sr-only">Examples</span>
        </>
      }
      groups={groups}
      empty={hasDraft && languages === null ? 'Waiting for the server…' : undefined}
    />
  );
}
