/** Gives names that nothing else has, by numbers behind them; fast however often a name is wanted. */
export class UniqueNames {
  readonly #used: Set<string>;
  /** The next number of each name. */
  readonly #next = new Map<string, number>();

  constructor(used: Iterable<string> = []) {
    this.#used = new Set(used);
  }

  /** The name itself, or with the first number that is free. */
  take(wanted: string): string {
    let number = this.#next.get(wanted) ?? 0;
    let name = number === 0 ? wanted : `${wanted}_${number}`;
    while (this.#used.has(name)) {
      number++;
      name = `${wanted}_${number}`;
    }
    this.#next.set(wanted, number + 1);
    this.#used.add(name);
    return name;
  }
}
