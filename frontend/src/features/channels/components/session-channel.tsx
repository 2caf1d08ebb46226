import { ChevronDown } from 'lucide-react';
import { type ComponentProps, type ComponentType, lazy, Suspense } from 'react';
import { ChannelIcon } from '@/components/channel-icon';
import { Button } from '@/components/ui/button';
import { channelName } from '@/lib/channels';
import type { SessionChoice } from '../model';

// Menus come after the page; without them the button stays dead until the next load, and the page works.
const choices = import('./channel-choices').catch(() => undefined);
const Choices = lazy(() => part((loaded) => loaded?.ChannelChoices ?? Nothing));
const Menu = lazy(() => part((loaded) => loaded?.ChannelMenu ?? Closed));

async function part(pick: (loaded: Awaited<typeof choices>) => ComponentType<ChoiceProps>) {
  return { default: pick(await choices) };
}

export interface ChoiceProps {
  chosen: SessionChoice;
  onChoose: (channel: SessionChoice) => void;
}

export function ChannelButton({
  chosen,
  ...props
}: { chosen: SessionChoice } & ComponentProps<typeof Button>) {
  const name = chosen === 'auto' ? 'Automatic' : channelName(chosen);
  return (
    <Button variant="ghost" size="sm" aria-label={`Ask me on: ${name}`} className="max-sm:hidden" {...props}>
      <ChannelIcon type={chosen} />
      {name}
      <ChevronDown aria-hidden className="text-ink-3" />
    </Button>
  );
}

function Closed({ chosen }: ChoiceProps) {
  return <ChannelButton chosen={chosen} aria-disabled tabIndex={-1} />;
}

function Nothing() {
  return null;
}

/** Where to ask about one session: a menu of its own where there is room. */
export function SessionChannel(props: ChoiceProps) {
  return (
    <Suspense fallback={<Closed {...props} />}>
      <Menu {...props} />
    </Suspense>
  );
}

/** The same choices inside another menu, on a small screen. */
export function ChannelItems(props: ChoiceProps) {
  return (
    <Suspense>
      <div className="sm:hidden">
        <Choices {...props} />
        <hr className="my-1 border-rule" />
      </div>
    </Suspense>
  );
}
