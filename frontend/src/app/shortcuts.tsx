import { useNavigate } from 'react-router';
import { ShortcutHelp } from '@/components/shortcut-help';
import { useShortcuts } from '@/hooks/use-shortcuts';
import { keysOfCurrentCard, submitFocusedCard } from '@/lib/card-keys';

const OPTIONS = Array.from({ length: 9 }, (_, index) => index);
const PICKS = Object.fromEntries(
  OPTIONS.map((index) => [String(index + 1), () => keysOfCurrentCard().pick?.(index)]),
);

interface ShortcutsProps {
  helpOpen: boolean;
  onHelp: (open: boolean) => void;
}

/** The keys that work on every screen, and their help. */
export function Shortcuts({ helpOpen, onHelp }: ShortcutsProps) {
  const navigate = useNavigate();
  useShortcuts({
    ...PICKS,
    'g s': () => void navigate('/sessions'),
    n: () => void navigate('/s/new'),
    e: () => keysOfCurrentCard().edit?.(),
    r: () => keysOfCurrentCard().reject?.(),
    a: () => keysOfCurrentCard().arm?.(),
    'Mod+Enter': submitFocusedCard,
    '?': () => onHelp(true),
  });
  return helpOpen ? <ShortcutHelp onClose={() => onHelp(false)} /> : null;
}
