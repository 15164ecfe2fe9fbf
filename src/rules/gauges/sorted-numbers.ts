/** To move fewer numbers than these one by one takes less than the call that moves them all. */
const callsFrom = 128;

/** Numbers in order: a median or a percentile is one look. To take one in or out costs a search and a move. */
export class SortedNumbers {
  #numbers = new Float64Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The number with so many before it. */
  at(index: number): number {
    return this.#numbers[index]!;
  }

  /** How many numbers are less than this one. */
  countBelow(number: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#numbers[middle]! < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(number: number): void {
    if (this.#length === this.#numbers.length) {
      const wider = new Float64Array(2 * this.#length);
      wider.set(this.#numbers);
      this.#numbers = wider;
    }
    const numbers = this.#numbers;
    const place = this.countBelow(number);
    if (this.#length - place > callsFrom) numbers.copyWithin(place + 1, place, this.#length);
    else for (let at = this.#length; at > place; at -= 1) numbers[at] = numbers[at - 1]!;
    numbers[place] = number;
    this.#length += 1;
  }

  /** Takes out a number that is there. */
  remove(number: number): void {
    const numbers = this.#numbers;
    const place = this.countBelow(number);
    this.#length -= 1;
    if (this.#length - place > callsFrom) numbers.copyWithin(place, place + 1, this.#length + 1);
    else for (let at = place; at < this.#length; at += 1) numbers[at] = numbers[at + 1]!;
  }
}
