/** A source's topic with its captures: `sensors/{device}/{metric}`. */
export interface TopicPattern {
  /** The MQTT filter that covers it. */
  readonly filter: string;
  /** Device and metric of a topic; null if it does not match. `metric` is null if the pattern names none. */
  match(
    levels: readonly string[],
  ): { readonly device: string; readonly metric: string | null } | null;
}

/** Compiles a pattern whose captures each take one whole level (the config checks it). */
export function compileTopicPattern(pattern: string): TopicPattern {
  const wanted = pattern.split('/');
  const deviceAt = wanted.indexOf('{device}');
  const metricAt = wanted.indexOf('{metric}');
  return {
    filter: wanted
      .map((level) => (level === '{device}' || level === '{metric}' ? '+' : level))
      .join('/'),
    match(levels) {
      if (levels.length !== wanted.length) return null;
      // MQTT 3.1.1 section 4.7.2: a wildcard at the front does not take a broker's own topics.
      if (levels[0]?.startsWith('$') === true && levels[0] !== wanted[0]) return null;
      for (const [index, level] of wanted.entries()) {
        if (index !== deviceAt && index !== metricAt && level !== '+' && level !== levels[index])
          return null;
      }
      const device = levels[deviceAt] ?? '';
      const metric = metricAt < 0 ? null : (levels[metricAt] ?? '');
      return device === '' || metric === '' ? null : { device, metric };
    },
  };
}
