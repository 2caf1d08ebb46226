import { Globe, Hash, Mail, Waypoints } from 'lucide-react';

const ICONS: Record<string, typeof Globe> = { chat: Globe, web: Globe, slack: Hash, email: Mail };

/** Goes with the channel's name, never alone. */
export function ChannelIcon({ type, className }: { type: string; className?: string }) {
  const Icon = ICONS[type] ?? Waypoints;
  return <Icon aria-hidden className={className} />;
}
