/** Something with one place in the heap. Only the heap writes these fields. */
export interface Timed {
  /** Engine time at which it is due; Infinity: never. */
  dueMs: number;
  /** Time by which it lies in the heap: not after it is due. */
  placedMs: number;
  /** Place in the heap; -1: not in it. */
  heapIndex: number;
}

/**
 * Binary heap of everything that waits for a time, each item at most once; ties are broken by `compare`. An item that is
 * put off stays where it lies until it comes to the top: most are put off many times before they are due.
 */
export class TimerHeap<Item extends Timed> {
  readonly #items: Item[] = [];
  readonly #compare: (a: Item, b: Item) => number;

  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  /** Engine time of the earliest item; Infinity if there is none. */
  get nextDueMs(): number {
    return this.#first()?.dueMs ?? Infinity;
  }

  /** Gives an item a new time; Infinity takes it out. */
  schedule(item: Item, dueMs: number): void {
    const isIn = item.heapIndex >= 0;
    if (isIn && dueMs >= item.placedMs && dueMs !== Infinity) {
      item.dueMs = dueMs;
      return;
    }
    if (isIn) this.#takeOut(item);
    item.dueMs = dueMs;
    if (dueMs === Infinity) return;
    item.placedMs = dueMs;
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  /** Takes out the earliest item due at or before `atMs`; null: none is due. */
  takeDue(atMs: number): Item | null {
    const first = this.#first();
    if (first === undefined || first.dueMs > atMs) return null;
    this.#takeOut(first);
    return first;
  }

  // What was put off goes to its place first; then nothing else can be due before.
  #first(): Item | undefined {
    let first = this.#items[0];
    while (first !== undefined && first.placedMs !== first.dueMs) {
      first.placedMs = first.dueMs;
      this.#sink(first, 0);
      first = this.#items[0];
    }
    return first;
  }

  #takeOut(item: Item): void {
    const index = item.heapIndex;
    const last = this.#items.pop();
    item.heapIndex = -1;
    if (last === undefined || last === item) return;
    this.#rise(last, index);
    this.#sink(last, last.heapIndex);
  }

  #rise(item: Item, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#items[parentIndex];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #sink(item: Item, from: number): void {
    let index = from;
    for (;;) {
      const child = this.#firstChild(index);
      if (child === null || !this.#before(child, item)) break;
      const childIndex = child.heapIndex;
      this.#place(child, index);
      index = childIndex;
    }
    this.#place(item, index);
  }

  #firstChild(index: number): Item | null {
    const left = this.#items[2 * index + 1];
    const right = this.#items[2 * index + 2];
    if (left === undefined) return null;
    return right !== undefined && this.#before(right, left) ? right : left;
  }

  #place(item: Item, index: number): void {
    this.#items[index] = item;
    item.heapIndex = index;
  }

  #before(a: Item, b: Item): boolean {
    return a.placedMs < b.placedMs || (a.placedMs === b.placedMs && this.#compare(a, b) < 0);
  }
}
