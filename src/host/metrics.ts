type Labels = Readonly<Record<string, string>>;

/** A number that only grows. Hot paths add to `value` directly. */
export interface Counter {
  value: number;
}

/** Counts observations by upper bound; bounds are in the unit of the metric's name. */
export interface Histogram {
  observe(value: number): void;
}

/** All metrics of the process, written out in the Prometheus text format 0.0.4. */
export interface Metrics {
  /** `name` ends in `_total`. The same name and labels give the same counter. */
  counter(name: string, help: string, labels?: Labels): Counter;
  /** `read` is called when the metrics are written out. A second one with the same name and labels replaces it. */
  gauge(name: string, help: string, read: () => number, labels?: Labels): void;
  /** `read` gives every series of the name when the metrics are written out. */
  collect(
    name: string,
    help: string,
    type: 'counter' | 'gauge',
    read: () => Iterable<readonly [labels: Labels, value: number]>,
  ): void;
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  text(): string;
}

interface Family {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly series: Map<string, () => string>;
}

/** Creates an empty set of metrics. */
export function createMetrics(): Metrics {
  const families = new Map<string, Family>();
  const counters = new Map<string, Counter>();

  const family = (name: string, help: string, type: Family['type']): Family => {
    let found = families.get(name);
    if (found === undefined) {
      found = { help, type, series: new Map() };
      families.set(name, found);
    }
    return found;
  };

  return {
    counter(name, help, labels = {}) {
      const series = name + labelText(labels);
      let counter = counters.get(series);
      if (counter === undefined) {
        const created: Counter = { value: 0 };
        counter = created;
        counters.set(series, created);
        family(name, help, 'counter').series.set(series, () => `${series} ${created.value}\n`);
      }
      return counter;
    },
    gauge(name, help, read, labels = {}) {
      const series = name + labelText(labels);
      family(name, help, 'gauge').series.set(series, () => `${series} ${read()}\n`);
    },
    collect(name, help, type, read) {
      family(name, help, type).series.set(name, () => {
        let text = '';
        for (const [labels, value] of read()) text += `${name}${labelText(labels)} ${value}\n`;
        return text;
      });
    },
    histogram(name, help, bounds) {
      const counts = new Array<number>(bounds.length + 1).fill(0);
      let sum = 0;
      family(name, help, 'histogram').series.set(name, () => {
        let text = '';
        let total = 0;
        counts.forEach((count, index) => {
          total += count;
          text += `${name}_bucket{le="${bounds[index] ?? '+Inf'}"} ${total}\n`;
        });
        return `${text}${name}_sum ${sum}\n${name}_count ${total}\n`;
      });
      return {
        observe(value) {
          sum += value;
          const found = bounds.findIndex((bound) => value <= bound);
          const index = found < 0 ? bounds.length : found;
          counts[index] = (counts[index] ?? 0) + 1;
        },
      };
    },
    text() {
      let text = '';
      for (const [name, { help, type, series }] of families) {
        text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
        for (const write of series.values()) text += write();
      }
      return text;
    },
  };
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return '';
  const escaped = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${pairs.map(([key, value]) => `${key}="${escaped(value)}"`).join(',')}}`;
}
