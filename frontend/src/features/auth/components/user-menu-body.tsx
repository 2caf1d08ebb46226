import { Keyboard, LogOut } from 'lucide-react';
import { signOut } from '@/api/token';
import { Words } from '@/components/exact-text';
import { announce } from '@/lib/announcements';
import {
  DropdownMenu,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
} from '@/components/ui/dropdown-menu';
import { useStore } from '@/hooks/use-store';
import { chooseTheme, isTheme, theme } from '@/lib/theme';
import type { UserMenuProps } from './user-menu';

export default function UserMenuBody({ person, version, trigger, side, onFailure, onHelp }: UserMenuProps) {
  const chosen = useStore(theme);

  async function leave() {
    try {
      await signOut();
      announce('Signed out');
    } catch {
      onFailure();
    }
  }

  return (
    <DropdownMenu trigger={trigger} side={side} align="end">
      <MenuLabel className="max-w-64">
        <span className="block truncate text-sm font-medium text-ink">
          <Words text={person.name} />
        </span>
        <span className="block truncate">{person.email}</span>
        {version && <span className="block">Assent {version}</span>}
      </MenuLabel>
      <MenuSeparator />
      <MenuLabel>Appearance</MenuLabel>
      <MenuRadioGroup value={chosen} onValueChange={(value) => isTheme(value) && chooseTheme(value)}>
        <MenuRadioItem value="system">Same as the system</MenuRadioItem>
        <MenuRadioItem value="light">Light</MenuRadioItem>
        <MenuRadioItem value="dark">Dark</MenuRadioItem>
      </MenuRadioGroup>
      <MenuSeparator />
      <MenuItem onSelect={onHelp}>
        <Keyboard aria-hidden /> Keyboard shortcuts
      </MenuItem>
      <MenuItem onSelect={() => void leave()}>
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </DropdownMenu>
  );
}
