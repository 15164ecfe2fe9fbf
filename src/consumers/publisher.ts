import type { ActAnswer } from '../domain/act.ts';
import {
  alertFacts,
  alertJson,
  alertKey,
  type Alert,
  type AlertEvent,
  type AlertKey,
} from '../domain/alert.ts';
import { messageOf } from '../domain/error.ts';
import type { OutputStatus } from '../domain/output.ts';
import type { EngineMs, WallMs } from '../domain/time.ts';
import { alertTopic, outputTopic, parseAlertTopic, parseOutputTopic } from '../domain/topic.ts';
import type { Log } from '../host/log.ts';
import type { Metrics } from '../host/metrics.ts';

/** A broker that Limen publishes to: the embedded one or a named one. */
export interface PublishLink {
  readonly name: string;
  /** Never waits; a link that is down drops the message: `linkUp` brings the present state. */
  publish(topic: string, payload: string, options: PublishOptions): void;
}

export interface PublishOptions {
  readonly retain: boolean;
  readonly qos: 1;
}

export interface PublisherOptions {
  readonly prefix: string;
  readonly links: readonly PublishLink[];
  /** Wall time of an engine time, by the clock mapping that is valid now. */
  wallOf(at: EngineMs): WallMs;
  /** The engine's alert for a key; null: there is no such rule and point. */
  findAlert(key: AlertKey): Alert | null;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Publishes what Limen concludes (contract 6). Called in the same tick as the event; never waits, never throws. */
export interface Publisher {
  /** Says `online` and publishes every alert that is not normal once more. */
  start(openAlerts: readonly Alert[]): void;
  onAlert(event: AlertEvent): void;
  /** To be called after the commit of the act. */
  answer(answer: ActAnswer): void;
  outputStatus(status: OutputStatus): void;
  /** A link is there again: what changed while it was away is lost there, so the present state is sent whole. */
  linkUp(name: string): void;
  /**
   * Retained topics of alerts and outputs that were found on a link, for example from before a crash. One that does not
   * belong to an alert that is not normal is published over: by the normal alert, or by an empty payload if there is
   * none. One that belongs to no output is cleared.
   */
  correct(name: string, topics: readonly string[]): void;
  /** Publishes below another prefix or to other links; what is no longer kept up is cleared. */
  configure(prefix: string, links: readonly PublishLink[]): void;
  /** Says `offline`; nothing is published afterwards. */
  stop(): void;
}

const retained: PublishOptions = { retain: true, qos: 1 };
const once: PublishOptions = { retain: false, qos: 1 };

/** Creates the publisher; nothing is published before `start`. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { wallOf, findAlert } = options;
  let { prefix } = options;
  let senders = options.links.map((link) => createSender(link, options));
  // What each retained topic says at present. The normal ones too: a link that was away still shows the alert.
  const alerts = new Map<string, Alert>();
  const outputs = new Map<string, OutputStatus>();
  let isRunning = false;

  const publish = (topic: string, payload: string, how: PublishOptions): void => {
    if (!isRunning) return;
    for (const { send } of senders) send(topic, payload, how);
  };

  const sendAlert = (send: Send, alert: Alert): void => {
    const topic = alertTopic(prefix, alert);
    send(topic, JSON.stringify(alertJson(alert)), retained);
    if (alert.reason === 'removed') send(topic, '', retained);
  };

  const sendOutput = (send: Send, status: OutputStatus): void => {
    const topic = outputTopic(prefix, status.name);
    send(topic, JSON.stringify(outputJson(status)), retained);
    if (status.reason === 'removed') send(topic, '', retained);
  };

  const sendAll = ({ send }: Sender): void => {
    send(`${prefix}/status`, 'online', retained);
    for (const alert of alerts.values()) sendAlert(send, alert);
    for (const status of outputs.values()) sendOutput(send, status);
  };

  const clearAll = ({ send }: Sender): void => {
    for (const alert of alerts.values()) send(alertTopic(prefix, alert), '', retained);
    for (const name of outputs.keys()) send(outputTopic(prefix, name), '', retained);
    send(`${prefix}/status`, 'offline', retained);
  };

  const find = (name: string): Sender | undefined =>
    isRunning ? senders.find((sender) => sender.name === name) : undefined;

  return {
    start(openAlerts) {
      isRunning = true;
      for (const alert of openAlerts) alerts.set(alertKey(alert), { ...alert, reason: 'restored' });
      senders.forEach(sendAll);
    },

    onAlert(event) {
      // The alert is as it was: people are told, machines need not be.
      if (event.kind === 'notice') return;
      const { alert } = event;
      const topic = alertTopic(prefix, alert);
      alerts.set(alertKey(alert), alert);
      publish(topic, JSON.stringify(alertJson(alert)), retained);
      if (event.kind !== 'condition') {
        const body = JSON.stringify(eventJson(event, wallOf(event.at)));
        publish(`${prefix}/events/alert`, body, once);
      }
      if (alert.reason === 'removed') publish(topic, '', retained);
    },

    answer({ act, id, by, result, reason, seq }) {
      const body = JSON.stringify({ act, id, by, result, reason, seq });
      publish(`${prefix}/events/act`, body, once);
    },

    outputStatus(status) {
      outputs.set(status.name, status);
      sendOutput(publish, status);
    },

    linkUp(name) {
      const sender = find(name);
      if (sender !== undefined) sendAll(sender);
    },

    correct(name, topics) {
      const sender = find(name);
      if (sender === undefined) return;
      for (const topic of topics) {
        const output = parseOutputTopic(prefix, topic);
        if (output !== null && (outputs.get(output)?.reason ?? 'removed') === 'removed') {
          sender.send(topic, '', retained);
        }
        const key = parseAlertTopic(prefix, topic);
        if (key === null || alerts.has(alertKey(key))) continue;
        const alert = findAlert(key);
        if (alert === null) sender.send(topic, '', retained);
        else sendAlert(sender.send, alert);
      }
    },

    configure(newPrefix, links) {
      const moves = newPrefix !== prefix;
      const before = senders;
      const stays = ({ name }: { readonly name: string }, there: readonly { name: string }[]) =>
        !moves && there.some((other) => other.name === name);
      if (isRunning) before.filter((sender) => !stays(sender, links)).forEach(clearAll);
      prefix = newPrefix;
      senders = links.map((link) => createSender(link, options));
      if (isRunning) senders.filter((sender) => !stays(sender, before)).forEach(sendAll);
    },

    stop() {
      publish(`${prefix}/status`, 'offline', retained);
      isRunning = false;
    },
  };
}

type Send = PublishLink['publish'];

interface Sender {
  readonly name: string;
  readonly send: Send;
}

// A link that throws must not keep the other links, or the engine, from going on.
function createSender(link: PublishLink, { log, metrics }: PublisherOptions): Sender {
  const labels = { link: link.name };
  const sent = metrics.counter(
    'limen_published_messages_total',
    'Messages of Limen handed to a link.',
    labels,
  );
  const failed = metrics.counter(
    'limen_publish_failures_total',
    'Messages of Limen that a link refused.',
    labels,
  );
  return {
    name: link.name,
    send(topic, payload, how) {
      try {
        link.publish(topic, payload, how);
        sent.value += 1;
      } catch (error) {
        failed.value += 1;
        log.error('message not published', { link: link.name, topic, error: messageOf(error) });
      }
    },
  };
}

function eventJson(event: AlertEvent, at: WallMs): Record<string, unknown> {
  const { alert, kind, from, to, reason, cause, drill } = event;
  const head = { seq: alert.seq, at, id: alert.id, kind, from, to, reason, cause, drill };
  // Head last too: the alert's own reason and seq must not win over the event's.
  return { ...head, ...alertFacts(alert), ...head };
}

function outputJson(status: OutputStatus): Record<string, unknown> {
  const { state, commanded, owner, reason, sinceAt, seq } = status;
  return { state, commanded, owner, reason, since: sinceAt, seq };
}
