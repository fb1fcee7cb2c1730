import { SingleBar } from "cli-progress";
import type { Terminal } from "./terminal.js";
import { openTerminal as openPlainTerminal } from "./terminalPlain.js";

/** The process's standard output: a line drawn over itself on a terminal, plain lines otherwise. */
export function openTerminal(): Terminal {
  if (!process.stdout.isTTY) {
    return openPlainTerminal();
  }
  let line = "";
  let bar: SingleBar | undefined;
  const draw = (next: string): void => {
    line = next;
    if (bar === undefined) {
      bar = new SingleBar({ format: () => line, stream: process.stdout, fps: 10, hideCursor: false, linewrap: true });
      bar.start(1, 0);
    }
    bar.update(0);
  };
  const close = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    interactive: true,
    draw,
    finish(last) {
      draw(last);
      close();
    },
    close,
    print: (text) => console.log(text),
  };
}
