import { isBuiltIn } from "./names.js";

/** Names the rows of a report: each backend by its own name, and two of one name so that they can be told apart. */
export class Labels {
  readonly #taken: Set<string>;

  /** @param choices all that will run: those that come with Convoy keep their names whatever a third party's are called */
  constructor(choices: readonly string[]) {
    this.#taken = new Set(choices.filter(isBuiltIn));
  }

  /** The name of the row of a backend that was opened. */
  label(choice: string, name: string): string {
    if (isBuiltIn(choice)) {
      return choice;
    }
    const label = this.#taken.has(name) ? `${name} (${choice})` : name;
    this.#taken.add(label);
    return label;
  }
}
