interface Node {
  readonly below: Map<string, Node>;
  /** A filter ends here. */
  ends: boolean;
  /** A filter ends here with `#`: it takes this level and all below. */
  open: boolean;
}

/**
 * Any number of topic filters, asked at once whether one of them matches, by the rules of `matchesFilter`: what a topic
 * costs depends on its levels, not on how many filters there are.
 */
export class FilterTree {
  readonly #root: Node = createNode();

  constructor(filters: Iterable<string>) {
    for (const filter of filters) this.#add(filter);
  }

  matches(topic: string): boolean {
    return matchesBelow(this.#root, topic.split('/'), 0, topic.startsWith('$'));
  }

  #add(filter: string): void {
    let node = this.#root;
    for (const level of filter.split('/')) {
      if (level === '#') {
        node.open = true;
        return;
      }
      let next = node.below.get(level);
      if (next === undefined) {
        next = createNode();
        node.below.set(level, next);
      }
      node = next;
    }
    node.ends = true;
  }
}

/** `hidden`: at the first level of a topic that begins with `$`, where wildcards do not count. */
function matchesBelow(node: Node, levels: readonly string[], at: number, hidden: boolean): boolean {
  if (node.open && !hidden) return true;
  const level = levels[at];
  if (level === undefined) return node.ends;
  const exact = node.below.get(level);
  if (exact !== undefined && matchesBelow(exact, levels, at + 1, false)) return true;
  const any = hidden ? undefined : node.below.get('+');
  return any !== undefined && matchesBelow(any, levels, at + 1, false);
}

function createNode(): Node {
  return { below: new Map(), ends: false, open: false };
}
