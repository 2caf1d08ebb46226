import { Fragment } from 'react';
import { useStore } from '@/hooks/use-store';
import { shortcutsOn, turnShortcuts } from '@/lib/shortcuts';
import { Button } from './ui/button';
import { Dialog } from './ui/dialog';
import { Kbd } from './ui/kbd';
import { Switch } from './ui/switch';

type Line = [keys: string[], does: string];

const MOD = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl';
const GROUPS: [title: string, lines: Line[]][] = [
  [
    'Anywhere',
    [
      [['g', 's'], 'Sessions'],
      [['n'], 'New session'],
      [['/'], 'Search the sessions'],
      [['j'], 'Next session in the list'],
      [['k'], 'The one before'],
      [['o'], 'Open it'],
      [['Esc'], 'Back'],
      [['?'], 'This help'],
    ],
  ],
  [
    'In a session',
    [
      [['c'], 'Write a message'],
      [['g', 'r'], 'Next request that waits'],
      [[']'], 'Request after this one'],
      [['['], 'Request before this one'],
    ],
  ],
  [
    'In a request',
    [
      [['a'], 'Ready Approve; Enter within 4 seconds confirms'],
      [['r'], 'Reject, with a reason'],
      [['e'], 'Edit the arguments'],
      [['1–9'], 'Pick an option'],
      [[MOD, 'Enter'], 'Send what is filled in'],
    ],
  ],
];

/** Every key the app listens to, and the switch that turns them off. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const on = useStore(shortcutsOn);
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <Switch label="Use keyboard shortcuts" checked={on} onChange={turnShortcuts} />
      {GROUPS.map(([title, lines]) => (
        <section key={title} className="mt-4">
          <h3 className="mb-1 text-sm font-semibold">{title}</h3>
          <dl className="grid grid-cols-[104px_minmax(0,1fr)] text-sm">
            {lines.map(([keys, does]) => (
              <Fragment key={does}>
                <dt className="flex items-center gap-1 border-t border-rule py-1">
                  {keys.map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </dt>
                <dd className="self-stretch border-t border-rule py-1.5 text-ink-2">{does}</dd>
              </Fragment>
            ))}
          </dl>
        </section>
      ))}
      <div className="mt-6 flex justify-end">
        <Button onClick={onClose}>Close</Button>
      </div>
    </Dialog>
  );
}
