import type { Door, GroupHolder, Publisher } from '../../src/broker/door.ts';

/** A message that reached the door. */
export interface Taken {
  readonly topic: string;
  readonly payload: string;
}

/** A door whose groups are on disk when the test says so. `sensors/...` are readings, `limen/...` its own topics. */
export interface TestDoor extends Door {
  readonly readings: Taken[];
  /** What devices are to do now. */
  standing: readonly Taken[];
  readonly commands: (Taken & { readonly retain: boolean; readonly publisher: Publisher })[];
  /** Rows a reading makes; 0: it is rejected. */
  rowsEach: number;
  unstoredRows: number;
  /** Whether somebody waits for the open group. */
  readonly isWaitedFor: boolean;
  /** Puts the open group on disk. */
  commit(): void;
  /** Commits at the end of each turn from now on. */
  commitAlways(): void;
}

/** Creates a door that commits on command. */
export function createTestDoor(): TestDoor {
  const readings: Taken[] = [];
  const commands: TestDoor['commands'] = [];
  let holders: GroupHolder[] = [];
  let openGroup = 1;
  let waited = false;
  let always = false;
  const door: TestDoor = {
    readings,
    standing: [],
    commands,
    rowsEach: 1,
    unstoredRows: 0,
    get isWaitedFor() {
      return waited;
    },
    get openGroup() {
      return openGroup;
    },
    sink(topic) {
      if (topic.startsWith('limen/')) return 'own';
      if (!topic.startsWith('sensors/')) return 'relay';
      return {
        take(bytes, start, end) {
          readings.push({ topic, payload: bytes.toString('utf8', start, end) });
          return door.rowsEach;
        },
      };
    },
    begin: () => undefined,
    client: () => undefined,
    command(topic, payload, retain, publisher) {
      commands.push({ topic, payload: payload.toString('utf8'), retain, publisher });
      return topic.endsWith('/ack');
    },
    present: (isHeard) => door.standing.filter(({ topic }) => isHeard(topic)),
    hold: (holder) => void holders.push(holder),
    wait() {
      waited = true;
      if (always) setImmediate(door.commit);
    },
    commit() {
      const group = openGroup++;
      const released = holders;
      holders = [];
      waited = false;
      for (const holder of released) holder.release(group);
    },
    commitAlways() {
      always = true;
      door.commit();
    },
  };
  return door;
}
