import { Link } from 'react-router';
import type { Channel } from '@/api/types';
import { ChannelIcon } from '@/components/channel-icon';
import { Words } from '@/components/exact-text';
import {
  DropdownMenu,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
} from '@/components/ui/dropdown-menu';
import { isReachable, isSessionChoice, nameWithAccount, orderInWords, standing } from '../model';
import { useChannels } from '../queries';
import { ChannelButton, type ChoiceProps } from './session-channel';

export function ChannelMenu(props: ChoiceProps) {
  return (
    <DropdownMenu align="end" className="max-w-80" trigger={<ChannelButton chosen={props.chosen} />}>
      <ChannelChoices {...props} />
    </DropdownMenu>
  );
}

/** Where the reader can be asked; what is not linked leads to where it is. */
export function ChannelChoices({ chosen, onChoose }: ChoiceProps) {
  const { shown = [] } = useChannels();
  const others = shown.filter((channel) => !isReachable(channel));
  return (
    <>
      <MenuLabel>Ask me on</MenuLabel>
      <MenuRadioGroup value={chosen} onValueChange={(value) => isSessionChoice(value) && onChoose(value)}>
        <MenuRadioItem value="auto">
          <Row icon="auto" name="Automatic" note={`My order: ${orderInWords(shown)}`} />
        </MenuRadioItem>
        {shown.filter(isReachable).map((channel) => (
          <MenuRadioItem key={channel.type} value={channel.type}>
            <Row icon={channel.type} name={nameWithAccount(channel)} note={trouble(channel)} bad />
          </MenuRadioItem>
        ))}
      </MenuRadioGroup>
      <MenuSeparator />
      {others.map((channel) => (
        <MenuItem key={channel.type} asChild>
          <Link to="/settings/channels">
            <Row icon={channel.type} name={nameWithAccount(channel)} note={standing(channel).text} />
          </Link>
        </MenuItem>
      ))}
      <MenuItem asChild>
        <Link to="/settings/channels">Channel settings</Link>
      </MenuItem>
    </>
  );
}

function trouble(channel: Channel): string {
  const { tone, text } = standing(channel);
  return tone === 'bad' ? text : '';
}

interface RowProps {
  icon: string;
  name: string;
  note: string;
  bad?: boolean;
}

function Row({ icon, name, note, bad = false }: RowProps) {
  return (
    <span className="flex items-start gap-2 py-1">
      <ChannelIcon type={icon} className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">
        <Words text={name} />
        {note && (
          <span className={bad ? 'block text-xs text-danger' : 'block text-xs text-ink-3'}>
            <Words text={note} />
          </span>
        )}
      </span>
    </span>
  );
}
