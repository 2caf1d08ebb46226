import {
  type Announcements,
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  type Modifier,
  PointerSensor,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import { SortableContext, sortableKeyboardCoordinates, verticalListSortingStrategy } from '@dnd-kit/sortable';
import type { ReactNode } from 'react';
import { announce } from '@/lib/announcements';
import { channelName } from '@/lib/channels';
import type { Channel } from '@/api/types';
import { changed, moved, position, type Wish, wishesOf } from '../model';
import { ChannelOrderRow } from './channel-order-row';

const HOW_TO =
  'Press Space to lift the channel, the arrow keys to move it, Space again to drop it and Escape to leave it where it was.';
const upAndDown: Modifier = ({ transform }) => ({ ...transform, x: 0 });

interface ChannelOrderProps {
  channels: Channel[];
  onOrder: (wishes: Wish[]) => void;
  renderTest: (requestId: string) => ReactNode;
}

/** Where a person is asked, in which order. Channels move by drag, by keys and by menu. */
export function ChannelOrder({ channels, onOrder, renderTest }: ChannelOrderProps) {
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const wishes = wishesOf(channels);
  const types = channels.map(({ type }) => type);

  function drop({ active, over }: DragEndEvent) {
    if (!over || over.id === active.id) return;
    const [from, to] = [active.id, over.id].map((id) => types.findIndex((type) => type === id));
    if (from !== undefined && to !== undefined) onOrder(moved(wishes, from, to));
  }

  function shift(from: number, by: number) {
    const next = moved(wishes, from, from + by);
    onOrder(next);
    const wish = wishes[from];
    if (wish) announce(`${channelName(wish.type)} moved to ${position(next, wish.type)}`);
  }

  return (
    <DndContext
      sensors={sensors}
      modifiers={[upAndDown]}
      onDragEnd={drop}
      accessibility={{ announcements: saying(channels), screenReaderInstructions: { draggable: HOW_TO } }}
    >
      <SortableContext items={types} strategy={verticalListSortingStrategy}>
        <ol aria-label="Where to reach you">
          {channels.map((channel, index) => (
            <ChannelOrderRow
              key={channel.type}
              channel={channel}
              place={{ index, count: channels.length }}
              onChange={(change) => onOrder(changed(wishes, channel.type, change))}
              onShift={(by) => shift(index, by)}
              renderTest={renderTest}
            />
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

function saying(channels: Channel[]): Announcements {
  const name = ({ id }: { id: string | number }) => channelName(String(id));
  const at = ({ id }: { id: string | number }) => position(channels, String(id));
  const lifted = (channel: { id: string | number }) => `${name(channel)} lifted, ${at(channel)}`;
  return {
    onDragStart: ({ active }) => lifted(active),
    // It lies over its own place first.
    onDragOver: ({ active, over }) => {
      if (!over) return undefined;
      return over.id === active.id ? lifted(active) : `${name(active)}, ${at(over)}`;
    },
    onDragEnd: ({ active, over }) =>
      over ? `${name(active)} dropped, ${at(over)}` : `${name(active)} put back`,
    onDragCancel: ({ active }) => `${name(active)} put back, ${at(active)}`,
  };
}
