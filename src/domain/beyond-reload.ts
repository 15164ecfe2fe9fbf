import type { Config } from './config.ts';

/** The first part of the config that only a restart can change; null: none differs. */
export function changedBeyondReload(before: Config, after: Config): string | null {
  const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  if (before.site !== after.site) return 'site';
  if (differs(before.broker, after.broker)) return 'broker';
  if (differs(before.brokers, after.brokers)) return 'brokers';
  const isRemote = ({ publish }: Config): boolean => publish.to.some((name) => name !== 'embedded');
  if (differs(before.publish, after.publish) && (isRemote(before) || isRemote(after)))
    return 'publish';
  if (differs(before.http, after.http)) return 'http';
  if (differs(before.heartbeat, after.heartbeat)) return 'heartbeat';
  if (before.storage.directory !== after.storage.directory) return 'storage.directory';
  if (before.clock !== after.clock) return 'clock';
  const elsewhere = ({ sources }: Config): unknown =>
    sources.filter(
      (source) =>
        source.kind === 'simulate' || (source.kind === 'mqtt' && source.broker !== 'embedded'),
    );
  return differs(elsewhere(before), elsewhere(after))
    ? 'sources of other brokers or simulated ones'
    : null;
}
