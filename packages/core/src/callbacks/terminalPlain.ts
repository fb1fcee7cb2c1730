import type { Terminal } from "./terminal.js";

/** Plain lines through the console: browsers, and whatever is not a terminal. */
export function openTerminal(): Terminal {
  const print = (line: string): void => console.log(line);
  return { interactive: false, draw: () => undefined, finish: print, print, close: () => undefined };
}
