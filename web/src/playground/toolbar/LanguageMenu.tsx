// SPDX-License-Identifier: MIT
import { Check, ChevronDown } from 'lucide-react';
import type { Language } from '../../api/types';
import { useWorkspace } from '../../draft/workspace';
import { Menu, type MenuItem } from './Menu';

function itemOf(language: Language, chosen: string | null, choose: (language: Language) => void): MenuItem {
  const isChosen = language.name === chosen;
  return {
    key: language.name,
    text: language.title,
    note: language.available ? (language.version ?? undefined) : `needs ${language.package}`,
    isDisabled: !language.available,
    isChosen,
    icon: isChosen ? <Check size={14} aria-hidden="true" /> : <span />,
    onChoose: () => choose(language),
  };
}

export function LanguageMenu({ languages }: { languages: Language[] | null }) {
  const chosen = useWorkspace((state) => state.language);
  const setLanguage = useWorkspace((state) => state.setLanguage);
  const language = languages?.find((one) => one.name === chosen);
  const title = language?.title ?? chosen ?? 'Language';

  const items = (languages ?? []).map((one) => itemOf(one, chosen, setLanguage));
  const there = items.filter((item) => !item.isDisabled);
  const missing = items.filter((item) => item.isDisabled);
  return (
    <Menu
      label={`Language: ${title}${language?.version ? ` ${language.version}` : ''}`}
      face={
        <>
          <span className="min-w-0 truncate font-semibold">
            <span className="sr-only">Language: </span>
            {title}
          </span>
          <span className="text-muted max-sm:hidden">{language?.version}</span>
          <ChevronDown size={14} className="shrink-0 text-muted max-[22rem]:hidden" aria-hidden="true" />
        </>
      }
      className="min-w-0"
      groups={[
        { key: 'there', items: there },
        ...(missing.length > 0 ? [{ key: 'missing', title: 'Not installed on this server', items: missing }] : []),
      ]}
      empty={languages === null ? 'Waiting for the server…' : undefined}
    />
  );
}
