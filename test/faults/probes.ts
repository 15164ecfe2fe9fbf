import type { Inbox } from '../flow/mqtt-inbox.ts';

/** One connection that crosses a limit to and fro, at a pace of its own. */
export interface ProbeOptions {
  readonly device: string;
  readonly everyMs: number;
  send(topic: string, payload: string): void;
}

/** Measures how long it takes from a publish to what it causes. */
export interface Probes {
  /** Latencies in ms since the last call: retained alerts and output commands. */
  take(): readonly number[];
  sent(device: string): number;
  stop(): void;
}

/** The config of the probes: each device has a rule and an output of its own. */
export function probeConfig(devices: readonly string[]): string {
  const rule = (device: string): string =>
    `  quick-${device}: { points: ${device}/level, above: 5e5, severity: warning, acknowledge: not_required, then: [{ output: lamp-${device}, while: raised }] }`;
  const output = (device: string): string =>
    `  lamp-${device}: { mqtt: { broker: embedded, topic: lamp/${device}, on: 'ON', off: 'OFF' }, safe: off, max_on: 10m }`;
  return `rules:\n${devices.map(rule).join('\n')}\noutputs:\n${devices.map(output).join('\n')}\n`;
}

/** Starts the probes; the inbox has to be subscribed to `limen/alerts/#` and `lamp/#`. */
export function startProbes(inbox: Inbox, probes: readonly ProbeOptions[]): Probes {
  let latencies: number[] = [];
  const sentAt = new Map<string, number[]>();
  const commands = new Map<string, number>();
  inbox.client.on('message', (topic, payload) => {
    const nowMs = performance.now();
    const [root, , , device = ''] = topic.split('/');
    if (root === 'limen') {
      const { value }: { value?: unknown } = JSON.parse(payload.toString('utf8'));
      // The value is the number of the probe, above the limit and below it by turns.
      const at = typeof value === 'number' ? sentAt.get(device)?.[value % 1e6] : undefined;
      if (at !== undefined) latencies.push(nowMs - at);
      return;
    }
    // The first command is the safe one of the start, which came before the subscription: the nth is of the nth probe.
    const nth = commands.get(topic) ?? 0;
    commands.set(topic, nth + 1);
    const at = sentAt.get(topic.replace('lamp/', ''))?.[nth];
    if (at !== undefined) latencies.push(nowMs - at);
  });
  const timers = probes.map(({ device, everyMs, send }) => {
    const times: number[] = [];
    sentAt.set(device, times);
    return setInterval(() => {
      const n = times.length;
      times.push(performance.now());
      send(`sensors/${device}/level`, String(n % 2 === 0 ? 1e6 + n : n));
    }, everyMs);
  });
  return {
    take() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    sent: (device) => sentAt.get(device)?.length ?? 0,
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** The value below which a share of the numbers lies. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
