import { limits } from '../domain/limits.ts';

/** How a message to another broker is treated. */
export interface PublishOptions {
  readonly retain: boolean;
  /**
   * false: a command, worth something only now. It is dropped while the link is down and never sent again; only the last
   * one of a topic waits for a broker that is slow to acknowledge.
   */
  readonly queue?: boolean;
}

/** One message on its way out. */
export interface Outgoing extends PublishOptions {
  readonly topic: string;
  readonly payload: string | Buffer;
}

/** Why a message to another broker was not sent. */
export type DropReason = 'disconnected' | 'full' | 'outdated' | 'invalid_topic';

/** Hands one message to the connection and calls back when the broker has acknowledged it. */
export type Send = (message: Outgoing, acknowledged: () => void) => void;

/** Messages to another broker: the waiting ones and those not yet acknowledged, over all its connections. */
export interface Outbox {
  publish(message: Outgoing): void;
  linkUp(send: Send): void;
  /** What was sent and not acknowledged waits again, in front; commands are dropped. */
  linkDown(): void;
  /** Messages waiting or not yet acknowledged. */
  readonly length: number;
  /** Called whenever the last message has been acknowledged. */
  onEmpty: () => void;
}

/**
 * Creates an outbox. Of a retained topic only the latest message waits, for it is a state; other messages wait in
 * order, and the oldest gives way when there are too many.
 */
export function createOutbox(drop: (reason: DropReason) => void): Outbox {
  // Insertion order is sending order. Retained messages have their topic as key, others a number of their own.
  let waiting = new Map<string | number, Outgoing>();
  let eventsWaiting = 0;
  let lastKey = 0;
  // By topic: the last one for which a broker that is slow to acknowledge has no room yet.
  const lateCommands = new Map<string, Outgoing>();
  const lateStates = new Map<string, Outgoing>();
  const sent = new Map<number, Outgoing>();
  let send: Send | null = null;

  const wait = (message: Outgoing): void => {
    if (message.retain) {
      // Deleted first, so that the newer state takes its place behind what was published before it.
      waiting.delete(message.topic);
      waiting.set(message.topic, message);
    } else {
      lastKey += 1;
      waiting.set(lastKey, message);
      eventsWaiting += 1;
    }
    if (eventsWaiting > limits.remoteEventsMax) dropOldest(false);
    if (waiting.size - eventsWaiting > limits.remoteStatesMax) dropOldest(true);
  };

  const dropOldest = (retain: boolean): void => {
    for (const [key, message] of waiting) {
      if (message.retain !== retain) continue;
      waiting.delete(key);
      if (!retain) eventsWaiting -= 1;
      drop('full');
      return;
    }
  };

  const sendNow = (message: Outgoing, by: Send): void => {
    lastKey += 1;
    const token = lastKey;
    sent.set(token, message);
    by(message, () => {
      // A late answer of a connection that is gone: the message already waits again.
      if (!sent.delete(token)) return;
      fill();
      if (outbox.length === 0) outbox.onEmpty();
    });
  };

  // A command does not wait behind states; twice the window bounds what a silent broker can pile up.
  const hasRoomForCommand = (): boolean => sent.size < 2 * limits.remoteWindowMax;

  const fill = (): void => {
    // All states come with a link that is back: no device must wait for its command until they are through.
    for (const late of [lateCommands, lateStates]) {
      for (const [topic, message] of late) {
        if (send === null || !hasRoomForCommand()) return;
        late.delete(topic);
        sendNow(message, send);
      }
    }
    for (const [key, message] of waiting) {
      if (send === null || sent.size >= limits.remoteWindowMax) return;
      waiting.delete(key);
      if (!message.retain) eventsWaiting -= 1;
      sendNow(message, send);
    }
  };

  const publishCommand = (message: Outgoing): void => {
    if (send === null) drop('disconnected');
    else if (hasRoomForCommand()) sendNow(message, send);
    else {
      const late = message.retain ? lateStates : lateCommands;
      // What was wanted before is wanted no more.
      if (late.delete(message.topic)) drop('outdated');
      late.set(message.topic, message);
    }
  };

  const outbox: Outbox = {
    publish(message) {
      if (message.topic === '' || /[+#\0]/.test(message.topic)) {
        // Sent, it would end the connection, be sent again on the next one, and so for ever.
        drop('invalid_topic');
      } else if (message.queue === false) {
        publishCommand(message);
      } else {
        wait(message);
        fill();
      }
    },
    linkUp(by) {
      send = by;
      fill();
    },
    linkDown() {
      send = null;
      const unsent = waiting;
      const unacknowledged = [...sent.values()];
      waiting = new Map();
      eventsWaiting = 0;
      sent.clear();
      for (const late of [lateCommands, lateStates]) {
        for (const _ of late) drop('disconnected');
        late.clear();
      }
      for (const message of unacknowledged) {
        if (message.queue === false) drop('disconnected');
        else wait(message);
      }
      for (const message of unsent.values()) wait(message);
    },
    get length() {
      return waiting.size + lateCommands.size + lateStates.size + sent.size;
    },
    onEmpty: () => undefined,
  };
  return outbox;
}
