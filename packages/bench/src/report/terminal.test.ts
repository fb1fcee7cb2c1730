import { expect, it } from "vitest";
import { someRow } from "../testing/rows.js";
import { TerminalWatcher } from "./terminal.js";

function watched(isTTY: boolean): { text: () => string; watcher: TerminalWatcher } {
  let written = "";
  const write = (text: string): void => {
    written += text;
  };
  return { text: () => written, watcher: new TerminalWatcher({ write, isTTY, columns: 20 }) };
}

it("prints a line a row, with the whole reason of one that did not run", () => {
  const { text, watcher } = watched(false);
  watcher.status("opening cuda");
  watcher.row(someRow({ backend: "cuda", available: false, reason: "cuda: no driver.\n  Install it" }));
  watcher.row(someRow());
  expect(text()).toBe(
    "cuda           no driver. Install it\n" +
      "wasm           98.77% after 59,968 images, training 86.1 µs/image, evaluation 36.1 µs/image, verdict ok\n",
  );
});

it("keeps one line of status below, on a terminal alone, no wider than it is", () => {
  const { text, watcher } = watched(true);
  watcher.status("wasm: 1,000 images, loss 0.5");
  watcher.print("done");
  expect(text().split("\r\x1b[2K")).toEqual(["", "wasm: 1,000 images,", "done\nwasm: 1,000 images,"]);
});
